//! The end: the count is printed, and the kernel is told.

use crate::again;
use crate::bounded::within;
use crate::initramfs;
use crate::leftovers;
use crate::report::Report;
use crate::stop::Stop;
use crate::verb::Verb;
use nix::libc::O_NONBLOCK;
use nix::sys::reboot::{RebootMode, reboot};
use std::fs::{self, OpenOptions, Permissions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::time::Duration;
use supervisor::control::scanner::FINISH;
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
    if stop.verb == Verb::SoftReboot {
        return finish_by(stop, again::WORD).map_err(|cause| format!("unable to start again: {cause}"));
    }
    if stop.initramfs.is_some() {
        let word = if starts_kernel(stop) { initramfs::KEXEC } else { stop.verb.name() };
        match finish_by(stop, &format!("{} {word}", initramfs::WORD)) {
            Ok(()) => return Ok(()),
            Err(error) => stop.report.plain(&format!("unable to return to the initramfs: {error}")),
        }
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

/// In a container that may not call reboot(2), process 1 is asked to become a program that exits.
fn end_process_one(stop: &Stop) -> std::io::Result<()> {
    let finish = stop.run.join(paths::run::SCAN).join(paths::scan::FINISH);
    let _ = fs::remove_file(&finish);
    symlink(LAST_PROGRAM, &finish)?;
    tell_to_finish(stop)
}

/// kexec has loaded a kernel, and it is to be started.
fn starts_kernel(stop: &Stop) -> bool {
    stop.verb == Verb::Reboot && stop.kernel_loaded
}

/// Process 1 becomes what the words ask for, by way of this program: stage 1 again, whose files lie in the run directory, which
/// goes first; or the initramfs' program.
fn finish_by(stop: &Stop, words: &str) -> std::io::Result<()> {
    let finish = stop.run.join(paths::run::SCAN).join(paths::scan::FINISH);
    let stage3 = stop.run.join(paths::run::BIN).join("stage3");
    fs::write(&finish, format!("#!{} {words}\n", stage3.display()))?;
    fs::set_permissions(&finish, Permissions::from_mode(0o755))?;
    tell_to_finish(stop)
}

fn tell_to_finish(stop: &Stop) -> std::io::Result<()> {
    let scan = stop.run.join(paths::run::SCAN);
    let control = scan.join(paths::scan::CONTROL);
    OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(control)?.write_all(&[FINISH])
}
