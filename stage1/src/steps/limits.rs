//! The limit of open files, which the scanner needs high (each service with a logger has a pipe). Children get the
//! original ones back: the scanner is told them in `SUNUP_NOFILE`.

use std::fs;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::boot::Boot;
use crate::failure::{Failure, Trying};

/// The kernel's own bound unless someone changed it.
const DEFAULT_BOUND: u64 = 1_048_576;

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    boot.open_files = Some(getrlimit(Resource::RLIMIT_NOFILE).trying("read the limit of open files")?);
    raise(boot.open_files)
}

/// Raises it from these, soft and hard, as far as we may.
pub fn raise(from: Option<(u64, u64)>) -> Result<(), Failure> {
    let Some((_, hard)) = from else { return Ok(()) };
    let text = fs::read_to_string("/proc/sys/fs/nr_open").unwrap_or_default();
    let bound = text.trim().parse().unwrap_or(DEFAULT_BOUND).max(hard);
    // Without the capability the hard limit stays, and the soft one rises to it.
    setrlimit(Resource::RLIMIT_NOFILE, bound, bound)
        .or_else(|_| setrlimit(Resource::RLIMIT_NOFILE, hard, hard))
        .trying("raise the limit of open files")
}
