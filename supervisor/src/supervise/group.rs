//! The control-group leaf of a service: who is in it, and how all of them get a signal.

use crate::sys::descriptor::{Descriptor, HERE};
use crate::sys::error::{Errno, Result};
use crate::sys::process;
use crate::sys::signal::SIGKILL;
use crate::sys::text::{Text, parse_number};
use crate::sys::{event, files};

use super::files::Line;

/// Rounds through a version-1 leaf, whose members may fork while they are being killed.
const ROUNDS: usize = 16;

/// Makes the leaf if it is missing.
pub fn make(leaf: &Line) -> Result<()> {
    match files::make_directory_at(HERE, leaf.c_str().ok_or(Errno::ENAMETOOLONG)?, 0o755) {
        Err(Errno::EEXIST) => Ok(()),
        other => other,
    }
}

/// The path of a file in the leaf.
fn file(leaf: &Line, name: &[u8]) -> Text<300> {
    let mut path = Text::new();
    path.push(leaf.bytes());
    path.push(b"/");
    path.push(name);
    path
}

/// `cgroup.procs`, opened for writing.
pub fn members(leaf: &Line) -> Result<crate::sys::descriptor::Owned> {
    let path = file(leaf, b"cgroup.procs");
    files::open(path.c_str().ok_or(Errno::ENAMETOOLONG)?, files::O_WRONLY | files::O_NONBLOCK, 0)
}

/// Sends a signal to every process of the leaf. False when nobody was reached.
pub fn signal(leaf: &Line, signal: u32) -> bool {
    let kill = file(leaf, b"cgroup.kill");
    if signal == SIGKILL && kill.c_str().is_some_and(|path| files::write_at(HERE, path, b"1").is_ok()) {
        return true;
    }
    let rounds = if signal == SIGKILL { ROUNDS } else { 1 };
    for round in 0..rounds {
        match signal_each(leaf, signal) {
            Err(_) => return round > 0,
            Ok(0) => return round > 0,
            // The killed ones need a moment to leave the list; this is no poll for something to happen.
            Ok(_) if round + 1 < rounds => drop(event::wait_ready(Descriptor(-1), 0, Some(1))),
            Ok(_) => (),
        }
    }
    true
}

/// One pass through the list; gives how many were reached.
fn signal_each(leaf: &Line, signal: u32) -> Result<usize> {
    let mut reached = 0;
    each(leaf, |pid| {
        let is_theirs = pid > 1 && pid != process::own_pid();
        reached += usize::from(is_theirs && process::kill(pid, signal).is_ok());
    })?;
    Ok(reached)
}

/// The process is in the leaf itself.
pub fn has(leaf: &Line, pid: u32) -> bool {
    let mut found = false;
    let read = each(leaf, |member| found |= member == pid);
    read.is_ok() && found
}

/// Goes through the processes of the leaf.
fn each(leaf: &Line, mut act: impl FnMut(u32)) -> Result<()> {
    let path = file(leaf, b"cgroup.procs");
    let list = files::open(path.c_str().ok_or(Errno::ENAMETOOLONG)?, files::O_RDONLY | files::O_NONBLOCK, 0)?;
    let mut number = Text::<16>::new();
    let mut buffer = [0; 256];
    loop {
        let size = list.read(&mut buffer)?;
        for &byte in buffer.get(..size).unwrap_or_default() {
            if byte != b'\n' {
                number.push(&[byte]);
                continue;
            }
            act(parse_number(number.bytes()).unwrap_or(0) as u32);
            number.clear();
        }
        if size == 0 {
            return Ok(());
        }
    }
}
