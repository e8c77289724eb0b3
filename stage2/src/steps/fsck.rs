//! `fsck`: a check of /, while it is mounted read-only, if fstab gives it a pass number.

use super::root::Root;
use super::{StepError, device, fstab, guard, mount_table, program};

/// What the kernel's command line may say: always, or never.
const FORCE: &str = "fsck.mode=force";
const SKIP: &str = "fsck.mode=skip";
/// Bits of fsck's exit code.
const REPAIRED: i32 = 1;
const REBOOT: i32 = 2;

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    guard::machine()?;
    let Some(entry) = fstab::read(root)?.into_iter().find(|entry| entry.target == "/" && entry.pass > 0) else {
        return Ok(());
    };
    let cmdline = root.read("/proc/cmdline")?.unwrap_or_default();
    let said = |word: &str| cmdline.split_ascii_whitespace().any(|w| w == word);
    if said(SKIP) {
        return Ok(());
    }
    if mount_table::at(&mount_table::read()?, "/").is_some_and(mount_table::Mounted::is_writable) {
        println!("/ is mounted read-write: not checked");
        return Ok(());
    }
    let device = device::resolve(&entry.source);
    let mut arguments = vec!["-a", "-t", entry.kind.as_str(), device.as_str()];
    if said(FORCE) || root.has("/forcefsck") {
        arguments.insert(1, "-f");
    }
    outcome(&device, program::run("fsck", &arguments)?)
}

/// The meaning of fsck's exit code.
fn outcome(device: &str, code: i32) -> Result<(), StepError> {
    match code {
        0 | REPAIRED => Ok(()),
        code if code & !(REPAIRED | REBOOT) == 0 => {
            Err(StepError::because(format_args!("go on with {device}"), "it was repaired while in use: reboot needed"))
        }
        code => Err(StepError::because(format_args!("repair {device}"), format_args!("fsck's exit code is {code}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 0 and 1 are good, 2 and 3 ask for a restart, and everything else is a failure.
    #[test]
    fn exit_codes() {
        let text = |code| outcome("/dev/x", code).map_err(|error| error.to_string());
        assert_eq!(text(0), Ok(()));
        assert_eq!(text(1), Ok(()));
        for code in [2, 3] {
            let expected = "unable to go on with /dev/x: it was repaired while in use: reboot needed";
            assert_eq!(text(code), Err(expected.to_owned()));
        }
        for code in [4, 5, 8, 16, 32, 128] {
            assert_eq!(text(code), Err(format!("unable to repair /dev/x: fsck's exit code is {code}")));
        }
    }
}
