//! The keeper's process: one loop over the engine's orders, the commands' output and their ends.
//!
//! It runs in a forked child of the single-threaded engine, so it may allocate; it must never return into the engine's
//! code, holds none of the engine's descriptors but its end of the channel, and never waits for a reader: neither the
//! engine nor the log may hold up other one-shots. A background process that a one-shot left behind may still hold the
//! output: then the keeper goes on forwarding when the engine is gone, or that process would die of SIGPIPE.

mod becoming;

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::mem::forget;
use std::os::fd::{AsFd, OwnedFd};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::sys::wait::WaitStatus;
use nix::unistd::{Pid, pipe2};
use supervisor::sys::wait::reap_with_cost;

use super::channel::Channel;
use super::command::{Started, Starter};
use super::handle::RunStep;
use super::held::Held;
use super::message::{Job, JobNumber, Order, Report};
use super::outlet::Outlet;
use super::record::{Outcome, Records};
use super::running::{Becoming, Running};
use crate::system::cgroup;
use crate::system::clock::monotonic;

/// epoll's words for what is no job's output.
const TOKEN_CHANNEL: u64 = u64::MAX;
const TOKEN_CHILDREN: u64 = u64::MAX - 1;
const TOKEN_OUTLET: u64 = u64::MAX - 2;
/// Events taken from the kernel at once.
const BATCH: usize = 64;
/// Bytes that wait for the engine before it is told no more lines: they are in the log, and the last ones in the outcome.
const BACKLOG: usize = 1 << 18;

/// How long the engine may be told nothing that it need not act on, in ns: waking it up takes longer than a short command.
const SILENCE: u64 = 1_000_000;
/// How long what got KILL may take to end, in ns. The engine's successor waits for it.
const MORTAL: u64 = 2_000_000_000;

/// The keeper.
pub(super) struct KeeperProcess {
    channel: Channel,
    epoll: Epoll,
    children: SignalFd,
    outlet: Outlet,
    starter: Starter,
    run_step: RunStep,
    notes: Records,
    jobs: HashMap<JobNumber, Running>,
    by_pid: HashMap<u32, JobNumber>,
    /// Jobs whose process was still in our memory when last seen, and since when.
    becoming: BTreeMap<JobNumber, u64>,
    held: Held<Job>,
    has_engine: bool,
    /// Something is to be told that the engine may have to act on.
    is_urgent: bool,
    /// Since when there is something to be told.
    silent_since: Option<u64>,
    /// When what runs without an engine is given up, in ns of CLOCK_MONOTONIC.
    gives_up_at: Option<u64>,
    /// Output is read; there is room for it.
    is_reading: bool,
    /// The engine takes no more for the moment.
    is_stuck: bool,
}

impl KeeperProcess {
    /// Begins, in a process that is set up already.
    pub fn new(channel: Channel, outlet: Outlet, run_step: RunStep, notes: Records) -> Result<Self, Errno> {
        SigSet::all().thread_set_mask()?;
        let mut mask = SigSet::empty();
        mask.add(Signal::SIGCHLD);
        let children = SignalFd::with_flags(&mask, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK)?;
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&children, EpollEvent::new(EpollFlags::EPOLLIN, TOKEN_CHILDREN))?;
        epoll.add(&channel, EpollEvent::new(EpollFlags::EPOLLIN, TOKEN_CHANNEL))?;
        let (starter, jobs, by_pid) = (Starter::new(), HashMap::new(), HashMap::new());
        let has_engine = true;
        Ok(Self {
            channel,
            epoll,
            children,
            outlet,
            starter,
            run_step,
            notes,
            jobs,
            by_pid,
            becoming: BTreeMap::new(),
            held: Held::new(),
            has_engine,
            is_urgent: false,
            silent_since: None,
            gives_up_at: None,
            is_reading: true,
            is_stuck: false,
        })
    }

    /// Works until the engine is gone, and nothing runs or speaks any more.
    pub fn work(mut self, own_pid: u32) -> Result<(), Errno> {
        while self.has_engine || !self.jobs.is_empty() || !self.outlet.is_empty() {
            self.turn()?;
            if !self.has_engine && self.by_pid.is_empty() {
                self.notes.release_keeper(own_pid);
            }
        }
        self.notes.release_keeper(own_pid);
        Ok(())
    }

    fn turn(&mut self) -> Result<(), Errno> {
        let mut happened = [EpollEvent::empty(); BATCH];
        let count = match self.epoll.wait(&mut happened, self.patience()) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => return Err(error),
        };
        let happened = &mut happened[..count];
        // Whether there is an engine is known before anything begins that it has not asked for in so many words.
        happened.sort_unstable_by_key(|event| event.data() != TOKEN_CHANNEL);
        for event in happened {
            match event.data() {
                TOKEN_CHILDREN => self.reap()?,
                TOKEN_CHANNEL => self.obey(),
                TOKEN_OUTLET => {}
                token if token % 2 == 0 => self.forward(token / 2),
                token => self.on_refusal(token / 2),
            }
        }
        if self.gives_up_at.is_some_and(|at| at <= monotonic()) {
            self.give_up();
        }
        self.outlet.flush();
        self.notice_commands();
        if !self.is_silent() {
            self.tell()?;
        }
        self.watch_outlet();
        Ok(())
    }

    /// Whether what there is to tell may wait: what comes next is known here, and it has not waited for long. An engine that
    /// takes no more is not a reason to wake up: its socket is.
    fn is_silent(&mut self) -> bool {
        if self.is_urgent || self.is_stuck || self.held.is_empty() || self.channel.backlog() == 0 {
            return false;
        }
        let now = monotonic();
        now.saturating_sub(*self.silent_since.get_or_insert(now)) < SILENCE
    }

    fn tell(&mut self) -> Result<(), Errno> {
        (self.is_urgent, self.silent_since) = (false, None);
        let is_stuck = !self.channel.flush();
        if self.has_engine && is_stuck != self.is_stuck {
            let wanted = if is_stuck { EpollFlags::EPOLLIN | EpollFlags::EPOLLOUT } else { EpollFlags::EPOLLIN };
            self.epoll.modify(&self.channel, &mut EpollEvent::new(wanted, TOKEN_CHANNEL))?;
            self.is_stuck = is_stuck;
        }
        Ok(())
    }

    /// A way out that takes no more is waited for; while too much waits, no output is read.
    fn watch_outlet(&mut self) {
        let is_reading = !self.outlet.is_full();
        if is_reading == self.is_reading && self.outlet.is_empty() {
            return;
        }
        let _ = self.epoll.delete(&self.outlet);
        if !self.outlet.is_empty() {
            let _ = self.epoll.add(&self.outlet, EpollEvent::new(EpollFlags::EPOLLOUT, TOKEN_OUTLET));
        }
        if is_reading != self.is_reading {
            self.is_reading = is_reading;
            let interest = if is_reading { EpollFlags::EPOLLIN } else { EpollFlags::empty() };
            for (number, running) in &self.jobs {
                if let Some(output) = &running.output {
                    let _ = self.epoll.modify(output, &mut EpollEvent::new(interest, number * 2));
                }
            }
        }
    }

    fn obey(&mut self) {
        let (orders, has_engine) = self.channel.read();
        for order in orders {
            match order {
                Order::Run(job) => self.take(job),
                Order::Withdraw => {
                    self.held.withdraw();
                    self.channel.queue(&Report::Withdrawn);
                    self.is_urgent = true;
                }
                Order::Kill(number) => self.signal(number, Signal::SIGKILL),
                Order::Terminate(number) => self.signal(number, Signal::SIGTERM),
            }
        }
        if self.has_engine && !has_engine {
            self.has_engine = false;
            let _ = self.epoll.delete(&self.channel);
            self.kill_all();
            self.gives_up_at = Some(monotonic().saturating_add(MORTAL));
        }
    }

    /// The engine is gone: whatever runs has nobody any more.
    fn kill_all(&self) {
        for number in self.by_pid.values() {
            if let Some(leaf) = self.jobs.get(number).and_then(|running| running.job.cgroup.as_ref()) {
                cgroup::kill_all(leaf);
            }
            self.signal(*number, Signal::SIGKILL);
        }
    }

    /// What KILL has not ended by now hangs in the kernel, perhaps for ever: it is noted as interrupted, so that no successor
    /// of the engine waits for it.
    fn give_up(&mut self) {
        self.gives_up_at = None;
        for number in std::mem::take(&mut self.by_pid).into_values() {
            let Some(mut running) = self.jobs.remove(&number) else { continue };
            // The memory that it borrows is never got back.
            self.becoming.remove(&number);
            forget(running.becoming.take());
            if self.notes.has_begun(&running.job.note) {
                self.end(number, &running.job.note, Outcome::interrupted(running.job.is_stop));
            }
        }
    }

    fn signal(&self, number: JobNumber, signal: Signal) {
        if let Some(pid) = self.jobs.get(&number).and_then(|running| running.pid) {
            // Not reaped yet, so the number is still its own. A fork that has no session yet has no group either.
            let pid = Pid::from_raw(pid.cast_signed());
            if killpg(pid, signal).is_err() {
                let _ = nix::sys::signal::kill(pid, signal);
            }
        }
    }

    /// Runs a job, or holds it.
    fn take(&mut self, job: Job) {
        let (number, after) = (job.number, job.after.clone());
        let jobs = &self.jobs;
        let runs = |number| jobs.get(&number).is_some_and(|running| running.pid.is_some());
        if let Some(job) = self.held.take(number, &after, runs, job) {
            self.run(job);
        }
    }

    fn run(&mut self, job: Job) {
        let (number, is_stop, note) = (job.number, job.is_stop, job.note.clone());
        if let Err(reason) = self.start(job) {
            let outcome = Outcome::failed(reason, is_stop);
            self.end(number, &note, outcome);
        }
    }

    fn start(&mut self, job: Job) -> Result<(), String> {
        let number = job.number;
        if self.starter.is_full() {
            self.make_room();
        }
        let (output, output_write) = pipe().map_err(|error| format!("unable to start: {}", error.desc()))?;
        let started = self.starter.start(&job, &output_write, self.run_step, &self.notes)?;
        self.listen(&output, number * 2);
        let (pid, becoming) = match started {
            Started::Borrowing(beginning) => {
                self.becoming.insert(number, monotonic());
                (beginning.pid(), Becoming::Borrowing(beginning))
            }
            Started::Forked(pid, refusal) => {
                self.listen(&refusal, number * 2 + 1);
                (pid, Becoming::Forked(File::from(refusal)))
            }
        };
        self.by_pid.insert(pid, number);
        self.jobs.insert(number, Running::new(job, pid, output, becoming));
        Ok(())
    }

    fn listen(&self, descriptor: &OwnedFd, token: u64) {
        let _ = self.epoll.add(descriptor, EpollEvent::new(EpollFlags::EPOLLIN, token));
    }

    /// Forwards whole lines, as many as there are.
    fn forward(&mut self, number: JobNumber) {
        self.forward_more(number, false);
        if let Some(running) = self.jobs.get(&number)
            && running.output.is_none()
            && running.pid.is_none()
        {
            self.jobs.remove(&number);
        }
    }

    fn forward_more(&mut self, number: JobNumber, is_last: bool) {
        let Some(running) = self.jobs.get_mut(&number) else { return };
        for line in running.read_output(is_last) {
            self.outlet.push(&running.job.unit, &line);
            if running.pid.is_some() && self.channel.backlog() < BACKLOG {
                self.channel.queue(&Report::Output(number, line));
            }
        }
    }

    fn reap(&mut self) -> Result<(), Errno> {
        while self.children.read_signal()?.is_some() {}
        while let Some((ended, used_ns)) = reap_with_cost() {
            if let Some(number) = self.by_pid.remove(&ended.pid) {
                let status = WaitStatus::from_raw(Pid::from_raw(ended.pid.cast_signed()), ended.status.into())?;
                self.on_end(number, (status, used_ns));
            }
        }
        Ok(())
    }

    /// A job's process has ended: what it said is forwarded, then its outcome is noted and told.
    fn on_end(&mut self, number: JobNumber, end: (WaitStatus, u64)) {
        self.forward_more(number, true);
        if self.becoming.contains_key(&number) {
            self.notice_command(number);
        }
        let Some(running) = self.jobs.get_mut(&number) else { return };
        running.pid = None;
        let outcome = running.outcome(end, !self.has_engine, &mut self.starter);
        let note = running.job.note.clone();
        // A step that was cut off is begun again: it is idempotent.
        let is_to_be_noted = self.has_engine || outcome.reason.is_none() || self.notes.has_begun(&note);
        if running.output.is_none() {
            self.jobs.remove(&number);
        }
        if is_to_be_noted {
            self.end(number, &note, outcome);
        }
    }

    /// What comes after an end that could not be noted is left to the engine: were we killed before it heard of that end, it
    /// would take the command for cut off, and what came after it for not begun.
    fn end(&mut self, number: JobNumber, note: &str, outcome: Outcome) {
        let noted = self.notes.note_outcome(note, &outcome);
        let may_go_on = outcome.reason.is_none() && noted.is_ok();
        self.is_urgent |= !may_go_on || !self.held.is_awaited(number);
        match noted {
            Ok(()) => self.channel.queue(&Report::Done(number, outcome)),
            Err(error) => {
                self.outlet.push(note, &format!("warning: unable to note its end: {error}"));
                self.channel.queue(&Report::Unnoted(number, outcome));
            }
        }
        for job in self.held.release(number, may_go_on && self.has_engine) {
            self.run(job);
        }
    }
}

/// What a job's output comes through: our end, and its.
fn pipe() -> Result<(OwnedFd, OwnedFd), Errno> {
    let (output, output_write) = pipe2(OFlag::O_CLOEXEC)?;
    fcntl(output.as_fd(), FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok((output, output_write))
}
