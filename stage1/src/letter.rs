//! Sending a letter to a program that is about to start: its control FIFO may not be there yet, or not be read yet.
//! What is missing is awaited by inotify, never by sleeping.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};

use crate::failure::{Failure, Trying};

/// What may make the next try succeed.
const EVENTS: AddWatchFlags = AddWatchFlags::IN_CREATE.union(AddWatchFlags::IN_MOVED_TO).union(AddWatchFlags::IN_OPEN);

/// Writes the letter into the FIFO, retrying as things happen in its directory and the one above, until the deadline.
pub fn send(fifo: &Path, letter: u8, deadline: Instant) -> Result<(), Failure> {
    let what = format!("write to {}", fifo.display());
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).trying(&what)?;
    loop {
        let watched = watch(&inotify, fifo);
        match write(fifo, letter) {
            Ok(()) => return Ok(()),
            Err(error) if watched == 0 => return Err(Failure::new(&what, error)),
            Err(error) if !wait(&inotify, deadline) => return Err(Failure::new(&what, error)),
            Err(_) => {}
        }
    }
}

/// Waits until somebody opens the FIFO for reading, and gives a writing end; `None` at the deadline.
pub fn await_reader(fifo: &Path, deadline: Instant) -> Option<std::fs::File> {
    let inotify = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK).ok()?;
    inotify.add_watch(fifo, AddWatchFlags::IN_OPEN).ok()?;
    loop {
        if let Ok(writer) = open(fifo) {
            return Some(writer);
        }
        if !wait(&inotify, deadline) {
            return None;
        }
    }
}

/// Watches the FIFO's directory and the one above, those that exist; says how many. The kernel keeps one watch a
/// directory, however often it is asked.
fn watch(inotify: &Inotify, fifo: &Path) -> usize {
    fifo.ancestors().skip(1).take(2).filter(|directory| inotify.add_watch(*directory, EVENTS).is_ok()).count()
}

fn open(fifo: &Path) -> std::io::Result<std::fs::File> {
    OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(fifo)
}

fn write(fifo: &Path, letter: u8) -> std::io::Result<()> {
    open(fifo)?.write_all(&[letter])
}

/// Waits for the next event; false at the deadline.
pub fn wait(inotify: &Inotify, deadline: Instant) -> bool {
    let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_millis(1);
    let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
    let mut descriptors = [PollFd::new(inotify.as_fd(), PollFlags::POLLIN)];
    let ready = poll(&mut descriptors, timeout);
    let _ = inotify.read_events();
    ready.is_ok_and(|count| count > 0) || Instant::now() < deadline
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use super::*;

    fn fifo(path: &Path) {
        nix::unistd::mkfifo(path, nix::sys::stat::Mode::from_bits_truncate(0o600)).unwrap();
    }

    /// A letter reaches a FIFO whose directory, itself and reader appear one after the other.
    #[test]
    fn waits_for_everything() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("supervise/control");
        let inner = path.clone();
        let reader = std::thread::spawn(move || {
            std::fs::create_dir(inner.parent().unwrap()).unwrap();
            fifo(&inner);
            let mut byte = [0];
            // As supervise does it. An opening that waits for a writer would be told of only once there is one.
            OpenOptions::new().read(true).write(true).open(&inner).unwrap().read_exact(&mut byte).unwrap();
            byte
        });
        send(&path, b'u', Instant::now() + Duration::from_secs(20)).unwrap();
        assert_eq!(reader.join().unwrap(), *b"u");
    }

    /// At the deadline the reason is the last one.
    #[test]
    fn gives_up() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("control");
        fifo(&path);
        let failure = send(&path, b'u', Instant::now()).unwrap_err();
        assert_eq!(failure.to_string(), format!("unable to write to {}: No such device or address", path.display()));
    }
}
