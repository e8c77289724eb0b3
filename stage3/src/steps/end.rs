//! The end: the count is printed, and the kernel is told.

use crate::heir::Heir;
use crate::heir::again;
use crate::heir::initramfs;
use crate::report::Report;
use crate::report::leftovers;
use crate::stop::Stop;
use crate::verb::Verb;
use crate::waiting::bounded::within;
use nix::sys::reboot::{RebootMode, reboot};
use std::io;
use std::time::Duration;
use supervisor::paths;

/// How long a slow console may take to send the last line.
const CONSOLE: Duration = Duration::from_secs(3);
/// What process 1 executes when the kernel refuses reboot(2): this program, which then exits as the main service has, or with 0.
const LAST_PROGRAM: &str = "../../bin/stage3";

/// Prints the last line and ends the system. Returns only when the kernel refuses.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    stop.watchdog.alive();
    let processes = leftovers::processes(stop);
    let mounts = leftovers::mounts(stop);
    stop.report.plain(&leftovers::summary(&processes, &mounts, &stop.lost));
    within(CONSOLE, Report::drain_console);
    if let Some((what, words)) = next_program(stop) {
        let stage3 = stop.run.join(paths::run::BIN).join("stage3");
        match become_heir(stop, |heir| heir.interpreted(&format!("{} {words}", stage3.display()))) {
            Ok(()) => return Ok(()),
            Err(error) => stop.report.plain(&format!("unable to {what}: {error}")),
        }
        // Whatever process 1 is told next, it has had its time.
        stop.events.hurry_after(Duration::ZERO);
    }
    if starts_kernel(stop) {
        let _ = reboot(RebootMode::RB_KEXEC);
    }
    if !stop.permit.first_namespace() && stop.run.join(paths::run::MAIN).exists() {
        // reboot(2) would end process 1 by a signal; whoever gave it a command waits for that one's exit code.
        return end_process_one(stop).map_err(|cause| format!("unable to end process 1: {cause}"));
    }
    let Err(error) = reboot(stop.verb.mode());
    let refused = format!("unable to {}: {}", stop.verb.name(), error.desc());
    if stop.permit.first_namespace() {
        return Err(refused);
    }
    end_process_one(stop).map_err(|cause| format!("{refused}; unable to end process 1: {cause}"))
}

/// What process 1 becomes in place of an end, by way of this program: stage 1 again, whose files lie in the run directory, which
/// goes first; or the initramfs' program. What that is for, and the words.
fn next_program(stop: &Stop) -> Option<(&'static str, String)> {
    if stop.verb == Verb::SoftReboot {
        return Some(("start again", again::WORD.to_owned()));
    }
    let word = if starts_kernel(stop) { initramfs::KEXEC } else { stop.verb.name() };
    stop.initramfs.is_some().then(|| ("return to the initramfs", format!("{} {word}", initramfs::WORD)))
}

/// In a container that may not call reboot(2), process 1 is asked to become a program that exits.
fn end_process_one(stop: &mut Stop) -> io::Result<()> {
    become_heir(stop, |heir| heir.linked(LAST_PROGRAM))
}

/// Process 1 becomes what it is told to.
fn become_heir(stop: &mut Stop, tell: impl FnOnce(&mut Heir) -> io::Result<()>) -> io::Result<()> {
    let mut heir = Heir::of(&stop.run)?;
    tell(&mut heir)?;
    heir.take_over(&mut stop.events)
}

/// kexec has loaded a kernel, and it is to be started.
fn starts_kernel(stop: &Stop) -> bool {
    stop.verb == Verb::Reboot && stop.kernel_loaded
}
