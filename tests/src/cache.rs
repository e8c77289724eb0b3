//! The cache directory, beside the built programs: what takes long to make and is the same for every test.
//!
//! Locks are files, not mutexes, because a test runner may give every test a process of its own.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::SystemTime;

use nix::fcntl::{Flock, FlockArg};

use crate::programs;

/// `SUNUP_TEST_CACHE`, or `whole-system` in the directory of the built programs. Made if it is missing.
pub fn directory() -> PathBuf {
    let path = match std::env::var_os("SUNUP_TEST_CACHE") {
        Some(path) => PathBuf::from(path),
        None => programs::directory().join("whole-system"),
    };
    fs::create_dir_all(&path).expect("a cache directory");
    path
}

/// Waits until nobody else holds the lock of this name. It is free again when the value is dropped, or its process ends.
pub fn lock(name: &str) -> Flock<File> {
    let path = directory().join(format!("{name}.lock"));
    let file = File::create(&path).expect("a lock file");
    Flock::lock(file, FlockArg::LockExclusive).expect("the lock")
}

/// The path of a cached thing, made by `make` unless it is there. `make` gets a path to fill, which is renamed when it
/// is complete, so that a killed test leaves no half of it behind.
pub fn once(name: &str, make: impl FnOnce(&Path)) -> PathBuf {
    let path = directory().join(name);
    let _lock = lock(name);
    if !path.exists() {
        let partial = directory().join(format!("{name}.partial"));
        remove(&partial);
        make(&partial);
        fs::rename(&partial, &path).expect("the finished thing in its place");
    }
    path
}

/// Removes a file or a whole tree, if it is there.
pub fn remove(path: &Path) {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path).expect("an old tree removed"),
        Ok(_) => fs::remove_file(path).expect("an old file removed"),
        Err(_) => {}
    }
}

/// Days since 1970: what was made from the package archive is good for one day. It is the same day for as long as a process
/// lives, so that none that runs over midnight has what its guests stand on removed.
pub fn today() -> u64 {
    static TODAY: LazyLock<u64> = LazyLock::new(|| {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock after 1970");
        now.as_secs() / 86_400
    });
    *TODAY
}
