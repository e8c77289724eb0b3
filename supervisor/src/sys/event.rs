//! Waiting: epoll, poll, inotify, dnotify, timers, pipes. Everything is close-on-exec.

use core::ffi::CStr;

use linux_raw_sys::general as abi;
use syscalls::{Sysno, syscall};

use super::descriptor::{Descriptor, Owned};
use super::error::{Errno, Result};

pub use linux_raw_sys::general::{
    EPOLLERR, EPOLLHUP, EPOLLIN, EPOLLOUT, IN_CREATE, IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO,
};

/// A descriptor of epoll, with a number of ours for each watched one.
#[derive(Debug)]
pub struct Epoll(Owned);

/// Most events taken at once.
pub const BATCH: usize = 16;

/// Numbers of the descriptors on which something happened.
#[derive(Clone, Copy, Debug)]
pub struct Ready {
    events: [abi::epoll_event; BATCH],
    count: usize,
}

impl Ready {
    /// The numbers that were given to [`Epoll::add`].
    pub fn tokens(&self) -> impl Iterator<Item = u64> + '_ {
        self.events.iter().take(self.count).map(|event| event.data)
    }
}

impl Epoll {
    /// Watches nothing yet.
    pub fn new() -> Result<Self> {
        // SAFETY: no memory is passed.
        Ok(Self(Owned::from_call(unsafe { syscall!(Sysno::epoll_create1, abi::EPOLL_CLOEXEC) }?)))
    }

    /// Watches a descriptor for `events` under a number of the caller's. Closing the descriptor ends it.
    pub fn add(&self, fd: Descriptor, events: u32, token: u64) -> Result<()> {
        let event = abi::epoll_event { events, data: token };
        // SAFETY: the kernel reads one `epoll_event`.
        unsafe { syscall!(Sysno::epoll_ctl, self.0.0, abi::EPOLL_CTL_ADD, fd.0, &raw const event) }?;
        Ok(())
    }

    /// Watches a descriptor no more.
    pub fn remove(&self, fd: Descriptor) {
        // SAFETY: EPOLL_CTL_DEL takes no event.
        let _ = unsafe { syscall!(Sysno::epoll_ctl, self.0.0, abi::EPOLL_CTL_DEL, fd.0, 0) };
    }

    /// Waits for at most `milliseconds` (`None`: for ever). An interruption is an empty answer.
    pub fn wait(&self, milliseconds: Option<u64>) -> Result<Ready> {
        let timeout = milliseconds.map_or(-1, |ms| ms.min(i32::MAX as u64) as isize);
        let mut ready = Ready { events: [abi::epoll_event { events: 0, data: 0 }; BATCH], count: 0 };
        let events = ready.events.as_mut_ptr();
        // SAFETY: the kernel writes at most BATCH events to the array; the null mask changes nothing.
        match unsafe { syscall!(Sysno::epoll_pwait, self.0.0, events, BATCH, timeout, 0, 8) } {
            Ok(count) => ready.count = count,
            Err(e) if Errno::from(e) == Errno::EINTR => (),
            Err(e) => return Err(e.into()),
        }
        Ok(ready)
    }
}

/// Waits until one descriptor is ready for `events` (POLLIN is EPOLLIN, …); false when time was up.
pub fn wait_ready(fd: Descriptor, events: u32, milliseconds: Option<u64>) -> Result<bool> {
    let mut awaited = [Awaited(abi::pollfd { fd: fd.0, events: events as i16, revents: 0 })];
    wait_any(&mut awaited, milliseconds)?;
    Ok(awaited[0].happened() != 0)
}

/// Waits until one of several descriptors is readable (or hung up); gives what is the case of each, nothing when time
/// was up or a signal came. Unlike epoll it takes plain files, which always are.
pub fn wait_several<const N: usize>(fds: [Descriptor; N], milliseconds: Option<u64>) -> Result<[u32; N]> {
    let mut awaited = fds.map(Awaited::new);
    wait_any(&mut awaited, milliseconds)?;
    Ok(awaited.map(Awaited::happened))
}

/// A descriptor that is waited for, and what is the case of it.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub struct Awaited(abi::pollfd);

impl Awaited {
    /// Until it is readable, or hung up. One that is no descriptor (-1) is not looked at.
    pub const fn new(fd: Descriptor) -> Self {
        Self(abi::pollfd { fd: fd.0, events: EPOLLIN as i16, revents: 0 })
    }

    /// What is the case of it after a wait; 0: nothing.
    pub const fn happened(self) -> u32 {
        self.0.revents as u16 as u32
    }
}

/// The same for any number of them, each made anew: a signal ends the wait and leaves them as they were.
pub fn wait_any(awaited: &mut [Awaited], milliseconds: Option<u64>) -> Result<()> {
    let limit = milliseconds
        .map(|ms| abi::__kernel_timespec { tv_sec: (ms / 1000) as _, tv_nsec: (ms % 1000 * 1_000_000) as _ });
    let pointer = limit.as_ref().map_or(core::ptr::null(), core::ptr::from_ref);
    // SAFETY: the kernel reads as many `pollfd`s as there are and writes their `revents`; the limit, if any, is one timespec
    // that lives until after the call.
    match unsafe { syscall!(Sysno::ppoll, awaited.as_mut_ptr(), awaited.len(), pointer, 0, 8) }.map_err(Errno::from) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(errno) => Err(errno),
    }
}

/// Both ends of a pipe, reading end first.
pub fn pipe() -> Result<(Owned, Owned)> {
    let mut ends = [0i32; 2];
    // SAFETY: the kernel writes two ints.
    unsafe { syscall!(Sysno::pipe2, ends.as_mut_ptr(), abi::O_CLOEXEC) }?;
    let [read, write] = ends;
    Ok((Owned::adopt(read), Owned::adopt(write)))
}

/// A non-blocking inotify descriptor.
pub fn inotify() -> Result<Owned> {
    // SAFETY: no memory is passed.
    Ok(Owned::from_call(unsafe { syscall!(Sysno::inotify_init1, abi::O_CLOEXEC | abi::O_NONBLOCK) }?))
}

/// Watches a path for `events`; gives the watch's number.
pub fn inotify_watch(fd: Descriptor, path: &CStr, events: u32) -> Result<i32> {
    // SAFETY: `path` is a terminated string that outlives the call.
    Ok(unsafe { syscall!(Sysno::inotify_add_watch, fd.0, path.as_ptr(), events) }? as i32)
}

/// Has SIGIO sent to this process when a name next comes into an open directory, new or renamed. Of inotify's descriptors a user
/// has 128; of this there may be one for every open directory.
pub fn signal_next_arrival(directory: Descriptor) -> Result<()> {
    // SAFETY: no memory is passed.
    unsafe { syscall!(Sysno::fcntl, directory.0, abi::F_NOTIFY, abi::DN_CREATE) }?;
    Ok(())
}

/// Throws away what a non-blocking descriptor has to say; bounded, because more may come as fast as it is read.
pub fn drain(fd: Descriptor) {
    let mut buffer = [0; 512];
    for _ in 0..64 {
        if !matches!(fd.read(&mut buffer), Ok(1..)) {
            return;
        }
    }
}

/// A timer on CLOCK_MONOTONIC, non-blocking.
pub fn timer() -> Result<Owned> {
    // SAFETY: no memory is passed.
    let fd = unsafe { syscall!(Sysno::timerfd_create, abi::CLOCK_MONOTONIC, abi::O_CLOEXEC | abi::O_NONBLOCK) }?;
    Ok(Owned::from_call(fd))
}

/// Lets a timer fire once at a time of CLOCK_MONOTONIC in ns; 0 stops it.
pub fn set_timer(fd: Descriptor, at: u64) -> Result<()> {
    let zero = abi::__kernel_timespec { tv_sec: 0, tv_nsec: 0 };
    let value = abi::__kernel_timespec { tv_sec: (at / 1_000_000_000) as _, tv_nsec: (at % 1_000_000_000) as _ };
    let setting = abi::__kernel_itimerspec { it_interval: zero, it_value: value };
    // SAFETY: the kernel reads one `itimerspec`; the old one is not asked for.
    unsafe { syscall!(Sysno::timerfd_settime, fd.0, abi::TFD_TIMER_ABSTIME, &raw const setting, 0) }?;
    Ok(())
}
