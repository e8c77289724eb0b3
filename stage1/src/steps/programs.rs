//! The programs that run as long as the machine does, copied into memory, so that none of them pins a file of the root
//! and an upgrade cannot make it unmountable.

use std::path::Path;

use supervisor::paths::run;

use crate::boot::Boot;
use crate::failure::{Failure, Trying};
use crate::other_scanner::Other;
use crate::replace;

/// From LIB, to a directory of the run directory, by a name there.
pub type Copied = (&'static str, &'static str, &'static str);

/// What every system runs.
const COPIES: [Copied; 7] = [
    ("bin/svscan", run::BIN, "svscan"),
    ("bin/supervise", run::BIN, "supervise"),
    ("bin/svlog", run::BIN, "svlog"),
    ("bin/svc", run::BIN, "svc"),
    ("bin/svscanctl", run::BIN, "svscanctl"),
    ("bin/shutdown", run::BIN, "stage3"),
    ("wrapper/supervise", run::WRAPPER, "supervise"),
];

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    let others = Other::chosen(boot.settings.scanner).map_or([].as_slice(), |other| other.copies);
    for failures in [copy(&boot.lib, &boot.run), copy_these(others, &boot.lib, &boot.run)] {
        failures.iter().for_each(|failure| boot.report.failure(failure));
    }
    Ok(())
}

/// Copies what every system runs; gives what could not be. One that runs is replaced, and goes on as it was.
pub fn copy(lib: &Path, run: &Path) -> Vec<Failure> {
    copy_these(&COPIES, lib, run)
}

fn copy_these(copies: &[Copied], lib: &Path, run: &Path) -> Vec<Failure> {
    let copy = |&(from, directory, name): &Copied| {
        let (from, to) = (lib.join(from), run.join(directory).join(name));
        replace::copy(&from, &to).trying(format_args!("copy {} to {}", from.display(), to.display())).err()
    };
    copies.iter().filter_map(copy).collect()
}
