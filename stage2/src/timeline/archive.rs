//! The timelines of earlier boots: `VAR/boots/SECONDS-ID.jsonl`, the oldest first by name, and not many of them.
//!
//! A boot that cannot be kept, because its disk is full or read-only, is only not remembered.

use std::fmt::{self, Display, Formatter};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use supervisor::paths::run;

use super::Boot;
use crate::system::places::Places;
use crate::system::replace::replace_kept;

/// Boots that are remembered.
const KEPT: usize = 20;
/// The longest timeline that is kept, in bytes: an operator's weeks of work are not a boot.
const LONGEST: usize = 4 << 20;
const ENDING: &str = ".jsonl";

/// Why there is no timeline. Display is text for people.
#[derive(Debug)]
pub enum NotFound {
    /// No boot has this name.
    Unknown {
        /// The name.
        which: String,
        /// How many boots are remembered.
        kept: usize,
        /// Where.
        directory: PathBuf,
    },
    /// The file is there, or should be.
    Unreadable(PathBuf, io::Error),
}

impl Display for NotFound {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown { which, kept, directory } => {
                write!(f, "no boot is known as '{which}' (kept in {}: {kept})", directory.display())
            }
            Self::Unreadable(path, error) => write!(f, "unable to read {}: {error}", path.display()),
        }
    }
}

/// Keeps this boot's timeline as it is now; once more for the same boot replaces it.
pub fn keep(places: &Places) -> io::Result<()> {
    let text = fs::read(places.run.join(run::TIMELINE))?;
    let id = fs::read_to_string(places.run.join(run::BOOT_ID))?;
    let (directory, id) = (directory(places), id.trim());
    fs::create_dir_all(&directory)?;
    let known = names(&directory).into_iter().find(|name| name.ends_with(&format!("-{id}{ENDING}")));
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    let name = known.unwrap_or_else(|| format!("{seconds:010}-{id}{ENDING}"));
    let whole_lines = text.iter().take(LONGEST).rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    replace_kept(&directory.join(name), text.get(..whole_lines).unwrap_or_default(), 0o644)?;
    let names = names(&directory);
    let too_many = names.len().saturating_sub(KEPT);
    names.iter().take(too_many).try_for_each(|name| fs::remove_file(directory.join(name)))
}

/// A boot: `None` and `0` are the one that is running, `-1` the one before; else it is an id, or the beginning of one.
///
/// # Errors
/// There is no such boot, or it cannot be read.
pub fn find(places: &Places, which: Option<&str>) -> Result<Boot, NotFound> {
    let path = match which {
        None | Some("0" | "-0") => places.run.join(run::TIMELINE),
        Some(which) => earlier(places, which)?,
    };
    let text = fs::read_to_string(&path).map_err(|e| NotFound::Unreadable(path, e))?;
    Ok(Boot::parse(&text))
}

fn earlier(places: &Places, which: &str) -> Result<PathBuf, NotFound> {
    let directory = directory(places);
    let current = fs::read_to_string(places.run.join(run::BOOT_ID)).unwrap_or_default();
    let names = names(&directory);
    let found = match which.strip_prefix('-').and_then(|number| number.parse::<usize>().ok()) {
        Some(back) => names.iter().rev().filter(|name| id(name) != current.trim()).nth(back.saturating_sub(1)),
        None => names.iter().find(|name| id(name).starts_with(which)),
    };
    let none = || NotFound::Unknown { which: which.into(), kept: names.len(), directory: directory.clone() };
    Ok(directory.join(found.ok_or_else(none)?))
}

fn directory(places: &Places) -> PathBuf {
    places.var.join("boots")
}

fn id(name: &str) -> &str {
    let name = name.strip_suffix(ENDING).unwrap_or(name);
    name.split_once('-').map_or(name, |(_, id)| id)
}

/// Names of kept timelines, the oldest first.
fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name.ends_with(ENDING) && !name.starts_with('.'));
    names.sort_unstable();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A boot is kept once, found by its place and by its id, and the oldest make room.
    #[test]
    fn remembers() {
        let directory = tempfile::tempdir().unwrap();
        let mut places = Places::from_environment().with_run(directory.path());
        places.var = directory.path().join("var");
        let boot = |id: &str| {
            fs::write(places.run.join(run::BOOT_ID), format!("{id}\n")).unwrap();
            let line = format!("{{\"t_ns\":1,\"boot\":\"{id}\",\"unit\":\"a\",\"event\":\"exec\"}}\n");
            fs::write(places.run.join(run::TIMELINE), line + "half a li").unwrap();
            keep(&places).unwrap();
            keep(&places).unwrap();
        };
        (10..10 + KEPT + 3).for_each(|number| boot(&format!("{number}-x")));
        let found = |which| find(&places, Some(which)).map(|boot| boot.id).map_err(|error| error.to_string());
        assert_eq!(names(&places.var.join("boots")).len(), KEPT);
        assert_eq!(find(&places, None).unwrap().id, format!("{}-x", 12 + KEPT));
        assert_eq!(found("20"), Ok("20-x".into()));
        let error = found("10").unwrap_err();
        assert!(error.starts_with("no boot is known as '10' (kept in ") && error.ends_with(": 20)"), "{error}");
        let newest: Vec<_> = ["-1", "-2"].map(|which| found(which).unwrap()).into();
        assert_eq!(newest, [format!("{}-x", 11 + KEPT), format!("{}-x", 10 + KEPT)]);
    }
}
