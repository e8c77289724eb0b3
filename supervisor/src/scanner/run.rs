//! The scanner's loop.

use crate::c_path;
use crate::paths::scan;
use crate::sys::crash;
use crate::sys::descriptor::{Descriptor, Owned, set_close_on_exec_from};
use crate::sys::error::Errno;
use crate::sys::event::{self, EPOLLIN, Epoll, IN_CREATE, IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO};
use crate::sys::files;
use crate::sys::message::Messages;
use crate::sys::process::{self, Ended};
use crate::sys::signal::{self, Signals};
use crate::sys::start::Stack;
use crate::sys::time;

use super::adopt::Supervises;
use super::children::Children;
use super::directory::{Directory, Fault};
use super::followed::Followed;
use super::options::{Options, Rescan};
use super::orders::Orders;
use super::record::{Record, Writer};
use super::table::Entries;

/// ns in a millisecond.
const MILLISECOND: u64 = 1_000_000;
/// How soon (ns) an incomplete scan is repeated.
pub(super) const RETRY: u64 = 1000 * MILLISECOND;
/// How often (ms) the directory is scanned where inotify cannot be had.
const WITHOUT_INOTIFY: u64 = 5000;

/// What a descriptor is about, as the number that epoll keeps.
const SIGNAL: u64 = 0;
const CONTROL: u64 = 1;
const CHANGE: u64 = 2;
/// A supervise that is no child of ours; its pid stands above the lowest byte.
const FOLLOWED: u64 = 3;
/// ms before an svscan that crashed goes on.
const AFTER_CRASH: u64 = 50;
/// How long (ns) after the start supervises are looked for that a predecessor was just starting.
const SETTLED: u64 = 10_000 * MILLISECOND;
/// The wait status of one that ended unseen, which is no orderly one.
const UNSEEN: u16 = 1;

/// The scanner.
pub(super) struct Scanner {
    pub(super) messages: Messages,
    /// What we were executed with.
    pub(super) stack: Stack,
    pub(super) children: Children,
    /// Ours in the scan directory; `None` without /proc.
    pub(super) record: Option<Record>,
    /// Supervises of a predecessor that are no children of ours.
    pub(super) followed: Followed,
    /// Until then (monotonic ns) a predecessor's supervises may show up.
    pub(super) settled_at: Option<u64>,
    pub(super) entries: Entries,
    pub(super) directory: Directory,
    pub(super) signals: Owned,
    pub(super) epoll: Epoll,
    /// Tells of changes of the directory.
    pub(super) changes: Option<Owned>,
    /// ns between two scans, where the directory is polled.
    pub(super) interval: Option<u64>,
    /// The last scan could not look at everything.
    pub(super) is_incomplete: bool,
    /// There may be more to reap than was taken in one turn.
    pub(super) may_reap: bool,
    /// When the next scan is due unasked (monotonic ns).
    pub(super) scan_at: Option<u64>,
    /// The read end of the FIFO on standard error.
    pub(super) held: Option<Owned>,
    pub(super) is_process_1: bool,
    /// Nothing is started any more; once all supervises are gone, `finish` is run.
    pub(super) is_ending: bool,
    /// There was no `finish` to become.
    pub(super) is_over: bool,
}

/// The program.
pub fn run(mut stack: Stack) -> i32 {
    // Whoever started us may ignore some: a child's end would not be told, and children would inherit that.
    signal::reset();
    let _ = crash::execute_again(&stack);
    let mut messages = Messages::new("svscan");
    let before = begin_again(&mut messages);
    let children = Children::new(&mut stack, before.map(|record| record.limits));
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
    match Scanner::new(&options, stack, children, before) {
        // Whoever waited for readiness has been told before; the number is another file's now.
        Ok(mut scanner) => scanner.watch(options.ready.filter(|_| before.is_none())),
        Err((Fault { what, file, errno }, children)) => {
            messages.fatal(b"", format_args!("unable to {what} {file}: {errno}"));
            let code = if errno == Errno::EAGAIN { 100 } else { 111 };
            give_up(&children, code, is_process_1, &mut messages)
        }
    }
}

/// Our record, if we were executed again: then the working directory is the scan directory already. After a crash its
/// signal is still blocked, and a second one would be the end.
fn begin_again(messages: &mut Messages) -> Option<Record> {
    let blocked = signal::set_blocked(Signals::ALL.without(Signals::FAULTS)).unwrap_or(Signals::NONE);
    let record =
        Record::read().filter(|record| Record::ours().is_some_and(|own| record.writer(&own) == Writer::Ourselves))?;
    if blocked.and(Signals::FAULTS) != Signals::NONE {
        messages.warn(b"", format_args!("crashed and was executed again"));
        // One that crashes at once must not take all the time there is.
        let _ = event::wait_ready(Descriptor(-1), 0, Some(AFTER_CRASH));
    }
    Some(record)
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
    fn new(
        options: &Options<'_>,
        stack: Stack,
        children: Children,
        before: Option<Record>,
    ) -> Result<Self, (Fault, Children)> {
        let own = Record::ours();
        let record = before.or(own).map(|record| record.with_limits(children.limits().unwrap_or_default()));
        let mut writer = Writer::Nobody;
        // A crash from here on finds in the record that we are in the directory already.
        let locked = || {
            writer = Record::read().zip(own).map_or(Writer::Nobody, |(record, own)| record.writer(&own));
            let _ = record.map(|record| record.write());
        };
        let (directory, signals, epoll) = match Self::open(options, before.is_some(), locked) {
            Ok(opened) => opened,
            Err(fault) => return Err((fault, children)),
        };
        let mut scanner = Self {
            messages: Messages::new("svscan"),
            stack,
            record,
            children,
            followed: Followed::new(),
            settled_at: (writer != Writer::Nobody).then(|| time::monotonic().saturating_add(SETTLED)),
            entries: Entries::new(before.is_some_and(|record| record.closed)),
            directory,
            signals,
            epoll,
            changes: None,
            interval: None,
            is_incomplete: false,
            may_reap: false,
            scan_at: None,
            held: None,
            is_process_1: process::own_pid() == 1,
            is_ending: before.is_some_and(|record| record.ending),
            is_over: false,
        };
        scanner.keep(|_| ());
        scanner.choose_rescan(options.rescan);
        Ok(scanner)
    }

    /// Changes the record of what must outlive us.
    pub(super) fn keep(&mut self, change: impl FnOnce(&mut Record)) {
        let Some(record) = &mut self.record else { return };
        change(record);
        if let Err(errno) = record.write() {
            self.messages.warn(b"", format_args!("unable to write {}: {errno}", scan::STATUS));
        }
    }

    /// `again`: we are in the directory already.
    fn open(options: &Options<'_>, again: bool, locked: impl FnOnce()) -> Result<(Directory, Owned, Epoll), Fault> {
        let fault = |what, file| move |errno| Fault { what, file, errno };
        let all = Signals::ALL.without(Signals::FAULTS);
        signal::set_blocked(all).map_err(fault("block", "signals"))?;
        if !again {
            files::change_directory(options.directory).map_err(fault("chdir to", "the scan directory"))?;
        }
        let directory = Directory::open(locked)?;
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
        self.take_over();
        if let Some(code) = self.obey(Orders { scan: self.settled_at.is_none(), ..Orders::default() }) {
            return code;
        }
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

    /// The first scan after a predecessor, or a life of our own before: what runs is taken over, not started.
    fn take_over(&mut self) {
        if self.settled_at.is_none() {
            return;
        }
        let left = Supervises::find();
        self.scan_with(Some(&left));
        self.follow_strangers();
        if self.record.is_some_and(|record| record.holds) {
            self.hold_fifo();
        }
    }

    /// Supervises that were being started when the predecessor ended hold their locks by now.
    pub(super) fn look_again(&mut self) {
        if self.settled_at.is_some_and(|at| at > time::monotonic()) {
            self.entries.adopt(&Supervises::find(), time::monotonic());
            self.follow_strangers();
        }
    }

    fn follow_strangers(&mut self) {
        let (followed, epoll) = (&mut self.followed, &self.epoll);
        self.entries.follow_strangers(time::monotonic(), |pid| {
            followed.add(pid, |pidfd| epoll.add(pidfd, EPOLLIN, u64::from(pid) << 8 | FOLLOWED))
        });
    }

    /// Waits, and gathers what is to be done.
    fn wait(&mut self) -> Result<Orders, Errno> {
        let due = if self.is_ending { None } else { self.entries.due(time::monotonic()) };
        let next = match (due, self.scan_at) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        let wait = next.map(|at| at.saturating_sub(time::monotonic()).div_ceil(MILLISECOND));
        let wait = if self.may_reap { Some(0) } else { wait };
        let ready = self.epoll.wait(wait)?;
        let mut orders = Orders::default();
        for token in ready.tokens() {
            match token {
                SIGNAL => self.take_signals(&mut orders),
                CONTROL => self.take_letters(&mut orders),
                token if token & 255 == FOLLOWED => {
                    let pid = (token >> 8) as u32;
                    self.followed.remove(pid);
                    self.entries.end(Ended { pid, status: UNSEEN }, time::monotonic());
                }
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
}
