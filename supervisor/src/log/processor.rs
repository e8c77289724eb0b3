//! Processors: a finished file goes through a command, and what comes out is kept instead of it.
//!
//! The file waits as `previous`. The command reads it on descriptor 0 and the last run's state on 4, and writes to 1 and,
//! for its next run, to 5. `processed` gets mode 744 when all of it is on the disk; from then on the run is never
//! repeated, before that it always is. Nothing here waits: who may is the directory's affair.

use core::ffi::CStr;

use super::directory::{NO_NUMBER, Trouble};
use crate::sys::descriptor::{Descriptor, Owned};
use crate::sys::error::{Errno, Result};
use crate::sys::exec::{Arguments, Environment, exec};
use crate::sys::files::{self, O_CREAT, O_RDONLY, O_TRUNC, O_WRONLY};
use crate::sys::process::{Fork, fork};
use crate::sys::signal::{self, Disposition, SIGPIPE, Signals};

/// A finished file that waits for its processor.
pub const PREVIOUS: &CStr = c"previous";
/// What came out of the processor.
pub const PROCESSED: &CStr = c"processed";
const STATE: &CStr = c"state";
/// What the processor writes for its next run.
pub const NEW_STATE: &CStr = c"newstate";

/// What [`Trouble`] says of a processor that cannot be started.
pub const PROCESSING: &str = "process previous";
/// What it says of one that exited with another code than 0; there is no error number then.
pub const FAILED: &str = "the processor failed";
/// The same of one that was ended by a signal.
pub const CRASHED: &str = "the processor crashed";

/// True when the last run was complete, and only its files are left to be renamed.
pub fn is_complete(directory: Descriptor) -> bool {
    files::status_at(directory, PROCESSED).is_ok_and(|status| status.mode & 0o100 != 0)
}

/// Starts the command on `previous`; gives its pid.
pub fn start(directory: Descriptor, command: &'static CStr, environment: Environment) -> Result<u32> {
    match fork()? {
        Fork::Child => {
            let _ = become_command(directory, command, environment);
            crate::sys::exit(111)
        }
        Fork::Parent(child) => Ok(child),
    }
}

/// The command has ended with a wait status: what it wrote is completed, or it is said why not.
pub fn complete(directory: Descriptor, status: u16) -> core::result::Result<(), Trouble> {
    match status {
        0 => (),
        status if status & 0x7f == 0 => return Err(Trouble(FAILED, NO_NUMBER)),
        _ => return Err(Trouble(CRASHED, NO_NUMBER)),
    }
    commit(directory, NEW_STATE, 0o644).map_err(|errno| Trouble("write newstate", errno))?;
    commit(directory, PROCESSED, 0o744).map_err(|errno| Trouble("write processed", errno))
}

/// Keeps the state and forgets the file; `processed` is left to its directory.
pub fn accept(directory: Descriptor) -> Result<()> {
    for answer in [files::remove_at(directory, PREVIOUS), files::rename_at(directory, NEW_STATE, STATE)] {
        // A run that was accepted by half before leaves less to do.
        match answer {
            Ok(()) | Err(Errno::ENOENT) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

/// Writes a file to the disk and gives it its mode.
fn commit(directory: Descriptor, name: &CStr, mode: u32) -> Result<()> {
    let file = files::open_at(directory, name, O_WRONLY, 0)?;
    file.sync()?;
    file.set_mode(mode)
}

/// The child: descriptors, signals, exec. Gives why it failed.
fn become_command(directory: Descriptor, command: &'static CStr, environment: Environment) -> Result<()> {
    files::change_directory_to(directory)?;
    // Numbers that are in nobody's way first: the targets may be in use.
    let open = |name, flags| -> Result<Owned> { files::open_at(directory, name, flags, 0o644)?.duplicate() };
    let fresh = O_WRONLY | O_CREAT | O_TRUNC;
    let input = open(PREVIOUS, O_RDONLY)?;
    let output = open(PROCESSED, fresh)?;
    let state = open(STATE, O_RDONLY | O_CREAT)?;
    let new_state = open(NEW_STATE, fresh)?;
    for (file, number) in [(&input, 0), (&output, 1), (&state, 4), (&new_state, 5)] {
        file.duplicate_to(number)?;
    }
    signal::set_disposition(SIGPIPE, Disposition::Default)?;
    signal::set_blocked(Signals::of(&[]))?;
    Err(exec(c"/bin/sh", &Arguments::of(&[c"sh", c"-c", command]), environment))
}
