//! What the scanner does when it is told: by letters, by signals, by the end of a process.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::{OOM_VARIABLE, scan};
use crate::sys::crash;
use crate::sys::descriptor::{HERE, STDERR};
use crate::sys::error::Errno;
use crate::sys::event::EPOLLIN;
use crate::sys::files::{self, O_NONBLOCK, O_RDONLY};
use crate::sys::message::{Level, Piece};
use crate::sys::text::Text;
use crate::sys::time;
use crate::sys::wait;

use super::adopt::Supervises;
use super::children::NotStarted;
use super::directory::Fault;
use super::orders::{Orders, handler_name};
use super::report;
use super::run::{CONTROL, RETRY, Scanner};
use super::table::Entries;
use super::walk::Walk;

/// Most processes reaped before anything else is looked at.
const TURN: u32 = 256;
/// The wait status of a supervise that could not get its lock: exit code 111.
const REFUSED: u16 = 111 << 8;

impl Scanner {
    /// Runs the signal's handler; false when there is none.
    #[cold]
    #[inline(never)]
    pub(super) fn run_handler(&mut self, signal: u32) -> bool {
        let Some(name) = handler_name(signal) else { return false };
        [scan::HANDLER, scan::S6_HANDLER].iter().any(|place| {
            let mut path = Text::<64>::new();
            path.push(place.as_bytes());
            path.push(name.bytes());
            let Some(path) = path.c_str().filter(|path| files::executable_at(HERE, path).is_ok()) else { return false };
            let oom = self.stack.variable(OOM_VARIABLE.as_bytes());
            if let Err(NotStarted::Forked(errno) | NotStarted::Executed(errno)) = self.children.handler(path, oom) {
                report::unable(&mut self.messages, "run ", path.to_bytes(), errno, "");
            }
            true
        })
    }

    /// Does what is to be done; a number is the exit code.
    pub(super) fn obey(&mut self, orders: Orders) -> Option<i32> {
        self.reap();
        if orders.hold {
            self.hold_fifo();
            self.keep(|record| record.holds = true);
        }
        if orders.close {
            self.close_pipes();
        }
        if orders.scan || (orders.prune && self.is_stale) {
            self.scan();
        }
        if orders.prune {
            self.entries.end_supervises(&self.followed, true, orders.prune_loggers);
        }
        if orders.terminate || orders.quit {
            self.is_ending = true;
            self.keep(|record| record.ending = true);
            self.entries.end_supervises(&self.followed, false, orders.quit);
        }
        if orders.finish || (self.is_ending && !self.is_over && !self.takes_over && self.entries.are_dead()) {
            return self.finish();
        }
        if orders.again {
            let errno = crash::execute_now(&self.stack);
            report::unable(&mut self.messages, "execute svscan again", b"", errno, "");
        }
        let now = time::monotonic();
        if !self.is_ending && self.due(now).is_some_and(|at| at <= now) {
            self.serve(None);
        }
        None
    }

    /// Reaps, at most so many in a turn: orphans may come as fast as they are reaped.
    #[inline(never)]
    pub(super) fn reap(&mut self) {
        let mut refused = false;
        let mut count = 0;
        while count < TURN
            && let Some(ended) = wait::reap()
        {
            refused |= ended.status == REFUSED;
            self.entries.end(ended, time::monotonic());
            count += 1;
        }
        self.may_reap = count == TURN;
        if refused {
            self.look_again();
        }
    }

    #[cold]
    #[inline(never)]
    pub(super) fn close_pipes(&mut self) {
        self.keep(|record| (record.holds, record.closed) = (false, true));
        self.held = None;
        let now = time::monotonic();
        self.entries.hasten_loggers(now);
        self.serve(None);
        self.entries.close_pipes();
    }

    /// When (monotonic ns) something is to be started, told or looked at.
    pub(super) fn due(&self, now: u64) -> Option<u64> {
        let due = [self.entries.due(now), self.reach.due()].into_iter().flatten().min();
        due.map(|at| at.max(self.not_before))
    }

    /// Scans the whole directory.
    fn scan(&mut self) {
        if self.takes_over { self.take_over() } else { self.scan_with(None) }
    }

    /// Scans the whole directory. `left`: what a predecessor has left.
    pub(super) fn scan_with(&mut self, left: Option<&Supervises>) {
        self.is_stale = false;
        self.mend();
        self.reach.want();
        self.is_incomplete = self.walk_all(left, true, Entries::scan);
        let pause = if self.is_incomplete { Some(RETRY) } else { self.interval };
        self.scan_at = pause.map(|pause| time::monotonic().saturating_add(pause));
    }

    /// Whoever asked for this scan may have been the only one that still reaches us.
    fn mend(&mut self) {
        let epoll = &self.epoll;
        match self.directory.mend(|fifo| epoll.add(fifo, EPOLLIN, CONTROL)) {
            Ok(false) => (),
            Ok(true) => {
                let text = Piece::Text("made .svscan/control anew (it was removed or replaced)");
                self.messages.tell(b"", Level::Warning, &[text]);
                self.keep(|_| ());
            }
            Err(Fault { what, file, errno }) => report::unable(&mut self.messages, what, file, errno, ""),
        }
    }

    /// Starts and tells what is due.
    pub(super) fn serve(&mut self, left: Option<&Supervises>) {
        if self.walk_all(left, false, Entries::serve) {
            self.not_before = time::monotonic().saturating_add(RETRY);
        }
    }

    /// A name has come into the directory.
    pub(super) fn look(&mut self, name: &CStr) {
        if self.is_ending || self.takes_over {
            return;
        }
        // A service that comes back may have been left by a supervise that has others.
        let (is_incomplete, is_early) = self.walk(None, true, true, |entries, walk| entries.look(name, walk));
        if is_early {
            self.reach.end(time::monotonic(), 1, true);
        }
        self.is_incomplete |= is_incomplete;
        if is_incomplete {
            self.scan_at = Some(time::monotonic().saturating_add(RETRY));
        }
    }

    /// Walks through the whole directory. True: there was something that could not be looked at.
    fn walk_all(
        &mut self,
        left: Option<&Supervises>,
        takes_new: bool,
        act: impl FnOnce(&mut Entries, &mut Walk<'_>),
    ) -> bool {
        // A predecessor's supervise that nobody holds by a pidfd yet is sent no signal.
        let reaches = left.is_none() && self.reach.begin(time::monotonic());
        let (is_incomplete, is_early) = self.walk(left, takes_new, reaches, act);
        if reaches {
            self.reach.end(time::monotonic(), self.entries.entries.len(), is_incomplete || is_early);
        }
        is_incomplete
    }

    /// Whether there was something that could not be looked at, and something to be looked at again.
    fn walk(
        &mut self,
        left: Option<&Supervises>,
        takes_new: bool,
        reaches: bool,
        act: impl FnOnce(&mut Entries, &mut Walk<'_>),
    ) -> (bool, bool) {
        let mut walk = Walk {
            children: (!self.is_ending).then_some(&self.children),
            messages: &mut self.messages,
            followed: &self.followed,
            now: time::monotonic(),
            takes_new,
            reaches,
            left,
            quiet: self.is_incomplete,
            is_full: false,
            is_incomplete: false,
            is_early: false,
        };
        act(&mut self.entries, &mut walk);
        (walk.is_incomplete, walk.is_early)
    }

    #[cold]
    #[inline(never)]
    pub(super) fn hold_fifo(&mut self) {
        if !files::status_of(STDERR).is_ok_and(|status| status.is_fifo()) {
            return;
        }
        match files::open(c"/proc/self/fd/2", O_RDONLY | O_NONBLOCK, 0) {
            Ok(fifo) => self.held = Some(fifo),
            Err(errno) => report::unable(&mut self.messages, "hold standard error", b"", errno, ""),
        }
    }

    /// Becomes `finish`. Without one we exit, but as process 1 go on reaping.
    #[cold]
    #[inline(never)]
    pub(super) fn finish(&mut self) -> Option<i32> {
        let errno = self.children.replace_ourselves(&[c_path!(scan::FINISH), c_path!(scan::S6_FINISH)]);
        if errno != Errno::ENOENT || self.is_process_1 {
            report::unable(&mut self.messages, "run ", scan::FINISH.as_bytes(), errno, "");
        }
        self.is_over = true;
        (!self.is_process_1).then_some(0)
    }
}
