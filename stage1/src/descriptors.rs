//! Descriptors 0 to 2, which the kernel leaves closed where it finds no console.

use std::fs::File;
use std::os::fd::{AsRawFd, IntoRawFd};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};

/// Opens something harmless for each that is closed, so that no file of ours gets such a number. There may be no
/// /dev/null yet, but there is a root directory.
pub fn fill() {
    while let Ok(file) = File::open("/dev/null").or_else(|_| File::open("/")) {
        if file.as_raw_fd() > 2 {
            return;
        }
        // What we execute is to find them open.
        let _ = fcntl(&file, FcntlArg::F_SETFD(FdFlag::empty()));
        let _ = file.into_raw_fd();
    }
}
