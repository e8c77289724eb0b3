//! The files of a unit set, as they are at one moment: units, drop-ins, links of bundles, and sunup.yaml. What else lies
//! beside them is nobody's business here: it is neither kept nor put back.

use std::collections::BTreeMap;
use std::fs::{self, File, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};

use nix::libc::O_NONBLOCK;
use nix::unistd::Uid;

use crate::request::target::Sources;
use crate::system::places::SETTINGS;

/// The largest file that is kept, in bytes: no unit is as large.
const LONGEST_FILE: u64 = 10 << 20;
/// Where a generation keeps where its links led.
const LINKS: &str = "links";

/// From a link, its path in the generation and its target: the target of the copy, and the original.
type Understand<'a> = dyn Fn(&Path, &Path, &Path) -> (PathBuf, PathBuf) + 'a;

/// What stands under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Content {
    Directory,
    File(FileContent),
    /// A link. One into a directory of units leads to the copy, and remembers where it led.
    Link {
        target: PathBuf,
        original: PathBuf,
    },
}

/// A file's text, and who may read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FileContent {
    pub text: Vec<u8>,
    mode: u32,
    /// User and group; only root can give files away.
    owner: Option<(u32, u32)>,
}

/// Files by their path in a generation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot(pub(super) BTreeMap<PathBuf, Content>);

impl Snapshot {
    /// What is there now. `etc` has the settings.
    pub fn take(sources: &Sources, etc: &Path) -> Self {
        let mut snapshot = Self::default();
        for (kind, directories) in [("units", &sources.units), ("bundles", &sources.bundles)] {
            for (at, directory) in directories.iter().enumerate() {
                let to = PathBuf::from(format!("{kind}.{at}"));
                snapshot.0.insert(to.clone(), Content::Directory);
                snapshot.add(directory, &to, &|link, _, target| into_copy(sources, link, target));
            }
        }
        if let Ok(Some(file)) = FileContent::read(&etc.join(SETTINGS)) {
            snapshot.0.insert(SETTINGS.into(), Content::File(file));
        }
        snapshot
    }

    /// What a generation holds.
    pub fn stored(directory: &Path) -> Self {
        let mut snapshot = Self::default();
        snapshot.add(directory, Path::new(""), &|_, kept, target| {
            let original = fs::read_link(directory.join(LINKS).join(escaped(kept)));
            (target.to_owned(), original.unwrap_or_else(|_| target.to_owned()))
        });
        snapshot
    }

    fn add(&mut self, from: &Path, to: &Path, understand: &Understand<'_>) {
        for entry in fs::read_dir(from).into_iter().flatten().flatten() {
            let (path, to) = (entry.path(), to.join(entry.file_name()));
            let Ok(kind) = entry.file_type() else { continue };
            if !belongs(&to, kind) {
                continue;
            }
            if kind.is_dir() {
                self.0.insert(to.clone(), Content::Directory);
                self.add(&path, &to, understand);
            } else if let Ok(target) = fs::read_link(&path) {
                let (target, original) = understand(&path, &to, &target);
                self.0.insert(to, Content::Link { target, original });
            } else if let Ok(Some(file)) = FileContent::read(&path) {
                self.0.insert(to, Content::File(file));
            }
        }
    }

    /// Writes it as a generation; it is on disk when this returns.
    pub fn write(&self, directory: &Path) -> io::Result<()> {
        fs::create_dir_all(directory.join(LINKS))?;
        for (path, content) in &self.0 {
            let to = directory.join(path);
            match content {
                Content::Directory => fs::create_dir_all(to)?,
                Content::File(file) => file.write(&to, |to| write_private(to, &file.text))?,
                Content::Link { target, original } => {
                    symlink(target, to)?;
                    symlink(original, directory.join(LINKS).join(escaped(path)))?;
                }
            }
        }
        // Once for all its files: each by itself would cost a write of the journal.
        Ok(nix::unistd::syncfs(File::open(directory)?)?)
    }
}

impl FileContent {
    /// Reads a file; `None`: it is not one, or too large to be a unit.
    fn read(path: &Path) -> io::Result<Option<Self>> {
        let file = fs::OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() || metadata.len() > LONGEST_FILE {
            return Ok(None);
        }
        let mut text = Vec::new();
        file.take(LONGEST_FILE).read_to_end(&mut text)?;
        let owner = Uid::effective().is_root().then(|| (metadata.uid(), metadata.gid()));
        Ok(Some(Self { text, mode: metadata.mode() & 0o7777, owner }))
    }

    /// Writes the file by `write`, and gives it the mode and the owner that it had. Before that it is nobody else's to read.
    pub fn write(&self, to: &Path, write: impl FnOnce(&Path) -> io::Result<()>) -> io::Result<()> {
        write(to)?;
        if let Some((user, group)) = self.owner {
            chown(to, Some(user), Some(group))?;
        }
        fs::set_permissions(to, Permissions::from_mode(self.mode))
    }
}

fn write_private(to: &Path, text: &[u8]) -> io::Result<()> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(to)?.write_all(text)
}

/// What is at this path of a generation is part of a unit set.
fn belongs(path: &Path, kind: fs::FileType) -> bool {
    let names: Vec<&str> = path.iter().map(|name| name.to_str().unwrap_or(".")).collect();
    if names.iter().any(|name| name.starts_with('.')) {
        return false;
    }
    let is_part = |part: &str, kind: &str| part.strip_prefix(kind).is_some_and(|number| number.parse::<u32>().is_ok());
    let is_yaml = |name: &str| name.ends_with(".yaml");
    match names[..] {
        [SETTINGS] => kind.is_file(),
        [part] => kind.is_dir() && (is_part(part, "units.") || is_part(part, "bundles.")),
        [part, name] if is_part(part, "units.") && kind.is_dir() => name.ends_with(units::DROP_INS),
        [part, name] if is_part(part, "units.") => is_yaml(name),
        [part, _, name] if is_part(part, "units.") => !kind.is_dir() && is_yaml(name),
        [part, _] if is_part(part, "bundles.") => kind.is_dir() || kind.is_symlink(),
        [part, _, _] if is_part(part, "bundles.") => kind.is_symlink(),
        _ => false,
    }
}

/// A link into a directory of units leads to its copy: what else has its name counts only by the name.
fn into_copy(sources: &Sources, link: &Path, target: &Path) -> (PathBuf, PathBuf) {
    let whole = link.parent().map_or_else(|| target.to_owned(), |parent| parent.join(target));
    let parent = whole.parent().and_then(|parent| fs::canonicalize(parent).ok());
    let is_it = |directory: &PathBuf| fs::canonicalize(directory).is_ok_and(|found| Some(found) == parent);
    let copy = match (sources.units.iter().position(is_it), whole.file_name()) {
        (Some(at), Some(name)) => Path::new("../..").join(format!("units.{at}")).join(name),
        _ => whole,
    };
    (copy, target.to_owned())
}

/// A path as one file name.
fn escaped(path: &Path) -> String {
    path.to_string_lossy().replace('%', "%25").replace('/', "%2F")
}
