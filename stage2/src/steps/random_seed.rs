//! `random-seed`, `random-seed-save`: randomness carried over a restart. A seed is credited only once and only after its
//! file is gone for good, so that no two boots ever begin from the same one, and only if the kernel's pool was ready when it
//! was made. Nothing here waits for that pool: a boot must not stand still for want of randomness.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use supervisor::sys::entropy::{SEED, add_entropy};

use super::error::Trying;
use super::root::Root;
use super::{StepError, guard};

/// The seed.
const FILE: &str = "/var/lib/sunup/random-seed";
/// One that was made before the pool was ready: it is fed, but never credited.
const WEAK: &str = "/var/lib/sunup/random-seed.weak";
/// Where randomness goes, and comes from while there is none better. It never makes a reader wait.
const RANDOM: &str = "/dev/urandom";
/// Where it comes from once the pool is ready; until then a reader that does not wait is refused.
const READY: &str = "/dev/random";

pub(super) fn load(root: &Root) -> Result<(), StepError> {
    if !root.does(format_args!("feed {FILE} to the kernel, if it is there, and write a new one")) {
        return Ok(());
    }
    let mut old = Vec::new();
    for (file, is_strong) in [(FILE, true), (WEAK, false)] {
        if let Some((seed, is_secret)) = take(root, file).trying(format_args!("use {file}"))? {
            feed(root, &seed, is_strong && is_secret && guard::is_first()).trying("feed the random seed")?;
            old = seed;
        }
    }
    write(root, &old).trying(format_args!("write {FILE}"))
}

/// Writes a new seed: by name only when it is whole and on disk.
pub(super) fn save(root: &Root) -> Result<(), StepError> {
    match root.does(format_args!("write {FILE}")) {
        true => write(root, &[]).trying(format_args!("write {FILE}")),
        false => Ok(()),
    }
}

/// Reads a seed and removes its file. Says whether nobody else can have read it, which is what makes it worth credit.
fn take(root: &Root, file: &str) -> io::Result<Option<(Vec<u8>, bool)>> {
    let path = root.path(file);
    let flags = (OFlag::O_NOFOLLOW | OFlag::O_NONBLOCK).bits();
    let mut file = match OpenOptions::new().read(true).custom_flags(flags).open(&path) {
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

/// A new seed. A weak one keeps what the old one had: the pool has not mixed it in yet.
fn write(root: &Root, old: &[u8]) -> io::Result<()> {
    let mut seed = [0; SEED];
    let file = if is_filled_well(root, &mut seed) {
        FILE
    } else {
        File::open(root.path(RANDOM))?.read_exact(&mut seed)?;
        seed.iter_mut().zip(old).for_each(|(new, old)| *new ^= old);
        WEAK
    };
    replace(&root.path(file), &seed)?;
    if file == FILE {
        match fs::remove_file(root.path(WEAK)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// False while the kernel's pool is not ready.
fn is_filled_well(root: &Root, seed: &mut [u8]) -> bool {
    let random = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(root.path(READY));
    random.and_then(|mut random| random.read_exact(seed)).is_ok()
}

/// Private, and there by name only when it is whole and on disk.
fn replace(path: &Path, seed: &[u8]) -> io::Result<()> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let new = path.with_file_name(".random-seed.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&new)?;
    // One that was left behind may have been more open.
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(seed)?;
    file.sync_all()?;
    fs::rename(&new, path)?;
    sync_directory(path)
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
        fs::write(root.path(READY), [8; SEED]).unwrap();
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
        assert_eq!(fs::read(root.path(FILE)).unwrap(), [8; SEED]);
        assert_eq!(fs::metadata(root.path(FILE)).unwrap().mode() & 0o777, 0o600);
        fs::write(root.path(READY), [9; SEED]).unwrap();
        save(&root).unwrap();
        assert_eq!(fs::read(root.path(FILE)).unwrap(), [9; SEED]);
    }

    /// The first boot has no seed, which is no failure; a seed that others could read is no secret.
    #[test]
    fn secrets() {
        let directory = tempfile::tempdir().unwrap();
        let root = root(directory.path());
        assert_eq!(take(&root, FILE).unwrap(), None);
        load(&root).unwrap();
        fs::set_permissions(root.path(FILE), Permissions::from_mode(0o640)).unwrap();
        assert_eq!(take(&root, FILE).unwrap(), Some((vec![8; SEED], false)));
        assert!(!root.path(FILE).exists());
    }

    /// While the pool is not ready nothing waits for it; what is made then is never taken for a good seed, and still
    /// holds what the old one held. Once the pool is ready the weak one goes.
    #[test]
    fn not_ready() {
        let directory = tempfile::tempdir().unwrap();
        let root = root(directory.path());
        let random = root.path(READY);
        fs::remove_file(&random).unwrap();
        nix::unistd::mkfifo(&random, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let _held = OpenOptions::new().read(true).write(true).open(&random).unwrap();
        fs::write(root.path(FILE), [2; SEED]).unwrap();
        load(&root).unwrap();
        assert!(!root.path(FILE).exists());
        // The file that stands for /dev/urandom gives what it was fed: the old seed, here against itself.
        assert_eq!(fs::read(root.path(WEAK)).unwrap(), [0; SEED]);
        assert_eq!(fs::metadata(root.path(WEAK)).unwrap().mode() & 0o777, 0o600);
        fs::remove_file(&random).unwrap();
        fs::write(&random, [5; SEED]).unwrap();
        save(&root).unwrap();
        assert_eq!(fs::read(root.path(FILE)).unwrap(), [5; SEED]);
        assert!(!root.path(WEAK).exists());
    }

    /// What cannot be taken away is not fed: the next boot would take it again.
    #[test]
    fn never_twice() {
        let directory = tempfile::tempdir().unwrap();
        let root = root(directory.path());
        fs::create_dir(root.path(FILE)).unwrap();
        assert!(load(&root).is_err());
        assert_eq!(fs::read(root.path(RANDOM)).unwrap(), [7; SEED]);
    }
}
