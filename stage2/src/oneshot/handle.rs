//! The engine's side of its keeper: forked before there is much to copy, given orders in batches, listened to.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use nix::sys::signal::{Signal, kill};
use nix::sys::stat::{Mode, umask};
use nix::unistd::{Pid, chdir, dup2_stdin, setsid};
use supervisor::sys::close::close_all_but;
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::event::wait_several;
use supervisor::sys::exit;
use supervisor::sys::pidfd;
use supervisor::sys::process::{Fork, fork, own_pid};

use super::channel::Channel;
use super::keeper::KeeperProcess;
use super::message::{Order, Report};
use super::outlet::Outlet;
use super::record::Records;
use crate::system::clock::monotonic;

/// Does a native step, named by its word, in a process of its own; the error is the reason.
pub type RunStep = fn(&str) -> Result<(), String>;

/// How long a keeper may take to end what the engine's death has left, in ns: the kernel needs a moment, however many
/// commands there are.
const PATIENCE: u64 = 5_000_000_000;

/// A keeper that takes no order for so many ms is stuck in a system call.
const DEAF: u16 = 10_000;

/// A keeper that works.
#[derive(Debug)]
pub struct Keeper {
    channel: Channel,
    pid: u32,
}

impl Keeper {
    /// Forks a keeper, once no earlier one can note anything any more. The process must have a single thread.
    ///
    /// `forward_to_error`: output is forwarded to standard error, because standard output shows the console's lines.
    pub fn start(notes: &Records, run_step: RunStep, forward_to_error: bool) -> io::Result<Self> {
        await_release(notes);
        let (ours, theirs) = Channel::pair()?;
        match fork().map_err(|error| io::Error::from_raw_os_error(error.into()))? {
            Fork::Child => {
                // Our own end must not survive here: it would hide the engine's death.
                let number = theirs.as_fd().as_raw_fd().unsigned_abs();
                let failed = close_all_but(&[number]).is_err();
                exit(if failed { 111 } else { keep(theirs, run_step, forward_to_error, notes.clone()) })
            }
            Fork::Parent(pid) => {
                // Whoever cannot be named is not waited for: a full disk costs that, not the boot.
                let _ = notes.name_keeper(pid);
                Ok(Self { channel: ours, pid })
            }
        }
    }

    /// Its process.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// Puts an order behind the others.
    pub fn order(&mut self, order: &Order) {
        self.channel.queue(order);
    }

    /// Sends what was ordered, in one write where the kernel takes it. False: it takes nothing any more.
    pub fn send(&mut self) -> bool {
        self.channel.flush_all(DEAF)
    }

    /// What it has told, and whether it is still there.
    pub fn listen(&mut self) -> (Vec<Report>, bool) {
        self.channel.read()
    }

    /// Waits until it has told something, or is gone, for so many ms. Answers whether it has.
    pub fn speaks_within(&self, milliseconds: u16) -> bool {
        loop {
            match poll(&mut [PollFd::new(self.channel.as_fd(), PollFlags::POLLIN)], milliseconds) {
                Err(Errno::EINTR) => {}
                answer => return answer != Ok(0),
            }
        }
    }

    /// Ends it, and with it its commands.
    pub fn kill(&self) {
        let _ = kill(Pid::from_raw(self.pid.cast_signed()), Signal::SIGKILL);
    }

    /// Hangs up, and waits until nothing that it has started runs or can still be noted.
    pub fn retire(self, notes: &Records) {
        drop(self.channel);
        await_release(notes);
    }
}

impl AsFd for Keeper {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.channel.as_fd()
    }
}

/// The whole life of the keeper's process.
fn keep(channel: Channel, run_step: RunStep, forward_to_error: bool, notes: Records) -> i32 {
    let _ = setsid();
    umask(Mode::from_bits_truncate(0o022));
    let ready = chdir("/").and_then(|()| match std::fs::File::open("/dev/null") {
        Ok(null) => dup2_stdin(null),
        Err(_) => Err(Errno::ENOENT),
    });
    if ready.is_err() {
        return 111;
    }
    let outlet = match forward_to_error {
        true => io::stderr().as_fd().try_clone_to_owned().map(|descriptor| Outlet::through(descriptor, 2)),
        false => io::stdout().as_fd().try_clone_to_owned().map(|descriptor| Outlet::through(descriptor, 1)),
    };
    let Ok(outlet) = outlet else { return 111 };
    let process = KeeperProcess::new(channel, outlet, run_step, notes);
    i32::from(process.and_then(|process| process.work(own_pid())).is_err())
}

/// Waits until the keeper that is named is not any more, or is dead, or [`PATIENCE`] is over.
fn await_release(notes: &Records) {
    if notes.keeper().is_none() {
        // As a rule. The kernel takes milliseconds to take a watch apart.
        return;
    }
    let end = monotonic().saturating_add(PATIENCE);
    let Ok(watch) = Inotify::init(InitFlags::IN_CLOEXEC | InitFlags::IN_NONBLOCK) else { return };
    if watch.add_watch(notes.directory(), AddWatchFlags::IN_DELETE).is_err() {
        return;
    }
    while let Some(process) = notes.keeper().and_then(|pid| pidfd::open(pid).ok()) {
        let left = end.saturating_sub(monotonic()) / 1_000_000;
        let happened = wait_several([*process, Descriptor(watch.as_fd().as_raw_fd())], Some(left));
        let [is_dead, _] = happened.unwrap_or_default();
        if is_dead != 0 || left == 0 {
            return;
        }
        let _ = watch.read_events();
    }
}
