//! The programs that run as long as the machine does, copied into memory, so that none of them pins a file of the root
//! and an upgrade cannot make it unmountable.

use std::path::Path;

use supervisor::paths::run;

use crate::boot::Boot;
use crate::failure::{Failure, Trying};
use crate::replace;

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
    let failures = copy(&boot.lib, &boot.run);
    failures.iter().for_each(|failure| boot.report.failure(failure));
    Ok(())
}

/// Copies them; gives what could not be. One that runs is replaced, and goes on as it was.
pub fn copy(lib: &Path, run: &Path) -> Vec<Failure> {
    let copy = |(from, directory, name): (&str, &str, &str)| {
        let (from, to) = (lib.join(from), run.join(directory).join(name));
        replace::copy(&from, &to).trying(format_args!("copy {} to {}", from.display(), to.display())).err()
    };
    COPIES.into_iter().filter_map(copy).collect()
}
