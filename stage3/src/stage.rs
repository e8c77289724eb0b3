//! `stage3 VERB [-f]`: the program that process 1's handler runs.
//!
//! It prepares itself to be the last process, makes sure that it is the only stage 3, and walks through the steps.

use crate::cockpit::shell;
use crate::heir::{self, again, initramfs};
use crate::report::wtmp;
use crate::stop::Stop;
use crate::verb::Verb;
use crate::waiting::bounded::within;
use crate::{EXIT_SYSTEM, EXIT_USAGE, complain, guard, room, run_directory, steps};
use nix::sched::CloneFlags;
use nix::sys::signal::SigSet;
use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::process::ExitCode;
use supervisor::paths;
use supervisor::sys::close::close_all_but;
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::error::Errno;

/// The name in messages.
const NAME: &str = "stage3";
/// Where scanners have their handlers: ours, and s6's.
const HANDLERS: [&str; 2] = [paths::scan::SVSCAN, paths::scan::S6_SVSCAN];

/// Parses, checks the permit, and stops the system.
pub fn main(arguments: &[OsString]) -> ExitCode {
    let words = words(arguments);
    if words == [again::WORD] {
        complain(NAME, &again::become_stage_one(&run_directory()));
        return ExitCode::from(EXIT_SYSTEM);
    }
    if words == [shell::WORD] {
        complain(NAME, &shell::become_shell());
        return ExitCode::from(EXIT_SYSTEM);
    }
    if let [initramfs::WORD, word] = words.as_slice() {
        complain(NAME, &initramfs::become_shutdown(word));
        return ExitCode::from(EXIT_SYSTEM);
    }
    let verb = words.first().and_then(|word| Verb::from_name(word));
    let options = words.get(1..).unwrap_or_default();
    let (Some(verb), [] | ["-f" | "--force"]) = (verb, options) else {
        let _ = writeln!(std::io::stderr(), "usage: {NAME} halt|poweroff|reboot|soft-reboot [-f]");
        return ExitCode::from(EXIT_USAGE);
    };
    // What a caller of ours had open would keep its filesystem busy.
    let _ = close_all_but(&[]);
    let run = run_directory();
    match stop(verb, !options.is_empty(), &run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(text) => {
            complain(NAME, &text);
            ExitCode::from(EXIT_SYSTEM)
        }
    }
}

/// What is asked for. As the interpreter of a handler (`#!RUN/bin/stage3 poweroff -f`, which needs no shell) we get all words
/// in one, and the handler's name and arguments after them.
fn words(arguments: &[OsString]) -> Vec<&str> {
    let mut words: Vec<_> = arguments.iter().skip(1).filter_map(|word| word.to_str()).collect();
    let of_a_scanner = |directory: &Path| HANDLERS.iter().any(|handlers| directory.ends_with(handlers));
    let is_handler = |word: &&str| Path::new(word).parent().is_some_and(of_a_scanner);
    if words.get(1).is_some_and(is_handler) {
        words.truncate(1);
    }
    words.into_iter().flat_map(str::split_ascii_whitespace).collect()
}

fn stop(verb: Verb, force: bool, run: &Path) -> Result<(), String> {
    let permit = guard::permit(run).map_err(|refusal| format!("unable to {}: {refusal}", verb.name()))?;
    if force {
        return Err(at_once(verb, true, &permit));
    }
    heir::check(verb, run)?;
    // A stage 3 that is under way asks everyone to end: who hurries it must get to that.
    let _ = SigSet::all().thread_block();
    let Some(lock) = lock(verb, run)? else {
        return hurry(run);
    };
    leave_the_caller();
    let _ = fs::write("/proc/self/oom_score_adj", "-1000");
    wtmp::of_stop(run);
    let ended = steps::run(&mut Stop::begin(verb, run, permit));
    // We are here only because the kernel refused: nothing is under way any more.
    let _ = lock.set_len(0);
    ended
}

/// Ends the system without stopping anything. Returns only when the kernel refuses.
pub fn at_once(verb: Verb, sync: bool, _permit: &guard::Permit) -> String {
    if sync {
        within(steps::sync::LIMIT, nix::unistd::sync);
    }
    let Err(error) = nix::sys::reboot::reboot(verb.mode());
    format!("unable to {}: {}", verb.name(), error.desc())
}

/// The lock of the only stage 3, its content the verb; `None`: another one holds it. A full run directory keeps nobody
/// from stopping: then the directory itself is locked, or the verb is not told.
fn lock(verb: Verb, run: &Path) -> Result<Option<File>, String> {
    let path = run.join(paths::run::STAGE3_LOCK);
    let failed = |error: std::io::Error| format!("unable to lock '{}': {error}", path.display());
    // A wish to hurry that was meant for an earlier one; before the lock, or one that is meant for us might be lost.
    let _ = fs::remove_file(run.join(paths::run::STAGE3_HURRY));
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let mut file = file.or_else(|_| File::open(run)).map_err(failed)?;
    match Descriptor(file.as_raw_fd()).lock() {
        Ok(()) => {}
        Err(Errno::EAGAIN) => return Ok(None),
        Err(error) => return Err(failed(std::io::Error::from_raw_os_error(error.into()))),
    }
    let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", verb.name()));
    Ok(Some(file))
}

/// The other one shortens its deadlines when this file appears.
fn hurry(run: &Path) -> Result<(), String> {
    let path = run.join(paths::run::STAGE3_HURRY);
    let _ = fs::remove_file(&path);
    room::beside_answers(run, || File::create(&path))
        .map(|_| ())
        .map_err(|error| format!("unable to create '{}': {error}", path.display()))
}

/// A session of its own, with the mounts of process 1, and out of any service's control group.
pub fn leave_the_caller() {
    let _ = nix::unistd::setsid();
    join_mounts_of_one();
    let _ = std::env::set_current_dir("/");
    join_group_of_one();
}

/// Process 1's mount namespace: under another scanner `poweroff` may come from a service that has its own.
fn join_mounts_of_one() {
    let namespace = |pid: &str| fs::read_link(format!("/proc/{pid}/ns/mnt")).ok();
    if namespace("1") != namespace("self")
        && let Ok(file) = File::open("/proc/1/ns/mnt")
    {
        let _ = nix::sched::setns(file, CloneFlags::CLONE_NEWNS);
    }
}

/// Beside process 1, in the unified hierarchy: a service's group is killed with the service.
fn join_group_of_one() {
    let groups = fs::read_to_string("/proc/1/cgroup").unwrap_or_default();
    let Some(group) = groups.lines().find_map(|line| line.strip_prefix("0::/")) else { return };
    for root in ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"] {
        let file = Path::new(root).join(group).join("cgroup.procs");
        if let Ok(mut file) = OpenOptions::new().write(true).open(file) {
            let _ = file.write_all(b"0\n");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A command line and a handler's first line ask for the same.
    #[test]
    fn asks_as_a_handler() {
        let words_of = |line: &[&str]| {
            let line: Vec<OsString> = line.iter().map(OsString::from).collect();
            words(&line).join(" ")
        };
        assert_eq!(words_of(&["stage3", "reboot", "-f"]), "reboot -f");
        assert_eq!(words_of(&["/run/sunup/bin/stage3", "reboot -f", ".svscan/SIGRTMIN+15"]), "reboot -f");
        assert_eq!(words_of(&["/run/sunup/bin/stage3", "halt", ".svscan/SIGUSR2"]), "halt");
        assert_eq!(words_of(&["/run/sunup/bin/stage3", "poweroff", ".s6-svscan/SIGTERM"]), "poweroff");
        assert_eq!(words_of(&["/run/sunup/bin/stage3", again::WORD, ".svscan/finish", "0"]), again::WORD);
        assert_eq!(words_of(&["stage3", "halt", "now"]), "halt now");
        assert_eq!(words_of(&["stage3"]), "");
    }
}
