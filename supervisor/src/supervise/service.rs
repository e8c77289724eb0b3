//! One service: carries out what its machine asks for, and tells the machine what happened.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::service as names;
use crate::status::{LastExit, SIZE, Status};
use crate::sys::descriptor::Owned;
use crate::sys::error::Errno;
use crate::sys::event::EPOLLIN;
use crate::sys::message::Level;
use crate::sys::process;
use crate::sys::text::{Shown, Text};
use crate::sys::{files, signal};

use super::action::{Action, Target};
use super::child::{Report, exit_code};
use super::context::{Context, Source};
use super::directory::{Directory, Fault};
use super::event::{Event, SECOND};
use super::group;
use super::machine::Machine;
use super::settings;

/// `run`, as it is executed.
pub(super) const RUN: &CStr = c"./run";
/// `finish`, as it is executed.
pub(super) const FINISH: &CStr = c"./finish";

/// One service and its open files.
#[derive(Debug)]
pub struct Service {
    /// Its number in the table.
    index: usize,
    /// What `run` is told as its name: the directory's name.
    pub(super) name: &'static CStr,
    /// Its name in messages.
    pub(super) shown: Text<64>,
    pub(super) directory: Directory,
    machine: Machine,
    /// The record on disk.
    published: [u8; SIZE],
    /// Kept across restarts, so that the FIFO never is without a reader.
    pub(super) stdin: Option<Owned>,
    /// Writing end of the gate, while a child waits at it.
    pub(super) gate: Option<Owned>,
    /// Reading end of the close-on-exec pipe, while a child is on its way to its exec.
    pub(super) report: Option<Owned>,
    /// Reading end of the readiness pipe.
    pub(super) notify: Option<Owned>,
    /// The adopted process, which is not our child.
    follow: Option<Owned>,
    /// Its program, for messages.
    pub(super) program: &'static CStr,
    /// It only reads what is left, and its input stays non-blocking, so that "nothing there" looks like an end to it.
    drains: bool,
}

impl Service {
    /// Takes a service over. The machine has not begun yet: see [`Service::begin`].
    pub fn open(index: usize, path: &'static CStr, drains: bool, context: &Context) -> Result<Self, Fault> {
        let (directory, died) = Directory::open(path)?;
        let normally_up = directory.is_normally_up();
        let machine = match directory.record().filter(|_| died) {
            Some(status) => Machine::from_status(Status { normally_up, ..status }),
            None => Machine::new(normally_up),
        };
        let source = Source::Control(index);
        let watched = context.epoll.add(*directory.control, EPOLLIN, source.token());
        watched.map_err(|errno| Fault { what: "unable to watch ", file: names::CONTROL, errno })?;
        let name = last_part(path);
        Ok(Self {
            index,
            name,
            shown: shown(name),
            directory,
            machine,
            published: [0; SIZE],
            stdin: None,
            gate: None,
            report: None,
            notify: None,
            follow: None,
            program: RUN,
            drains,
        })
    }

    /// Adopts the predecessor's process, or starts.
    pub fn begin(&mut self, context: &mut Context) -> bool {
        self.open_stdin(context);
        let status = *self.machine.status();
        if status.pid > 0
            && process::start_ticks(status.pid) == Some(status.start_ticks)
            && self.adopt(status.pid, context)
        {
            return self.handle(Event::Adopted(settings::read(*self.directory.service)), context)
                && (!self.drains || self.handle(Event::Drain, context));
        }
        if self.drains {
            self.machine = Machine::new(status.normally_up);
            return self.handle(Event::Drain, context);
        }
        if status.pid > 0 {
            // It ended unseen: the same as if it had been adopted and had ended then.
            let settings = settings::read(*self.directory.service);
            return self.handle(Event::Adopted(settings), context)
                && self.handle(Event::Ended(status.pid, LastExit::Unknown), context);
        }
        self.handle(Event::Begin, context)
    }

    fn adopt(&mut self, pid: u32, context: &mut Context) -> bool {
        let Ok(follow) = process::pidfd_open(pid) else { return false };
        let watched = context.epoll.add(*follow, EPOLLIN, Source::Follow(self.index).token()).is_ok();
        if watched {
            self.follow = Some(follow);
            context.messages.say(self.shown.bytes(), Level::Info, format_args!("going on with pid {pid}"));
        }
        watched
    }

    /// When the machine wants to be told the time (monotonic ns).
    pub fn deadline(&self) -> Option<u64> {
        self.machine.deadline()
    }

    /// Tells the machine an event and does what it asks for, until nothing more follows. False: the service is left.
    pub fn handle(&mut self, event: Event, context: &mut Context) -> bool {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let actions = self.machine.step(event, &context.now());
            for action in actions.iter() {
                if action == Action::Leave {
                    self.directory.unmark();
                    return false;
                }
                next = self.perform(action, context).or(next);
            }
        }
        true
    }

    fn perform(&mut self, action: Action, context: &mut Context) -> Option<Event> {
        match action {
            Action::Start(program) => return Some(self.start(program, context)),
            Action::Publish => self.publish(context),
            Action::LetGo => drop(self.gate.take().map(|gate| gate.write(b"g"))),
            Action::Signal(signal, target) => self.send(signal, target),
            Action::SetNormallyUp(up) => {
                if let Err(errno) = self.directory.set_normally_up(up) {
                    self.warn(
                        context,
                        format_args!("unable to {} down: {errno}", if up { "remove" } else { "create" }),
                    );
                }
            }
            Action::Wake => self.wake(context),
            Action::Leave => (),
        }
        None
    }

    pub(super) fn warn(&self, context: &mut Context, text: core::fmt::Arguments<'_>) {
        context.messages.warn(self.shown.bytes(), text);
    }

    fn publish(&mut self, context: &mut Context) {
        let record = self.machine.status().pack();
        if record == self.published {
            return;
        }
        self.published = record;
        if let Err(errno) = self.directory.publish(&record) {
            self.warn(context, format_args!("unable to write {}: {errno}", names::STATUS));
        }
    }

    fn send(&self, signal: u32, target: Target) {
        let pid = self.machine.status().pid;
        let leaf = || settings::leaf(*self.directory.service);
        let sent = match target {
            Target::Main => process::kill(pid, signal).is_ok(),
            Target::All if leaf().is_some_and(|leaf| group::signal(&leaf, signal)) => true,
            Target::All | Target::Group => process::kill_group(pid, signal).is_ok(),
        };
        // Between fork and setsid there is no group yet.
        if !sent && target != Target::Main {
            let _ = process::kill(pid, signal);
        }
    }

    /// Ups the service that `wakes` names.
    fn wake(&self, context: &mut Context) {
        let Some(mut path) = settings::text::<256>(*self.directory.service, c_path!(names::WAKES)) else { return };
        path.push(b"/");
        path.push(names::CONTROL.as_bytes());
        let opened = path
            .c_str()
            .ok_or(Errno::ENAMETOOLONG)
            .and_then(|path| files::open_at(*self.directory.service, path, files::O_WRONLY | files::O_NONBLOCK, 0));
        if let Err(errno) = opened.and_then(|fifo| fifo.write_all(b"u")) {
            self.warn(context, format_args!("unable to wake {}: {errno}", Shown(path.bytes())));
        }
    }

    /// Opens the FIFO of `stdin-fifo`, once.
    pub(super) fn open_stdin(&mut self, context: &mut Context) {
        let at = *self.directory.service;
        if self.stdin.is_some() {
            return;
        }
        let Some(path) = settings::text::<256>(at, c_path!(names::STDIN_FIFO)) else { return };
        let opened = path.c_str().ok_or(Errno::ENAMETOOLONG).and_then(|path| {
            let fifo = files::open_at(at, path, files::O_RDONLY | files::O_NONBLOCK, 0)?;
            fifo.set_nonblocking(self.drains)?;
            Ok(fifo)
        });
        match opened {
            Ok(fifo) => self.stdin = Some(fifo),
            Err(errno) => self.warn(context, format_args!("unable to open {}: {errno}", Shown(path.bytes()))),
        }
    }

    /// Letters have come.
    pub fn read_control(&mut self, context: &mut Context) -> bool {
        let mut letters = [0; 64];
        let size = self.directory.control.read(&mut letters).unwrap_or(0);
        letters.iter().take(size).all(|&letter| self.handle(Event::Letter(letter), context))
    }

    /// The child has become its program, or says why not.
    pub fn read_report(&mut self, context: &mut Context) -> bool {
        loop {
            let Some(report) = &self.report else { return true };
            let mut bytes = [0; Report::SIZE];
            let size = match report.read(&mut bytes) {
                // The event was about an earlier pipe.
                Err(Errno::EAGAIN) => return true,
                answer => answer.unwrap_or(0),
            };
            match Report::unpack(bytes.get(..size).unwrap_or_default()) {
                Some(Report::Group(errno)) => self.warn(context, format_args!("unable to enter cgroup: {errno}")),
                Some(Report::Exec(errno)) => {
                    self.report = None;
                    return self.exec_failed(errno, context);
                }
                None => {
                    self.report = None;
                    return self.handle(Event::Executed, context);
                }
            }
        }
    }

    fn exec_failed(&mut self, errno: Errno, context: &mut Context) -> bool {
        self.notify = None;
        let goes_on = self.handle(Event::NotExecuted(exit_code(errno)), context);
        let program = Shown(self.program.to_bytes());
        match self.machine.deadline() {
            Some(at) if self.program == RUN => {
                let seconds = at.saturating_sub(context.now().monotonic).div_ceil(SECOND);
                self.warn(context, format_args!("unable to run {program}: {errno} (next try in {seconds} s)"));
            }
            _ => self.warn(context, format_args!("unable to run {program}: {errno}")),
        }
        goes_on
    }

    /// The service has written to its readiness pipe, or closed it.
    pub fn read_notify(&mut self, context: &mut Context) -> bool {
        let Some(notify) = &self.notify else { return true };
        let mut bytes = [0; 64];
        let size = match notify.read(&mut bytes) {
            Err(Errno::EAGAIN) => return true,
            answer => answer.unwrap_or(0),
        };
        if size == 0 {
            self.notify = None;
        }
        !bytes.iter().take(size).any(|&byte| byte == b'\n') || self.handle(Event::Ready, context)
    }

    /// The adopted process has ended; how, nobody here can know.
    pub fn read_follow(&mut self, context: &mut Context) -> bool {
        if self.follow.take().is_none() {
            return true;
        }
        let pid = self.machine.status().pid;
        self.ended(pid, LastExit::Unknown, context)
    }

    /// A child has ended and is not reaped yet.
    pub fn is_about(&self, pid: u32) -> bool {
        self.machine.status().pid == pid
    }

    /// Kills what the ended process left behind, while its number is still its own. Its readiness and exec pipes are
    /// read first.
    pub fn before_reaping(&mut self, pid: u32, context: &mut Context) -> bool {
        if !self.read_report(context) {
            return false;
        }
        if self.machine.main_pid() == Some(pid) && self.machine.settings().kill_all {
            self.send(signal::SIGKILL, Target::All);
        }
        true
    }

    /// A process has ended.
    pub fn ended(&mut self, pid: u32, exit: LastExit, context: &mut Context) -> bool {
        if self.machine.main_pid() == Some(pid) {
            self.notify = None;
        }
        self.handle(Event::Ended(pid, exit), context)
    }

    pub(super) const fn index(&self) -> usize {
        self.index
    }
}

/// The last part of a path. A path that ends in a slash, which nobody's scanner passes, is taken whole.
fn last_part(path: &'static CStr) -> &'static CStr {
    let bytes = path.to_bytes_with_nul();
    let begin = bytes.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    match bytes.get(begin..).map(CStr::from_bytes_with_nul) {
        Some(Ok(name)) if !name.is_empty() => name,
        _ => path,
    }
}

/// A logger is called `log` in every service; messages name the service too, by the working directory that the scanner
/// starts it in.
fn shown(name: &CStr) -> Text<64> {
    let mut shown = Text::new();
    if name == c_path!(names::LOG) {
        let mut buffer = [0; 512];
        let here =
            files::read_link_at(crate::sys::descriptor::HERE, c"/proc/self/cwd", &mut buffer).unwrap_or_default();
        let parent = here.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        if !parent.is_empty() {
            shown.push(parent);
            shown.push(b"/");
        }
    }
    shown.push(name.to_bytes());
    shown
}
