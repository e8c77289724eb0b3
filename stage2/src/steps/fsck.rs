//! `fsck`: a check of /, while it is mounted read-only, if fstab gives it a pass number. The others that have one are
//! checked by the step `mount`, before it mounts any of them.
//!
//! Always or never: the kernel's command line says so, or a file that `shutdown -F` or `-f` has left. The files count in the
//! boot alone, which removes them once everything has been checked: what comes later is for the next one.
//!
//! What was repaired in / while the kernel had it mounted needs a restart, or the kernel would go on from what it has read.
//! Nothing can be remembered on a / that may not be written, so a second check decides: only if it finds / well, and the disk
//! has kept what the first one wrote, the machine restarts, since then the next boot finds it well, too, and there is no
//! restart without end.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::process::Command;

use supervisor::paths::{FAST_BOOT, FORCE_FSCK, RUN, RUN_VARIABLE, run};

use super::error::Trying;
use super::fstab::Entry;
use super::root::Root;
use super::say::{say, warn};
use super::{StepError, device, fstab, guard, kept, mount_table, program, progress};

/// The kernel's command line may say what the files say, and comes first; never comes before always.
const SAID: [(&str, Mode); 2] = [("fsck.mode=skip", Mode::Skip), ("fsck.mode=force", Mode::Force)];
const LEFT: [(&str, Mode); 2] = [(FAST_BOOT, Mode::Skip), (FORCE_FSCK, Mode::Force)];
/// Bits of fsck's exit code.
const REPAIRED: i32 = 1;
const REBOOT: i32 = 2;

/// What is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    /// What is not clean, or due.
    AsNeeded,
    /// Everything.
    Force,
    /// Nothing.
    Skip,
}

impl Mode {
    fn of(root: &Root) -> Result<Self, StepError> {
        let words = root.read("/proc/cmdline")?.unwrap_or_default();
        let said = SAID.into_iter().find(|(said, _)| words.split_ascii_whitespace().any(|word| word == *said));
        let mode = said.or_else(|| LEFT.into_iter().find(|(file, _)| !root.has(&checked()) && root.has(file)));
        Ok(mode.map_or(Self::AsNeeded, |(_, mode)| mode))
    }
}

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    guard::machine()?;
    let Some(entry) = fstab::read(root)?.into_iter().find(|entry| entry.target == "/" && entry.pass > 0) else {
        return Ok(());
    };
    let mode = Mode::of(root)?;
    if mode == Mode::Skip {
        return Ok(());
    }
    if mount_table::at(&mount_table::read()?, "/").is_some_and(mount_table::Mounted::is_writable) {
        say("/ is mounted read-write: not checked");
        return Ok(());
    }
    let device = device::resolve(&entry.source);
    if !root.does(format_args!("check {device}")) {
        return Ok(());
    }
    let check = || fsck(&entry, &device, mode);
    let result = match check() {
        Ok(code) if is_stale(code) => {
            let helps = is_known_to_help(check(), || kept::keeps(&device));
            Err(repaired(&device, helps, || if root.is_boot() { restart() } else { Ok(false) }))
        }
        Ok(code) => outcome(&device, code),
        // Where nothing can check it, nothing is known to be wrong.
        Err(error) => {
            warn(&error.at(&entry.place));
            Ok(())
        }
    };
    result.map_err(|error| error.at(&entry.place))
}

/// All is well now, but for what the kernel has read before.
fn is_stale(code: i32) -> bool {
    code & REBOOT != 0 && code & !(REPAIRED | REBOOT) == 0
}

/// Whether a restart is known to help, or why not.
fn is_known_to_help(
    again: Result<i32, StepError>,
    keeps: impl FnOnce() -> Result<bool, StepError>,
) -> Result<(), String> {
    match again.map(|code| (code, keeps)) {
        Ok((0, keeps)) => match keeps() {
            Ok(true) => Ok(()),
            Ok(false) => Err("the disk has not kept the repair".to_owned()),
            Err(error) => Err(format!("the disk may not have kept the repair: {error}")),
        },
        Ok((code, _)) => Err(format!("a second check ended with exit code {code}")),
        Err(error) => Err(format!("there was no second check: {error}")),
    }
}

/// Restarts if that is known to help; `restart` may decline. Says why nobody writes to / until then.
fn repaired(device: &str, helps: Result<(), String>, restart: impl FnOnce() -> Result<bool, StepError>) -> StepError {
    let cause = match helps.map(|()| restart()) {
        Ok(Ok(true)) => "the machine restarts".to_owned(),
        Ok(Ok(false)) => "reboot needed".to_owned(),
        Ok(Err(error)) => format!("reboot needed ({error})"),
        Err(why) => format!("no restart, as {why}"),
    };
    StepError::because(format_args!("go on with {device}"), format_args!("it was repaired while in use: {cause}"))
}

/// Has the machine restarted in order, by stage 3's copy in memory; it only asks.
fn restart() -> Result<bool, StepError> {
    let program = format!("{}/{}/stage3", run_directory(), run::BIN);
    let status = Command::new(&program).arg0("reboot").status().trying(format_args!("run {program}"))?;
    if status.success() { Ok(true) } else { Err(StepError::because("restart", status)) }
}

fn run_directory() -> String {
    std::env::var(RUN_VARIABLE).unwrap_or_else(|_| RUN.to_owned())
}

/// Is there once this boot has checked.
fn checked() -> String {
    format!("{}/{}", run_directory(), run::CHECKED)
}

/// Checks the disks among these entries that have a pass number, in the order of their numbers. Gives the reasons, by
/// place, for those that must not be mounted. Only where the machine is ours.
pub(super) fn check(root: &Root, entries: &[Entry]) -> Result<BTreeMap<String, StepError>, StepError> {
    let mode = Mode::of(root)?;
    if !guard::is_first() || root.is_dry() {
        return Ok(BTreeMap::new());
    }
    let is_disk = |entry: &&Entry| mode != Mode::Skip && device::is_block(&device::resolve(&entry.source));
    let disks = entries.iter().filter(is_disk).collect();
    let unfit = unfit(disks, |entry| fsck(entry, &device::resolve(&entry.source), mode));
    forget(root);
    Ok(unfit)
}

/// Once every disk was checked, or was not to be: the next boot is told by nobody. A root that cannot be written keeps the word.
/// What somebody leaves from now on is not forgotten.
fn forget(root: &Root) {
    if root.has(&checked()) {
        return;
    }
    let left = LEFT.into_iter().filter(|(file, _)| root.has(file));
    for (file, _) in left {
        if let Err(error) = fs::remove_file(root.path(file)).trying(format_args!("remove {file}")) {
            warn(&error);
        }
    }
    if let Err(error) = fs::write(root.path(checked()), "").trying("note that this boot has checked") {
        warn(&error);
    }
}

/// What was repaired, and what would have to be read again if it were in use, can be mounted. Without an fsck nothing is
/// known to be wrong.
fn unfit(
    mut entries: Vec<&Entry>,
    mut check: impl FnMut(&Entry) -> Result<i32, StepError>,
) -> BTreeMap<String, StepError> {
    entries.retain(|entry| entry.pass > 0);
    entries.sort_by_key(|entry| entry.pass);
    let mut unfit = BTreeMap::new();
    for entry in entries {
        match check(entry) {
            Ok(code) if code & !(REPAIRED | REBOOT) == 0 => {}
            Ok(code) => {
                let what = format!("mount {}", entry.target);
                let cause = format!("{} needs repair: fsck's exit code is {code}", entry.source);
                unfit.insert(entry.place.clone(), StepError::because(what, cause));
            }
            Err(error) => warn(&error.at(&entry.place)),
        }
    }
    unfit
}

/// Runs fsck; gives its exit code. An error if it, or what it needs for this type, is not there.
fn fsck(entry: &Entry, device: &str, mode: Mode) -> Result<i32, StepError> {
    let checker = format!("fsck.{}", entry.kind);
    if entry.kind != "auto" && program::find(&checker).is_none() {
        return Err(StepError::because(format_args!("check {device}"), format_args!("{checker} is not installed")));
    }
    let mut arguments = vec!["-a"];
    if mode == Mode::Force {
        arguments.push("-f");
    }
    if entry.kind != "auto" {
        arguments.extend(["-t", &entry.kind]);
    }
    arguments.push(device);
    program::run_telling("fsck", "-C", &arguments, |pipe| progress::follow(pipe, device))
}

/// The meaning of fsck's exit code.
fn outcome(device: &str, code: i32) -> Result<(), StepError> {
    match code {
        0 | REPAIRED => Ok(()),
        code => Err(StepError::because(format_args!("repair {device}"), format_args!("fsck's exit code is {code}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By pass number, equals in fstab's order, 0 never; from 4 on an exit code means: do not mount.
    #[test]
    fn passes() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        std::fs::create_dir(root.path("/etc")).unwrap();
        let text = "d4 /a ext4 x 0 2\nd0 /b ext4 x 0 0\nd1 /c ext4 x 0 1\nd3 /d ext4 x 0 2\nd9 /e ext4 x 0 3\n";
        std::fs::write(root.path("/etc/fstab"), text).unwrap();
        let entries = fstab::read(&root).unwrap();
        let mut order = Vec::new();
        let unfit = unfit(entries.iter().collect(), |entry| {
            order.push(entry.source.clone());
            let code = entry.source.trim_start_matches('d').parse();
            if code == Ok(9) { Err(StepError::plain("no fsck")) } else { Ok(code.unwrap()) }
        });
        assert_eq!(order, ["d1", "d4", "d3", "d9"]);
        let unfit: Vec<String> = unfit.into_iter().map(|(place, error)| error.at(place).to_string()).collect();
        assert_eq!(unfit, ["/etc/fstab:1: unable to mount /a: d4 needs repair: fsck's exit code is 4"]);
    }

    /// The command line comes before the files, never before always; what was left is forgotten, once.
    #[test]
    fn modes() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        fs::create_dir(root.path("/proc")).unwrap();
        fs::create_dir_all(root.path(RUN)).unwrap();
        for (words, files, expected) in [
            ("ro quiet", &[][..], Mode::AsNeeded),
            ("ro fsck.mode=force", &[], Mode::Force),
            ("fsck.mode=skip fsck.mode=force", &[], Mode::Skip),
            ("ro", &[FORCE_FSCK], Mode::Force),
            ("ro", &[FAST_BOOT], Mode::Skip),
            ("ro", &[FORCE_FSCK, FAST_BOOT], Mode::Skip),
            ("fsck.mode=force", &[FAST_BOOT], Mode::Force),
        ] {
            fs::write(root.path("/proc/cmdline"), format!("{words}\n")).unwrap();
            files.iter().for_each(|file| fs::write(root.path(file), "").unwrap());
            assert_eq!(Mode::of(&root).unwrap(), expected, "{words} {files:?}");
            forget(&root);
            assert!(!root.has(FORCE_FSCK) && !root.has(FAST_BOOT), "{words} {files:?}");
            fs::remove_file(root.path(checked())).unwrap();
        }
    }

    /// What is left after this boot has checked is for the next one, whoever mounts something meanwhile.
    #[test]
    fn for_the_next_boot() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        fs::create_dir_all(root.path(RUN)).unwrap();
        forget(&root);
        fs::write(root.path(FORCE_FSCK), "").unwrap();
        assert_eq!(Mode::of(&root).unwrap(), Mode::AsNeeded);
        forget(&root);
        fs::remove_file(root.path(checked())).unwrap();
        assert_eq!(Mode::of(&root).unwrap(), Mode::Force);
    }

    /// 0 and 1 are good, 2 and 3 ask for a restart, and everything else is a failure.
    #[test]
    fn exit_codes() {
        let text = |code| outcome("/dev/x", code).map_err(|error| error.to_string());
        assert_eq!((text(0), text(1)), (Ok(()), Ok(())));
        assert!([2, 3].into_iter().all(is_stale));
        for code in [4, 5, 6, 8, 16, 32, 128] {
            assert_eq!(
                (is_stale(code), text(code)),
                (false, Err(format!("unable to repair /dev/x: fsck's exit code is {code}")))
            );
        }
    }

    /// The machine restarts once a second check finds / well on a disk that has kept it, and never because of one that does
    /// not, nor where nobody knows.
    #[test]
    fn restarts_that_help() {
        for (again, keeps, restart, asked, expected) in [
            (Ok(0), Ok(true), Ok(true), 1, "the machine restarts"),
            (Ok(0), Ok(true), Ok(false), 1, "reboot needed"),
            (Ok(0), Ok(true), Err(StepError::plain("no stage3")), 1, "reboot needed (no stage3)"),
            (Ok(0), Ok(false), Ok(true), 0, "no restart, as the disk has not kept the repair"),
            (
                Ok(0),
                Err(StepError::plain("no look")),
                Ok(true),
                0,
                "no restart, as the disk may not have kept the repair: no look",
            ),
            (Ok(1), Ok(true), Ok(true), 0, "no restart, as a second check ended with exit code 1"),
            (Ok(3), Ok(true), Ok(true), 0, "no restart, as a second check ended with exit code 3"),
            (
                Err(StepError::plain("no fsck")),
                Ok(true),
                Ok(true),
                0,
                "no restart, as there was no second check: no fsck",
            ),
        ] {
            let mut count = 0;
            let error = repaired("/dev/x", is_known_to_help(again, || keeps), || {
                count += 1;
                restart
            });
            let expected = format!("unable to go on with /dev/x: it was repaired while in use: {expected}");
            assert_eq!((count, error.to_string()), (asked, expected));
        }
    }

    /// What a real check tells is understood, to its end; the exit code is fsck's.
    #[test]
    fn a_real_check() {
        let directory = tempfile::tempdir().unwrap();
        let image = directory.path().join("image");
        let image = image.to_str().unwrap();
        std::fs::File::create(image).unwrap().set_len(16 << 20).unwrap();
        program::run_well("mkfs.ext4", &["-q", "-F", image]).unwrap();
        let mut said = String::new();
        let arguments = ["-a", "-f", "-t", "ext4", image];
        let code = program::run_telling("fsck", "-C", &arguments, |mut pipe| {
            std::io::Read::read_to_string(&mut pipe, &mut said).unwrap();
        });
        assert_eq!(code, Ok(0));
        let last = said.lines().last().and_then(progress::percent);
        assert_eq!(last, Some(100), "{said}");
    }
}
