//! `random-seed`, `random-seed-save`: randomness carried over a restart. A seed is credited only once and only after its
//! file is gone for good, so that no two boots ever begin from the same one.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use supervisor::sys::machine::{SEED, add_entropy};

use super::error::Trying;
use super::root::Root;
use super::{StepError, guard};

/// The seed.
const FILE: &str = "/var/lib/sunup/random-seed";
/// Where randomness goes and comes from.
const RANDOM: &str = "/dev/urandom";

pub(super) fn load(root: &Root) -> Result<(), StepError> {
    if let Some((seed, is_secret)) = take(root).trying(format_args!("use {FILE}"))? {
        feed(root, &seed, is_secret && guard::is_first()).trying("feed the random seed")?;
    }
    save(root)
}

/// Writes a new seed: by name only when it is whole and on disk.
pub(super) fn save(root: &Root) -> Result<(), StepError> {
    write(root).trying(format_args!("write {FILE}"))
}

/// Reads the seed and removes its file. Says whether nobody else can have read it, which is what makes it worth credit.
fn take(root: &Root) -> io::Result<Option<(Vec<u8>, bool)>> {
    let path = root.path(FILE);
    let mut file = match File::open(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let metadata = file.metadata()?;
    let is_secret = metadata.is_file() && metadata.mode() & 0o077 == 0 && metadata.len() >= SEED as u64;
    let mut seed = vec![0; SEED];
    let size = file.read(&mut seed)?;
    seed.truncate(size);
    fs::remove_file(&path)?;
    sync_directory(&path)?;
    Ok(Some((seed, is_secret)))
}

fn feed(root: &Root, seed: &[u8], credited: bool) -> io::Result<()> {
    let mut random = OpenOptions::new().write(true).open(root.path(RANDOM))?;
    if credited && add_entropy(random.as_raw_fd(), seed).is_ok() {
        return Ok(());
    }
    random.write_all(seed)
}

fn write(root: &Root) -> io::Result<()> {
    let mut seed = [0; SEED];
    File::open(root.path(RANDOM))?.read_exact(&mut seed)?;
    let path = root.path(FILE);
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let new = path.with_file_name(".random-seed.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    // One that was left behind may have been more open.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(&seed)?;
    file.sync_all()?;
    fs::rename(&new, &path)?;
    sync_directory(&path)
}

/// What happened to the name is on disk when this returns.
fn sync_directory(path: &Path) -> io::Result<()> {
    path.parent().map_or(Ok(()), |directory| File::open(directory)?.sync_all())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A root whose /dev/urandom is a file: what is fed is what it begins with afterwards.
    fn root(directory: &Path) -> Root {
        let root = Root::at(directory);
        fs::create_dir_all(root.path("/dev")).unwrap();
        fs::create_dir_all(root.path("/var/lib/sunup")).unwrap();
        fs::write(root.path(RANDOM), [7; SEED]).unwrap();
        root
    }

    /// The old seed is fed, and never there again; the new one is private.
    #[test]
    fn replaces() {
        let directory = tempfile::tempdir().unwrap();
        let root = root(directory.path());
        fs::write(root.path(FILE), [1; SEED]).unwrap();
        load(&root).unwrap();
        assert_eq!(fs::read(root.path(RANDOM)).unwrap(), [1; SEED]);
        assert_eq!(fs::read(root.path(FILE)).unwrap(), [1; SEED]);
        assert_eq!(fs::metadata(root.path(FILE)).unwrap().mode() & 0o777, 0o600);
        fs::write(root.path(RANDOM), [9; SEED]).unwrap();
        save(&root).unwrap();
        assert_eq!(fs::read(root.path(FILE)).unwrap(), [9; SEED]);
    }

    /// The first boot has no seed, which is no failure; a seed that others could read is no secret.
    #[test]
    fn secrets() {
        let directory = tempfile::tempdir().unwrap();
        let root = root(directory.path());
        assert_eq!(take(&root).unwrap(), None);
        load(&root).unwrap();
        fs::set_permissions(root.path(FILE), Permissions::from_mode(0o640)).unwrap();
        assert_eq!(take(&root).unwrap(), Some((vec![7; SEED], false)));
        assert!(!root.path(FILE).exists());
    }
}
