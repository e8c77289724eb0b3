//! The programs that run as long as the machine does, copied into memory, so that none of them pins a file of the root
//! and an upgrade cannot make it unmountable.

use std::fs;
use std::path::Path;

use supervisor::paths::run;

use crate::boot::Boot;
use crate::failure::{Failure, Trying};

/// From LIB to the run directory.
const COPIES: [(&str, &str, &str); 8] = [
    ("bin/svscan", run::BIN, "svscan"),
    ("bin/supervise", run::BIN, "supervise"),
    ("bin/svlog", run::BIN, "svlog"),
    ("bin/svc", run::BIN, "svc"),
    ("bin/svscanctl", run::BIN, "svscanctl"),
    ("bin/shutdown", run::BIN, "stage3"),
    ("wrapper/supervise", run::WRAPPER, "supervise"),
    ("wrapper/runsv", run::WRAPPER, "runsv"),
];

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    for (from, directory, name) in COPIES {
        let to = boot.below_run(directory).join(name);
        if let Err(failure) = copy(&boot.lib.join(from), &to) {
            boot.report.failure(&failure);
        }
    }
    Ok(())
}

/// Copies content and mode.
fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    fs::copy(from, to).map(drop).trying(format_args!("copy {} to {}", from.display(), to.display()))
}
