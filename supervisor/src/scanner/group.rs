//! One supervise that looks after several services, seen from outside: which directories it has open, how one of them is
//! told something, which descriptor it has for a pipe.
//!
//! A group cannot be signalled about one service, and its services may have left the scan directory; but what supervise
//! has open is still theirs, and /proc leads there.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::service;
use crate::sys::descriptor::{Descriptor, HERE, Owned};
use crate::sys::error::{Errno, Result};
use crate::sys::files::{self, Names, O_DIRECTORY, O_PATH, O_RDONLY};
use crate::sys::text::{Text, parse_number};

/// Calls `meet` for every directory that a process has open, with a descriptor of it and its identity. An error: for want
/// of something not all were met.
pub fn each_directory(pid: u32, mut meet: impl FnMut(Descriptor, (u64, u64))) -> Result<()> {
    let path = proc_path(pid, b"/fd");
    let Some(path) = path.c_str() else { return Ok(()) };
    let Some(list) = Errno::known(files::open(path, O_RDONLY | O_DIRECTORY, 0))? else { return Ok(()) };
    let mut names = Names::of(*list);
    while let Some(Some(name)) = Errno::known(names.next_name())? {
        if parse_number(name.to_bytes()).is_none() {
            continue;
        }
        if let Some(directory) = Errno::known(files::open_at(*list, name, O_PATH | O_DIRECTORY, 0))?
            && let Ok(status) = files::status_of(*directory)
        {
            meet(*directory, status.identity());
        }
    }
    Ok(())
}

/// A process has a directory open, with this identity. `None`: what it has open cannot be told.
pub fn has_open(pid: u32, directory: (u64, u64)) -> Option<bool> {
    let mut found = None;
    each_directory(pid, |_, identity| found = Some(found == Some(true) || identity == directory)).ok()?;
    found
}

/// Writes letters into the control FIFO of a service. Nobody may be there any more.
pub fn tell(directory: Descriptor, letters: &[u8]) {
    let _ = files::tell_at(directory, c_path!(service::CONTROL), letters);
}

/// The identity of the directory around one.
pub fn parent_of(directory: Descriptor) -> Option<(u64, u64)> {
    files::status_at(directory, c"..").ok().map(|status| status.identity())
}

/// The number that a group's arguments give for the pipe of a service, or of its logger.
pub fn pipe_number(pid: u32, name: &CStr, is_log: bool) -> Result<Option<u64>> {
    let path = proc_path(pid, b"/cmdline");
    let Some(path) = path.c_str() else { return Ok(None) };
    let list = Errno::known(files::open(path, O_RDONLY, 0))?;
    Ok(list.and_then(|list| number_in(&list, name, is_log)))
}

/// The same, from its list of arguments.
fn number_in(list: &Owned, name: &CStr, is_log: bool) -> Option<u64> {
    let mut wanted = Text::<300>::new();
    wanted.push(name.to_bytes());
    wanted.push(if is_log { b"/log" } else { b"" });
    let (mut word, mut number) = (Text::<300>::new(), None);
    let mut buffer = [0; 512];
    loop {
        let size = list.read(&mut buffer).ok().filter(|&size| size > 0)?;
        for &byte in buffer.get(..size)? {
            if byte != 0 {
                word.push(&[byte]);
                continue;
            }
            match pipe_option(word.bytes()) {
                Some(told) => number = Some(told),
                None if word.bytes().strip_prefix(b"./").unwrap_or(word.bytes()) == wanted.bytes() => return number,
                None => number = None,
            }
            word.clear();
        }
    }
}

/// The number in `--input=N` or `--output=N`.
fn pipe_option(word: &[u8]) -> Option<u64> {
    let number = word.strip_prefix(b"--input=").or_else(|| word.strip_prefix(b"--output="))?;
    parse_number(number)
}

/// Working directory of a process.
pub fn working_directory(pid: u32) -> Option<(u64, u64)> {
    files::status_at(HERE, proc_path(pid, b"/cwd").c_str()?).ok().map(|status| status.identity())
}

fn proc_path(pid: u32, file: &[u8]) -> Text<40> {
    let mut path = Text::new();
    path.push(b"/proc/");
    path.push_number(u64::from(pid));
    path.push(file);
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An option is about the next name, and only about that.
    #[test]
    fn options() {
        assert_eq!(pipe_option(b"--input=3"), Some(3));
        assert_eq!(pipe_option(b"--output=12"), Some(12));
        assert_eq!(pipe_option(b"--output="), None);
        assert_eq!(pipe_option(b"web"), None);
    }

    /// What a process has open is found with its identity, and so is where it is.
    #[test]
    fn directories() {
        let directory = tempfile::tempdir().unwrap();
        std::fs::create_dir(directory.path().join("log")).unwrap();
        let open = std::fs::File::open(directory.path().join("log")).unwrap();
        let of = |path: &std::path::Path| {
            let path = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
            files::status_at(HERE, &path).unwrap().identity()
        };
        let mut parents = Vec::new();
        each_directory(std::process::id(), |met, identity| {
            if identity == of(&directory.path().join("log")) {
                parents.push(parent_of(met));
            }
        })
        .unwrap();
        assert_eq!(parents, [Some(of(directory.path()))]);
        let has = |path: &std::path::Path| has_open(std::process::id(), of(path));
        assert_eq!((has(&directory.path().join("log")), has(directory.path())), (Some(true), Some(false)));
        assert_eq!(working_directory(std::process::id()), Some(of(&std::env::current_dir().unwrap())));
        drop(open);
    }
}
