//! What process 1 does on a signal: files in `.svscan/`, each run by stage 3 as its interpreter. The preset is s6's; the
//! real-time signals are those that containers and virtual machine managers send.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use supervisor::paths::{run, scan};

use crate::boot::{self, Boot};
use crate::failure::{Failure, Trying};

/// Signals and what stage 3 is told. `-f`: at once.
const HANDLERS: [(&str, &str); 10] = [
    ("INT", "reboot"),
    ("USR1", "poweroff"),
    ("USR2", "halt"),
    ("PWR", "poweroff"),
    ("RTMIN+3", "halt"),
    ("RTMIN+4", "poweroff"),
    ("RTMIN+5", "reboot"),
    ("RTMIN+13", "halt -f"),
    ("RTMIN+14", "poweroff -f"),
    ("RTMIN+15", "reboot -f"),
];

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    let directory = boot.below_run(run::SCAN).join(scan::SVSCAN);
    fs::create_dir_all(&directory).trying(format_args!("make {}", directory.display()))?;
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).trying("close .svscan to others")?;
    HANDLERS.into_iter().try_for_each(|(signal, words)| write(boot, signal, words))?;
    // Whoever runs containers stops them with TERM; on a machine of our own nobody may stop it by a stray one.
    write(boot, "TERM", if boot::is_first() { "" } else { "poweroff" })
}

/// Writes one handler; without words it does nothing, which keeps the signal from its default.
fn write(boot: &Boot, signal: &str, words: &str) -> Result<(), Failure> {
    let stage3 = boot.below_run(run::BIN).join("stage3");
    // Stage 3 is the interpreter, so that the machine can be stopped when its shell is broken.
    let text = if words.is_empty() { "#!/bin/sh\n".to_owned() } else { format!("#!{} {words}\n", stage3.display()) };
    let path = boot.below_run(run::SCAN).join(format!("{}{signal}", scan::HANDLER));
    fs::write(&path, text)
        .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o755)))
        .trying(format_args!("write {}", path.display()))
}
