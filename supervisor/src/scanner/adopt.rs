//! What a predecessor has left: supervises that are alive, and the pipes that they hold.
//!
//! Everything is taken from /proc and from the files of the services, never from memory. What cannot be found is
//! started afresh.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::service;
use crate::status::{SIZE, Status};
use crate::sys::descriptor::{Descriptor, HERE};
use crate::sys::files::{self, FileStatus, O_DIRECTORY, O_NONBLOCK, O_RDONLY, O_WRONLY};
use crate::sys::process;
use crate::sys::table::Table;
use crate::sys::text::{Text, parse_number};

use super::entry::Pipe;
use super::group;
use super::walk::directory_of;

/// What a supervise is called by the kernel.
const COMMAND: &[u8] = b"supervise\n";

/// A service that a supervise looks after.
#[derive(Clone, Copy, Debug)]
struct Found {
    /// Device and inode of its directory.
    identity: (u64, u64),
    pid: u32,
    /// The supervise may have others as well.
    is_grouped: bool,
}

/// The supervises that are alive, ours or not.
#[derive(Debug, Default)]
pub struct Supervises(Table<Found>);

impl Supervises {
    /// Looks through /proc for those of our user. Without it, or without memory, fewer are found.
    pub fn find() -> Self {
        let mut found = Self::default();
        let scan = files::status_at(HERE, c".").ok().as_ref().map(FileStatus::identity);
        let Ok(directory) = files::open(c"/proc", O_RDONLY | O_DIRECTORY, 0) else { return found };
        let Some(user) = user_of(*directory, c"self") else { return found };
        let mut names = files::Names::of(*directory);
        while let Ok(Some(name)) = names.next_name() {
            // Anybody may take any name and go anywhere.
            if let Some(pid) = parse_number(name.to_bytes())
                && user_of(*directory, name) == Some(user)
                && is_supervise(*directory, name)
            {
                found.take(pid as u32, scan);
            }
        }
        found
    }

    /// A supervise of one service enters the directory once it has the lock; one of several stays in the scan directory
    /// and has theirs open.
    fn take(&mut self, pid: u32, scan: Option<(u64, u64)>) {
        let place = group::working_directory(pid);
        if place.is_some() && place == scan {
            group::each_directory(pid, |_, identity| {
                let _ = self.0.push(Found { identity, pid, is_grouped: true });
            });
        } else if let Some(identity) = place {
            let _ = self.0.push(Found { identity, pid, is_grouped: false });
        }
    }

    /// The supervise of a service directory, and whether it may have others as well.
    pub fn of(&self, identity: (u64, u64)) -> Option<(u32, bool)> {
        self.0.iter().find(|found| found.identity == identity).map(|found| (found.pid, found.is_grouped))
    }
}

/// Whose process it is.
fn user_of(proc: Descriptor, pid: &CStr) -> Option<u32> {
    files::status_at(proc, pid).ok().map(|status| status.owner)
}

fn is_supervise(proc: Descriptor, pid: &CStr) -> bool {
    let mut path = Text::<32>::new();
    path.push(pid.to_bytes());
    path.push(b"/comm");
    let mut buffer = [0; 16];
    path.c_str().is_some_and(|path| files::read_at(proc, path, &mut buffer).is_ok_and(|name| name == COMMAND))
}

/// The pipe between a service and its logger, as somebody who is alive holds it: a supervise, the logger, or at worst
/// the service itself.
pub fn recover_pipe(name: &CStr, main: Option<(u32, bool)>, log: Option<(u32, bool)>) -> Option<Pipe> {
    let held = |supervise: Option<(u32, bool)>, is_log: bool| {
        let (pid, is_grouped) = supervise?;
        let number = if is_grouped { group::pipe_number(pid, name, is_log)? } else { u64::from(!is_log) };
        pipe_of(pid, number)
    };
    held(main, false)
        .or_else(|| held(log, true))
        .or_else(|| pipe_of(running(directory_of(name, true).c_str()?)?, 0))
        .or_else(|| pipe_of(running(name)?, 1))
}

/// The process that the record of a service names, if it is alive.
fn running(directory: &CStr) -> Option<u32> {
    let directory = files::open(directory, files::O_PATH | O_DIRECTORY, 0).ok()?;
    let mut buffer = [0; SIZE];
    let status = Status::unpack(files::read_at(*directory, c_path!(service::STATUS), &mut buffer).ok()?)?;
    (status.pid > 0 && process::start_ticks(status.pid) == Some(status.start_ticks)).then_some(status.pid)
}

/// Both ends of the pipe that a process has as a descriptor; a FIFO with a name is no log pipe.
fn pipe_of(pid: u32, number: u64) -> Option<Pipe> {
    let mut path = Text::<40>::new();
    path.push(b"/proc/");
    path.push_number(u64::from(pid));
    path.push(b"/fd/");
    path.push_number(number);
    let path = path.c_str()?;
    let mut buffer = [0; 8];
    if !files::read_link_at(HERE, path, &mut buffer).ok()?.starts_with(b"pipe:[") {
        return None;
    }
    let read = files::open(path, O_RDONLY | O_NONBLOCK, 0).ok()?;
    let mut own = Text::<40>::new();
    own.push(b"/proc/self/fd/");
    own.push_number(read.0 as u64);
    let write = files::open(own.c_str()?, O_WRONLY | O_NONBLOCK, 0).ok()?;
    read.set_nonblocking(false).ok()?;
    write.set_nonblocking(false).ok()?;
    Some(Pipe { read, write })
}
