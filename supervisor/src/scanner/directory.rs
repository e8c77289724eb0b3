//! `.svscan/` inside the scan directory: lock and control FIFO.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::scan;
use crate::sys::descriptor::{Descriptor, HERE, Owned};
use crate::sys::error::{Errno, Result};
use crate::sys::event::wait_ready;
use crate::sys::files::{self, O_CREAT, O_NONBLOCK, O_RDWR};

/// What could not be done, for the message.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The verb, with a space after it.
    pub what: &'static str,
    /// The file.
    pub file: &'static [u8],
    /// Why.
    pub errno: Errno,
}

/// How often, and every how many ms, the lock is tried: a predecessor's children hold it between their fork and exec.
const TRIES: u32 = 50;
const PAUSE: u64 = 2;

/// The open files that make a directory scanned.
#[derive(Debug)]
pub struct Directory {
    /// Both ends of the control FIFO, so that it never ends.
    control: Owned,
    /// The one that s6-svscanctl writes to, where there can be a `.s6-svscan/`.
    s6_control: Option<Owned>,
    /// Held for as long as we live: ours, and s6's where there can be one.
    locks: (Owned, Option<Owned>),
}

impl Directory {
    /// Makes, opens and locks everything below the working directory. `locked` is called once we hold the lock, before
    /// anyone can find us by the control FIFO.
    pub fn open(locked: impl FnOnce()) -> core::result::Result<Self, Fault> {
        let mask = files::set_umask(0);
        let opened = Self::open_inside(locked);
        files::set_umask(mask);
        opened
    }

    fn open_inside(locked: impl FnOnce()) -> core::result::Result<Self, Fault> {
        let fault = |what, file: &'static str| move |errno| Fault { what, file: file.as_bytes(), errno };
        made(files::make_directory_at(HERE, c_path!(scan::SVSCAN), 0o755)).map_err(fault("create ", scan::SVSCAN))?;
        let lock = open_lock(scan::LOCK, c_path!(scan::LOCK), TRIES)?;
        // Where it cannot be made, nobody else can make it either.
        let _ = files::make_directory_at(HERE, c_path!(scan::S6_SVSCAN), 0o755);
        let s6_lock = match open_lock(scan::S6_LOCK, c_path!(scan::S6_LOCK), TRIES) {
            Err(Fault { errno: Errno::ENOENT | Errno::ENOTDIR, .. }) => None,
            other => Some(other?),
        };
        locked();
        let (control, s6_control) = open_fifos()?;
        Ok(Self { control, s6_control, locks: (lock, s6_lock) })
    }

    /// Makes the FIFOs anew if one was removed or replaced while we ran, and has them watched; the locks, too, if they are
    /// not in their places any more. True: one was.
    pub fn mend(&mut self, watch: impl Fn(Descriptor) -> Result<()>) -> core::result::Result<bool, Fault> {
        let is_heard = |path| files::is_heard_at(HERE, path);
        if is_heard(c_path!(scan::CONTROL)) && (self.s6_control.is_none() || is_heard(c_path!(scan::S6_CONTROL))) {
            return Ok(false);
        }
        let mask = files::set_umask(0);
        for directory in [c_path!(scan::SVSCAN), c_path!(scan::S6_SVSCAN)] {
            let _ = files::make_directory_at(HERE, directory, 0o755);
        }
        let opened = self.keep_locks().and_then(|()| open_fifos());
        files::set_umask(mask);
        (self.control, self.s6_control) = opened?;
        let fault = |errno| Fault { what: "watch ", file: scan::CONTROL.as_bytes(), errno };
        self.controls().try_for_each(watch).map(|()| true).map_err(fault)
    }

    /// Without the file that we have locked in its place another scanner would begin. Nobody's child has this one open: one try.
    fn keep_locks(&mut self) -> core::result::Result<(), Fault> {
        let (ours, s6) = &mut self.locks;
        for (lock, name, path) in
            [(Some(ours), scan::LOCK, c_path!(scan::LOCK)), (s6.as_mut(), scan::S6_LOCK, c_path!(scan::S6_LOCK))]
        {
            let Some(lock) = lock else { continue };
            let there = files::status_at(HERE, path).map(|status| status.identity());
            if there.is_err() || there != files::status_of(**lock).map(|status| status.identity()) {
                *lock = open_lock(name, path, 1)?;
            }
        }
        Ok(())
    }

    /// The FIFOs that letters come from.
    pub fn controls(&self) -> impl Iterator<Item = Descriptor> {
        [Some(*self.control), self.s6_control.as_deref().copied()].into_iter().flatten()
    }
}

/// A lock, which is had after so many tries at the most.
fn open_lock(name: &'static str, path: &CStr, tries: u32) -> core::result::Result<Owned, Fault> {
    let fault = |what| move |errno| Fault { what, file: name.as_bytes(), errno };
    let lock = files::open(path, O_RDWR | O_CREAT | O_NONBLOCK, 0o644).map_err(fault("open "))?;
    acquire(tries, || lock.lock()).map_err(fault("acquire "))?;
    Ok(lock)
}

/// Both control FIFOs, s6's where there can be one.
fn open_fifos() -> core::result::Result<(Owned, Option<Owned>), Fault> {
    let fault = |file: &'static str| move |errno| Fault { what: "open ", file: file.as_bytes(), errno };
    let open = |path| files::open_fifo_at(HERE, path, O_RDWR, 0o600);
    let control = open(c_path!(scan::CONTROL)).map_err(fault(scan::CONTROL))?;
    let s6_control = match open(c_path!(scan::S6_CONTROL)) {
        Err(Errno::ENOENT | Errno::ENOTDIR) => None,
        other => Some(other.map_err(fault(scan::S6_CONTROL))?),
    };
    Ok((control, s6_control))
}

/// Takes a lock, or gives up after so many tries.
fn acquire(tries: u32, lock: impl Fn() -> Result<()>) -> Result<()> {
    for _ in 1..tries {
        match lock() {
            Err(Errno::EAGAIN) => drop(wait_ready(Descriptor(-1), 0, Some(PAUSE))),
            other => return other,
        }
    }
    lock()
}

/// What is there already is as good as made.
fn made(answer: Result<()>) -> Result<()> {
    if answer == Err(Errno::EEXIST) { Ok(()) } else { answer }
}
