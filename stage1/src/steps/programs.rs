//! The programs that run as long as the machine does, copied into memory, so that none of them pins a file of the root
//! and an upgrade cannot make it unmountable.

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
    for (from, directory, name) in COPIES {
        let (from, to) = (boot.lib.join(from), boot.below_run(directory).join(name));
        let copied = replace::copy(&from, &to).trying(format_args!("copy {} to {}", from.display(), to.display()));
        if let Err(failure) = copied {
            boot.report.failure(&failure);
        }
    }
    Ok(())
}
