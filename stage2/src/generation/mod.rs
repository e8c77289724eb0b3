//! Generations: unit sets that were in force, or that a rollback has replaced, kept whole in `VAR/generations`, so that one
//! can go back to what worked.
//!
//! `N/` is a generation: `units.0`, `units.1`, … and `bundles.0`, … are copies of the directories of units and bundles,
//! the winning one first, and `sunup.yaml` of the settings. `current` is a link to the one that is in force, `previous` to
//! the one before it. A generation is written under a dot name and renamed, so that it is whole or not there; at most
//! [`KEPT`] are kept.

mod changes;
mod restore;
mod snapshot;

pub use changes::{Change, Changes};
pub use restore::Restoration;
pub use snapshot::Snapshot;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use units::{Reading, Settings};

use crate::request::target::Sources;
use crate::system::places::SETTINGS;
use crate::system::replace::{remove, replace_link};

/// Generations that are kept, besides those that are named.
const KEPT: usize = 10;
/// The link to the generation in force.
const CURRENT: &str = "current";
/// The link to the one before it.
const PREVIOUS: &str = "previous";

/// The directory of generations.
#[derive(Clone, Debug)]
pub struct Generations(PathBuf);

impl Generations {
    /// Those in this directory, which need not exist.
    pub fn new(directory: PathBuf) -> Self {
        Self(directory)
    }

    /// The generation in force.
    pub fn current(&self) -> Option<u64> {
        self.named(CURRENT)
    }

    /// The one before it.
    pub fn previous(&self) -> Option<u64> {
        self.named(PREVIOUS)
    }

    /// A generation is this unit set.
    pub fn holds(&self, number: u64, snapshot: &Snapshot) -> bool {
        Snapshot::stored(&self.directory(number)) == *snapshot
    }

    /// Puts a generation in force; the one that was becomes the previous one.
    pub fn put_in_force(&self, number: u64) -> io::Result<()> {
        match self.current() {
            Some(current) if current == number => return Ok(()),
            Some(current) => replace_link(&self.0.join(PREVIOUS), Path::new(&current.to_string()))?,
            None => {}
        }
        replace_link(&self.0.join(CURRENT), Path::new(&number.to_string()))
    }

    /// Keeps a unit set, if it is not that in force, the newest or one of those in use already. Answers its number.
    pub fn keep(&self, snapshot: &Snapshot, in_use: &[u64]) -> io::Result<u64> {
        let newest = self.numbers().last().copied();
        let likely = self.current().into_iter().chain(newest).chain(in_use.iter().copied());
        if let Some(number) = likely.into_iter().find(|number| self.holds(*number, snapshot)) {
            return Ok(number);
        }
        let number = newest.unwrap_or(0) + 1;
        let draft = self.0.join(format!(".{number}.new"));
        let _ = fs::remove_dir_all(&draft);
        let written = snapshot.write(&draft).and_then(|()| fs::rename(&draft, self.directory(number)));
        if let Err(error) = written {
            let _ = fs::remove_dir_all(&draft);
            return Err(error);
        }
        self.forget_old(in_use);
        Ok(number)
    }

    /// Where the units and bundles of a generation are, to be read as they were in force. `reading` is how today's are.
    pub fn sources(&self, number: u64, reading: &Reading) -> Option<Sources> {
        let directory = self.directory(number);
        let below = |kind: &str| {
            let numbered = (0..).map(|at| directory.join(format!("{kind}.{at}")));
            numbered.take_while(|path| path.is_dir()).collect::<Vec<_>>()
        };
        let settings = Settings::load(&directory.join(SETTINGS)).0;
        let reading = Reading { init_scripts: reading.init_scripts.clone(), ..settings.reading() };
        directory.is_dir().then(|| Sources { units: below("units"), bundles: below("bundles"), reading, cache: None })
    }

    /// What a generation holds, if there is one of this number.
    pub fn stored(&self, number: u64) -> Option<Snapshot> {
        let directory = self.directory(number);
        directory.is_dir().then(|| Snapshot::stored(&directory))
    }

    /// Where a generation is kept.
    pub fn directory(&self, number: u64) -> PathBuf {
        self.0.join(number.to_string())
    }

    fn named(&self, link: &str) -> Option<u64> {
        let number = fs::read_link(self.0.join(link)).ok()?.to_str()?.parse().ok()?;
        self.directory(number).is_dir().then_some(number)
    }

    /// All of them, the oldest first.
    pub fn numbers(&self) -> Vec<u64> {
        let entries = fs::read_dir(&self.0).into_iter().flatten().flatten();
        let mut numbers: Vec<u64> = entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect();
        numbers.sort_unstable();
        numbers
    }

    fn forget_old(&self, in_use: &[u64]) {
        let numbers = self.numbers();
        let is_named =
            |number: &u64| in_use.contains(number) || [self.current(), self.previous()].contains(&Some(*number));
        let surplus = numbers.len().saturating_sub(KEPT);
        for number in numbers[..surplus].iter().filter(|number| !is_named(number)) {
            // Under another name first: half a generation must not look like one.
            let gone = self.0.join(format!(".{number}.old"));
            if fs::rename(self.directory(*number), &gone).is_ok() {
                let _ = fs::remove_dir_all(&gone).or_else(|_| remove(&gone));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A generation is kept once, is in force until the next, and old ones go but for those in use.
    #[test]
    fn kept() {
        let directory = tempfile::tempdir().unwrap();
        let (units, bundles) = (directory.path().join("units"), directory.path().join("bundles"));
        fs::create_dir_all(bundles.join("default")).unwrap();
        fs::create_dir(&units).unwrap();
        let sources = Sources { units: vec![units.clone()], bundles: vec![bundles.clone()], ..Sources::default() };
        std::os::unix::fs::symlink(units.join("a.yaml"), bundles.join("default/a")).unwrap();
        let generations = Generations::new(directory.path().join("generations"));
        let keep = |text: &str| {
            fs::write(units.join("a.yaml"), text).unwrap();
            generations.keep(&Snapshot::take(&sources, directory.path()), &[1]).unwrap()
        };
        assert_eq!((keep("1"), keep("1"), keep("2")), (1, 1, 2));
        generations.put_in_force(1).unwrap();
        generations.put_in_force(2).unwrap();
        assert_eq!((generations.current(), generations.previous()), (Some(2), Some(1)));
        let old = generations.sources(1, &Reading::default()).unwrap();
        assert_eq!(fs::read_to_string(old.units[0].join("a.yaml")).unwrap(), "1");
        let link = fs::read_link(old.bundles[0].join("default/a")).unwrap();
        assert_eq!(fs::read_to_string(old.bundles[0].join("default").join(link)).unwrap(), "1");
        let write = |name: &str, mode: u32| {
            fs::write(directory.path().join(name), "new").unwrap();
            fs::set_permissions(directory.path().join(name), fs::Permissions::from_mode(mode)).unwrap();
        };
        write("units/b.yaml", 0o644);
        write("units/NOTES", 0o644);
        write("bundles/default/README", 0o644);
        let (now, goal) = (Snapshot::take(&sources, directory.path()), generations.stored(1).unwrap());
        Restoration::between(&now, &goal).carry_out(directory.path()).unwrap();
        assert_eq!(fs::read_to_string(units.join("a.yaml")).unwrap(), "1");
        assert!(
            !units.join("b.yaml").exists() && units.join("NOTES").exists() && bundles.join("default/README").exists()
        );
        assert_eq!(fs::read_link(bundles.join("default/a")).unwrap(), units.join("a.yaml"));
        for number in 3..20 {
            assert_eq!(keep(&number.to_string()), number);
        }
        assert_eq!(generations.numbers(), [&[1, 2][..], &(10..20).collect::<Vec<_>>()].concat());
    }
}
