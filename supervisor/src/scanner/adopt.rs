//! What a predecessor has left: supervises that are alive, and the pipes that they hold.
//!
//! Everything is taken from /proc and from the files of the services, never from memory. What is not there is started afresh;
//! what cannot be told, for want of descriptors or memory, is an error, and has to be asked again.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::service;
use crate::status::{SIZE, Status};
use crate::sys::descriptor::{Descriptor, HERE};
use crate::sys::error::{Errno, Result};
use crate::sys::files::{self, FileStatus, O_DIRECTORY, O_NONBLOCK, O_RDONLY, O_WRONLY};
use crate::sys::proc;
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
    /// When it began (clock ticks since boot), for its number may be another's later.
    birth: u64,
    /// The supervise may have others as well.
    is_grouped: bool,
}

/// The supervises that are alive, ours or not.
#[derive(Debug, Default)]
pub struct Supervises(Table<Found>);

impl Supervises {
    /// Looks through /proc for those of our user. Without /proc there are none.
    #[cold]
    #[inline(never)]
    pub fn find() -> Result<Self> {
        let mut found = Self::default();
        let scan = files::status_at(HERE, c".").ok().as_ref().map(FileStatus::identity);
        let Some(directory) = Errno::known(files::open(c"/proc", O_RDONLY | O_DIRECTORY, 0))? else {
            return Ok(found);
        };
        let Some(user) = user_of(*directory, c"self") else { return Ok(found) };
        let mut names = files::Names::of(*directory);
        while let Some(Some(name)) = Errno::known(names.next_name())? {
            // Anybody may take any name and go anywhere.
            if let Some(pid) = parse_number(name.to_bytes())
                && user_of(*directory, name) == Some(user)
                && is_supervise(*directory, name)?
                && let Some(birth) = proc::birth_of(pid as u32)?
            {
                found.take(*directory, (pid as u32, birth), scan)?;
            }
        }
        Ok(found)
    }

    /// A supervise of one service enters the directory once it has the lock; one of several stays in the scan directory
    /// and has theirs open.
    #[cold]
    #[inline(never)]
    fn take(&mut self, proc: Descriptor, (pid, birth): (u32, u64), scan: Option<(u64, u64)>) -> Result<()> {
        let Some(place) = group::working_directory(pid) else { return Ok(()) };
        if is_child_of_one(proc, pid, place)? {
            return Ok(());
        }
        if Some(place) != scan {
            return self.0.push(Found { identity: place, pid, birth, is_grouped: false });
        }
        let mut pushed = Ok(());
        group::each_directory(pid, |_, identity| {
            pushed = pushed.and(self.0.push(Found { identity, pid, birth, is_grouped: true }));
        })?;
        pushed
    }

    /// When (clock ticks since boot) a supervise began.
    pub fn birth_of(&self, pid: u32) -> Option<u64> {
        self.0.iter().find(|found| found.pid == pid).map(|found| found.birth)
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

fn is_supervise(proc: Descriptor, pid: &CStr) -> Result<bool> {
    let mut path = Text::<32>::new();
    path.push(pid.to_bytes());
    path.push(b"/comm");
    let mut buffer = [0; 16];
    let Some(path) = path.c_str() else { return Ok(false) };
    Ok(Errno::known(files::read_at(proc, path, &mut buffer))?.is_some_and(|name| name == COMMAND))
}

/// A child of supervise is called supervise, and stands where it does, until it becomes its program. It begins a session of
/// its own, and then ends if its parent is gone: who has a parent is left to that one, and who leads a session goes on by
/// itself. The order matters: one whose parent was gone before it led a session will end.
fn is_child_of_one(proc: Descriptor, pid: u32, place: (u64, u64)) -> Result<bool> {
    if let Some(parent) = proc::parent_of(pid)
        && group::working_directory(parent) == Some(place)
    {
        let mut name = Text::<12>::new();
        name.push_number(u64::from(parent));
        if let Some(name) = name.c_str()
            && is_supervise(proc, name)?
        {
            return Ok(true);
        }
    }
    Ok(process::session_of(pid) == Ok(pid))
}

/// The pipe between a service and its logger, as somebody who is alive holds it: a supervise, the logger, or at worst
/// the service itself.
#[cold]
#[inline(never)]
pub fn recover_pipe(name: &CStr, main: Option<(u32, bool)>, log: Option<(u32, bool)>) -> Result<Option<Pipe>> {
    for (supervise, is_log) in [(main, false), (log, true)] {
        let Some((pid, is_grouped)) = supervise else { continue };
        let number = if is_grouped { group::pipe_number(pid, name, is_log)? } else { Some(u64::from(!is_log)) };
        if let Some(number) = number
            && let Some(pipe) = pipe_of(pid, number)?
        {
            return Ok(Some(pipe));
        }
    }
    let log = directory_of(name, true);
    for (directory, number) in [(log.c_str(), 0), (Some(name), 1)] {
        if let Some(directory) = directory
            && let Some(pid) = running(directory)?
            && let Some(pipe) = pipe_of(pid, number)?
        {
            return Ok(Some(pipe));
        }
    }
    Ok(None)
}

/// The process that the record of a service names, if it is alive.
fn running(directory: &CStr) -> Result<Option<u32>> {
    let Some(directory) = Errno::known(files::open(directory, files::O_PATH | O_DIRECTORY, 0))? else {
        return Ok(None);
    };
    let mut buffer = [0; SIZE];
    let record = Errno::known(files::read_at(*directory, c_path!(service::STATUS), &mut buffer))?;
    let Some(status) = record.and_then(Status::unpack).filter(|status| status.pid > 0) else { return Ok(None) };
    Ok((proc::birth_of(status.pid)? == Some(status.start_ticks)).then_some(status.pid))
}

/// Both ends of the pipe that a process has as a descriptor; a FIFO with a name is no log pipe.
fn pipe_of(pid: u32, number: u64) -> Result<Option<Pipe>> {
    let mut path = Text::<40>::new();
    path.push(b"/proc/");
    path.push_number(u64::from(pid));
    path.push(b"/fd/");
    path.push_number(number);
    let Some(path) = path.c_str() else { return Ok(None) };
    let mut buffer = [0; 8];
    if !files::read_link_at(HERE, path, &mut buffer).is_ok_and(|link| link.starts_with(b"pipe:[")) {
        return Ok(None);
    }
    let Some(read) = Errno::known(files::open(path, O_RDONLY | O_NONBLOCK, 0))? else { return Ok(None) };
    let mut own = Text::<40>::new();
    own.push(b"/proc/self/fd/");
    own.push_number(read.0 as u64);
    let Some(own) = own.c_str() else { return Ok(None) };
    let Some(write) = Errno::known(files::open(own, O_WRONLY | O_NONBLOCK, 0))? else { return Ok(None) };
    read.set_nonblocking(false)?;
    write.set_nonblocking(false)?;
    Ok(Some(Pipe { read, write }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command, Stdio};

    /// A shell that is called supervise, in a directory of that service.
    fn start(program: &str, arguments: &[&str], directory: &tempfile::TempDir) -> Child {
        let mut command = Command::new(program);
        command.args(arguments).current_dir(directory.path()).stdin(Stdio::piped()).stdout(Stdio::piped());
        command.spawn().unwrap()
    }

    /// Who is taken for the supervise of the process's directory, once it has said that it is there.
    fn found(child: &mut Child) -> Vec<u32> {
        let mut said = [0; 6];
        std::io::Read::read_exact(child.stdout.as_mut().unwrap(), &mut said).unwrap();
        let identity = group::working_directory(child.id());
        let supervises = Supervises::find().unwrap();
        supervises.0.iter().filter(|found| Some(found.identity) == identity).map(|found| found.pid).collect()
    }

    /// Neither a child that still has its parent is a supervise, nor one that has begun its session and lost it.
    #[test]
    fn children_of_supervises() {
        let directory = tempfile::tempdir().unwrap();
        let supervise = directory.path().join("supervise");
        // Not by us: a fork in another test's thread would hold the copy open for writing, and it could not be executed.
        assert!(Command::new("cp").arg("/bin/sh").arg(&supervise).status().unwrap().success());
        let supervise = supervise.to_str().unwrap();

        let mut with_child = start(supervise, &["-c", "(echo there; read line); :"], &directory);
        assert_eq!(found(&mut with_child), [with_child.id()]);
        drop(with_child.stdin.take());
        with_child.wait().unwrap();

        let mut leader = start("setsid", &[supervise, "-c", "echo there; read line"], &directory);
        assert_eq!(found(&mut leader), []);
        drop(leader.stdin.take());
        leader.wait().unwrap();
    }
}
