//! The scanner's loop.

use crate::c_path;
use crate::paths::scan;
use crate::sys::descriptor::{Descriptor, HERE, Owned, set_close_on_exec_from};
use crate::sys::error::Errno;
use crate::sys::event::{self, EPOLLIN, Epoll, IN_CREATE, IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO};
use crate::sys::files::{self, O_NONBLOCK, O_RDONLY};
use crate::sys::message::Messages;
use crate::sys::process;
use crate::sys::signal::{self, Disposition, Signals};
use crate::sys::start::Stack;
use crate::sys::text::{Shown, Text};
use crate::sys::time;

use super::children::Children;
use super::directory::{Directory, Fault};
use super::options::{Options, Rescan};
use super::orders::{Orders, handler_name};
use super::table::Entries;

/// ns in a millisecond.
const MILLISECOND: u64 = 1_000_000;
/// How soon (ns) an incomplete scan is repeated.
const RETRY: u64 = 1000 * MILLISECOND;
/// How often (ms) the directory is scanned where inotify cannot be had.
const WITHOUT_INOTIFY: u64 = 5000;

/// What a descriptor is about, as the number that epoll keeps.
const SIGNAL: u64 = 0;
const CONTROL: u64 = 1;
const CHANGE: u64 = 2;

/// The scanner.
struct Scanner {
    messages: Messages,
    children: Children,
    entries: Entries,
    directory: Directory,
    signals: Owned,
    epoll: Epoll,
    /// Tells of changes of the directory.
    changes: Option<Owned>,
    /// ns between two scans, where the directory is polled.
    interval: Option<u64>,
    /// When the next scan is due unasked (monotonic ns).
    scan_at: Option<u64>,
    /// The read end of the FIFO on standard error.
    held: Option<Owned>,
    is_process_1: bool,
    /// Nothing is started any more; once all supervises are gone, `finish` is run.
    is_ending: bool,
    /// There was no `finish` to become.
    is_over: bool,
}

/// The program.
pub fn run(mut stack: Stack) -> i32 {
    let mut messages = Messages::new("svscan");
    let children = Children::new(&mut stack);
    let is_process_1 = process::own_pid() == 1;
    // What we were started with is for us; services get 0, 1 and 2. (Before Linux 5.11 they get the rest as well.)
    let _ = set_close_on_exec_from(3);
    let options = match Options::parse((1..stack.len()).filter_map(|at| stack.argument(at))) {
        Ok(options) => options,
        Err(text) => {
            messages.fatal(b"", format_args!("{text}"));
            return give_up(&children, 100, is_process_1, &mut messages);
        }
    };
    match Scanner::new(&options, children) {
        Ok(mut scanner) => scanner.watch(options.ready),
        Err((Fault { what, file, errno }, children)) => {
            messages.fatal(b"", format_args!("unable to {what} {file}: {errno}"));
            let code = if errno == Errno::EAGAIN { 100 } else { 111 };
            give_up(&children, code, is_process_1, &mut messages)
        }
    }
}

/// The end when nothing can be done: exit, or, as process 1, `crash`, or reaping for ever.
fn give_up(children: &Children, code: i32, is_process_1: bool, messages: &mut Messages) -> i32 {
    if !is_process_1 {
        return code;
    }
    let errno = children.replace_ourselves(c_path!(scan::CRASH));
    messages.fatal(b"", format_args!("unable to run {}: {errno} (only reaping from now on)", scan::CRASH));
    let _ = signal::set_blocked(Signals::ALL.without(Signals::FAULTS));
    loop {
        while process::reap().is_some() {}
        // Nothing is left that could tell us of an orphan's end but the clock.
        let _ = event::wait_ready(Descriptor(-1), 0, Some(1000));
    }
}

impl Scanner {
    fn new(options: &Options<'_>, children: Children) -> Result<Self, (Fault, Children)> {
        match Self::open(options) {
            Ok((directory, signals, epoll)) => {
                let mut scanner = Self {
                    messages: Messages::new("svscan"),
                    children,
                    entries: Entries::new(),
                    directory,
                    signals,
                    epoll,
                    changes: None,
                    interval: None,
                    scan_at: None,
                    held: None,
                    is_process_1: process::own_pid() == 1,
                    is_ending: false,
                    is_over: false,
                };
                scanner.choose_rescan(options.rescan);
                Ok(scanner)
            }
            Err(fault) => Err((fault, children)),
        }
    }

    fn open(options: &Options<'_>) -> Result<(Directory, Owned, Epoll), Fault> {
        let fault = |what, file| move |errno| Fault { what, file, errno };
        let all = Signals::ALL.without(Signals::FAULTS);
        // Whoever started us may ignore it, and then no child's end would be told.
        signal::set_disposition(signal::SIGCHLD, Disposition::Default).map_err(fault("hear", "signals"))?;
        signal::set_blocked(all).map_err(fault("block", "signals"))?;
        files::change_directory(options.directory).map_err(fault("chdir to", "the scan directory"))?;
        let directory = Directory::open()?;
        let signals = signal::signal_descriptor(all).map_err(fault("read", "signals"))?;
        let epoll = Epoll::new().map_err(fault("create", "epoll"))?;
        epoll.add(*signals, EPOLLIN, SIGNAL).map_err(fault("watch", "signals"))?;
        epoll.add(*directory.control, EPOLLIN, CONTROL).map_err(fault("watch", scan::CONTROL))?;
        if process::own_pid() != 1 {
            // Services outlive a supervise that was killed; they are to become ours, not process 1's.
            let _ = process::become_subreaper();
        }
        Ok((directory, signals, epoll))
    }

    fn choose_rescan(&mut self, rescan: Rescan) {
        self.interval = match rescan {
            Rescan::Never => None,
            Rescan::Every(milliseconds) => Some(milliseconds.saturating_mul(MILLISECOND)),
            Rescan::OnChange => match self.watch_directory() {
                Ok(()) => None,
                Err(errno) => {
                    let text = format_args!("unable to watch the directory: {errno} (scanning every 5 s)");
                    self.messages.warn(b"", text);
                    Some(WITHOUT_INOTIFY * MILLISECOND)
                }
            },
        };
    }

    fn watch_directory(&mut self) -> Result<(), Errno> {
        let changes = event::inotify()?;
        event::inotify_watch(*changes, c".", IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO)?;
        self.epoll.add(*changes, EPOLLIN, CHANGE)?;
        self.changes = Some(changes);
        Ok(())
    }

    fn watch(&mut self, ready: Option<i32>) -> i32 {
        self.scan();
        self.entries.start(&self.children, time::monotonic(), &mut self.messages);
        if let Some(fd) = ready.map(Owned::adopt) {
            let _ = fd.write(b"\n");
        }
        loop {
            let orders = match self.wait() {
                Ok(orders) => orders,
                Err(errno) => {
                    self.messages.fatal(b"", format_args!("unable to wait: {errno}"));
                    return give_up(&self.children, 111, self.is_process_1, &mut self.messages);
                }
            };
            if let Some(code) = self.obey(orders) {
                return code;
            }
        }
    }

    /// Waits, and gathers what is to be done.
    fn wait(&mut self) -> Result<Orders, Errno> {
        let due = if self.is_ending { None } else { self.entries.due() };
        let next = match (due, self.scan_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let wait = next.map(|at| at.saturating_sub(time::monotonic()).div_ceil(MILLISECOND));
        let ready = self.epoll.wait(wait)?;
        let mut orders = Orders::default();
        for token in ready.tokens() {
            match token {
                SIGNAL => self.take_signals(&mut orders),
                CONTROL => self.take_letters(&mut orders),
                _ => {
                    self.changes.as_ref().inspect(|changes| event::drain(***changes));
                    orders.scan = true;
                }
            }
        }
        orders.scan |= self.scan_at.is_some_and(|at| at <= time::monotonic());
        Ok(orders)
    }

    fn take_letters(&mut self, orders: &mut Orders) {
        let mut letters = [0; 64];
        let size = self.directory.control.read(&mut letters).unwrap_or(0);
        letters.iter().take(size).for_each(|&letter| orders.take(letter));
    }

    fn take_signals(&mut self, orders: &mut Orders) {
        while let Some(signal) = signal::next_signal(*self.signals) {
            if !self.run_handler(signal)
                && let Some(letter) = Orders::letter_of(signal, self.is_process_1)
            {
                orders.take(letter);
            }
        }
    }

    /// Runs the signal's handler; false when there is none.
    fn run_handler(&mut self, signal: u32) -> bool {
        let Some(name) = handler_name(signal) else { return false };
        let mut path = Text::<64>::new();
        path.push(scan::HANDLER.as_bytes());
        path.push(name.bytes());
        let Some(path) = path.c_str() else { return false };
        if files::executable_at(HERE, path).is_err() {
            return false;
        }
        if let Err(errno) = self.children.handler(path) {
            self.messages.warn(b"", format_args!("unable to run {}: {errno}", Shown(path.to_bytes())));
        }
        true
    }

    /// Does what is to be done; a number is the exit code.
    fn obey(&mut self, orders: Orders) -> Option<i32> {
        while let Some(ended) = process::reap() {
            self.entries.end(ended, time::monotonic());
        }
        if orders.hold {
            self.hold_fifo();
        }
        if orders.close {
            self.held = None;
            self.entries.close_pipes();
        }
        if orders.scan {
            self.scan();
        }
        if orders.prune {
            self.entries.end_supervises(true, orders.prune_loggers);
        }
        if orders.terminate || orders.quit {
            self.is_ending = true;
            self.entries.end_supervises(false, orders.quit);
        }
        if orders.finish || (self.is_ending && !self.is_over && self.entries.are_dead()) {
            return self.finish();
        }
        if !self.is_ending {
            self.entries.start(&self.children, time::monotonic(), &mut self.messages);
        }
        None
    }

    fn scan(&mut self) {
        let complete = self.entries.scan(&mut self.messages);
        let pause = if complete { self.interval } else { Some(RETRY) };
        self.scan_at = pause.map(|pause| time::monotonic().saturating_add(pause));
    }

    fn hold_fifo(&mut self) {
        match files::open(c"/proc/self/fd/2", O_RDONLY | O_NONBLOCK, 0) {
            Ok(fifo) => self.held = Some(fifo),
            Err(errno) => self.messages.warn(b"", format_args!("unable to hold standard error: {errno}")),
        }
    }

    /// Becomes `finish`. Without one we exit, but as process 1 go on reaping.
    fn finish(&mut self) -> Option<i32> {
        let errno = self.children.replace_ourselves(c_path!(scan::FINISH));
        if errno != Errno::ENOENT || self.is_process_1 {
            self.messages.warn(b"", format_args!("unable to run {}: {errno}", scan::FINISH));
        }
        self.is_over = true;
        (!self.is_process_1).then_some(0)
    }
}
