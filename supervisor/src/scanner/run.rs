//! The program: how the scanner begins, and what it becomes when it cannot go on.

use crate::c_path;
use crate::paths::scan;
use crate::sys::changes::{IN_CREATE, IN_DELETE, IN_MOVED_FROM, IN_MOVED_TO};
use crate::sys::crash;
use crate::sys::descriptor::{Descriptor, Owned, set_close_on_exec_from};
use crate::sys::error::Errno;
use crate::sys::event::{self, EPOLLIN, Epoll};
use crate::sys::files;
use crate::sys::message::{Level, Messages, Piece};
use crate::sys::process;
use crate::sys::seldom::Seldom;
use crate::sys::signal::{self, Signals};
use crate::sys::start::Stack;
use crate::sys::time;
use crate::sys::wait;

use super::children::Children;
use super::directory::{Directory, Fault};
use super::followed::Followed;
use super::options::{Options, Rescan};
use super::reach::Reach;
use super::record::{Record, Writer};
use super::report;
use super::table::Entries;

/// ns in a millisecond.
pub(super) const MILLISECOND: u64 = 1_000_000;
/// How soon (ns) an incomplete scan is repeated.
pub(super) const RETRY: u64 = 1000 * MILLISECOND;
/// How often (ms) the directory is scanned where inotify cannot be had.
const WITHOUT_INOTIFY: u64 = 5000;

/// What a descriptor is about, as the number that epoll keeps.
pub(super) const SIGNAL: u64 = 0;
pub(super) const CONTROL: u64 = 1;
pub(super) const CHANGE: u64 = 2;
/// A supervise that is no child of ours; its pid stands above the lowest byte.
pub(super) const FOLLOWED: u64 = 3;
/// ms before an svscan that crashed goes on.
const AFTER_CRASH: u64 = 50;
/// How long (ns) after the start supervises are looked for that a predecessor was just starting.
const SETTLED: u64 = 10_000 * MILLISECOND;
/// The wait status of one that ended unseen, which is no orderly one.
pub(super) const UNSEEN: u16 = 1;

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
    /// Not all that a predecessor has left could be looked at yet.
    pub(super) takes_over: bool,
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
    /// A name has left the directory since the last full scan.
    pub(super) is_stale: bool,
    /// There may be more to reap than was taken in one turn.
    pub(super) may_reap: bool,
    /// Whether supervises can be reached.
    pub(super) reach: Reach,
    /// What is due has to wait until then (monotonic ns): the directory could not be read.
    pub(super) not_before: u64,
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

/// The program. `seldom`: what of it only its beginning needs.
#[cold]
#[inline(never)]
pub fn run(mut stack: Stack, seldom: &Seldom) -> i32 {
    // Whoever started us may ignore some: a child's end would not be told, and children would inherit that.
    signal::reset();
    let _ = crash::execute_again();
    let mut messages = Messages::new("svscan");
    let before = begin_again(&mut messages);
    let mut children = Children::new(&mut stack, before.map(|record| record.limits));
    let is_process_1 = process::own_pid() == 1;
    // What we were started with is for us; services get 0, 1 and 2. (Before Linux 5.11 they get the rest as well.)
    let _ = set_close_on_exec_from(3);
    let options = match Options::parse((1..stack.len()).filter_map(|at| stack.argument(at))) {
        Ok(options) => options,
        Err(text) => {
            messages.tell(b"", Level::Fatal, &[Piece::Text(text)]);
            return give_up(&children, 100, is_process_1, &mut messages);
        }
    };
    // What is kept has to survive our own execution; children close it.
    let kept = options.kept.map(Descriptor);
    let _ = kept.map(|kept| kept.set_close_on_exec(false));
    children.set_up(kept, options.group);
    match Scanner::new(&options, stack, children, before) {
        // Whoever waited for readiness has been told before; the number is another file's now.
        Ok(mut scanner) => scanner.watch(options.ready.filter(|_| before.is_none()), seldom),
        Err((Fault { what, file, errno }, children)) => {
            report::fatal(&mut messages, what, file, errno, "");
            let code = if errno == Errno::EAGAIN { 100 } else { 111 };
            give_up(&children, code, is_process_1, &mut messages)
        }
    }
}

/// Our record, if we were executed again: then the working directory is the scan directory already. After a crash its
/// signal is still blocked, and a second one would be the end.
#[cold]
#[inline(never)]
fn begin_again(messages: &mut Messages) -> Option<Record> {
    let blocked = signal::set_blocked(Signals::ALL.without(Signals::FAULTS)).unwrap_or(Signals::NONE);
    // ABRT alone was blocked where it is no crash.
    let record =
        Record::read().filter(|record| Record::ours().is_some_and(|own| record.writer(&own) == Writer::Ourselves))?;
    if blocked.and(Signals::OWN_FAULTS) != Signals::NONE {
        messages.tell(b"", Level::Warning, &[Piece::Text("crashed and was executed again")]);
        // One that crashes at once must not take all the time there is.
        let _ = event::wait_ready(Descriptor(-1), 0, Some(AFTER_CRASH));
    }
    Some(record.again())
}

/// The end when nothing can be done: exit, or, as process 1, `crash`, or reaping for ever.
#[cold]
#[inline(never)]
pub(super) fn give_up(children: &Children, code: i32, is_process_1: bool, messages: &mut Messages) -> i32 {
    if !is_process_1 {
        return code;
    }
    let errno = children.replace_ourselves(&[c_path!(scan::CRASH), c_path!(scan::S6_CRASH)]);
    report::fatal(messages, "run ", scan::CRASH.as_bytes(), errno, " (only reaping from now on)");
    let _ = signal::set_blocked(Signals::ALL.without(Signals::FAULTS));
    loop {
        while wait::reap().is_some() {}
        // Nothing is left that could tell us of an orphan's end but the clock.
        let _ = event::wait_ready(Descriptor(-1), 0, Some(1000));
    }
}

impl Scanner {
    #[cold]
    #[inline(never)]
    fn new(
        options: &Options<'static>,
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
            takes_over: false,
            settled_at: (writer != Writer::Nobody).then(|| time::monotonic().saturating_add(SETTLED)),
            entries: Entries::new(
                before.is_some_and(|record| record.closed),
                before.is_some_and(|record| record.ending),
            ),
            directory,
            signals,
            epoll,
            changes: None,
            interval: None,
            is_incomplete: false,
            is_stale: false,
            may_reap: false,
            reach: Reach::new(),
            not_before: 0,
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
            report::unable(&mut self.messages, "write ", scan::STATUS.as_bytes(), errno, "");
        }
    }

    /// `again`: we are in the directory already.
    fn open(
        options: &Options<'static>,
        again: bool,
        locked: impl FnOnce(),
    ) -> Result<(Directory, Owned, Epoll), Fault> {
        let fault = |what, file: &'static [u8]| move |errno| Fault { what, file, errno };
        let faults = if options.abort_finishes { Signals::OWN_FAULTS } else { Signals::FAULTS };
        let all = Signals::ALL.without(faults);
        signal::set_blocked(all).map_err(fault("block ", b"signals"))?;
        if !again {
            files::change_directory(options.directory).map_err(fault("chdir to ", options.directory.to_bytes()))?;
        }
        let directory = Directory::open(locked)?;
        let signals = signal::signal_descriptor(all).map_err(fault("read ", b"signals"))?;
        let epoll = Epoll::new().map_err(fault("create ", b"epoll"))?;
        epoll.add(*signals, EPOLLIN, SIGNAL).map_err(fault("watch ", b"signals"))?;
        for control in directory.controls() {
            epoll.add(control, EPOLLIN, CONTROL).map_err(fault("watch ", scan::CONTROL.as_bytes()))?;
        }
        if process::own_pid() != 1 {
            // Services outlive a supervise that was killed; they are to become ours, not process 1's.
            let _ = process::become_subreaper();
        }
        Ok((directory, signals, epoll))
    }

    #[cold]
    #[inline(never)]
    fn choose_rescan(&mut self, rescan: Rescan) {
        self.interval = match rescan {
            Rescan::Never => None,
            Rescan::Every(milliseconds) => Some(milliseconds.saturating_mul(MILLISECOND)),
            Rescan::OnChange => match self.watch_directory() {
                Ok(()) => None,
                Err(errno) => {
                    report::unable(&mut self.messages, "watch the directory", b"", errno, " (scanning every 5 s)");
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
}
