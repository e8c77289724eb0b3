//! What a status record says about the end of a longrun.

use nix::sys::signal::Signal;
use supervisor::status::{LastExit, Phase, Status, Want};
use supervisor::sys::signal::SIGKILL;
use units::{Longrun, Restart};

/// Exit codes of a shell that could not run a command.
const NOT_RUN: std::ops::RangeInclusive<u8> = 126..=127;

/// Its command runs, as its supervise wants.
pub(in crate::executor) fn runs(status: &Status) -> bool {
    status.phase == Phase::Run && status.pid != 0 && status.want != Want::Down
}

/// KILL ended it.
pub(super) fn was_killed(status: Status) -> bool {
    status.last_exit.signal() == Some(SIGKILL)
}

/// Why a longrun that ended will not be tried again.
pub(super) fn end_for_good(status: &Status, is_new: bool) -> Option<String> {
    let was_not_run =
        is_new && status.phase != Phase::Run && status.last_exit.code().is_some_and(|code| NOT_RUN.contains(&code));
    (was_not_run || status.ended_for_good).then(|| describe(status.last_exit))
}

/// It has done what it was there for: it is down, not failed. Only its `restart` or its own directory can have said that it
/// may end.
pub(super) fn is_done(longrun: &Longrun, status: &Status) -> bool {
    let may_end = longrun.restart != Restart::Always || longrun.command().is_none();
    may_end && status.ended_for_good && status.last_exit.code() == Some(0)
}

/// How a command ended, in words.
pub(in crate::executor) fn describe(exit: LastExit) -> String {
    match (exit.code(), exit.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => match Signal::try_from(signal.cast_signed()) {
            Ok(signal) => format!("killed by {signal}"),
            Err(_) => format!("killed by signal {signal}"),
        },
        (None, None) => "ended".into(),
    }
}

/// The exit code, or 128 + the signal's number.
pub(super) fn exit_number(exit: LastExit) -> Option<u32> {
    exit.code().map(u32::from).or(exit.signal().map(|signal| 128 + signal))
}
