//! One service: carries out what its machine asks for, and tells the machine what happened.

use core::ffi::CStr;

use crate::c_path;
use crate::ended::Orphan;
use crate::paths::service as names;
use crate::status::{LastExit, SIZE, Status};
use crate::sys::descriptor::Owned;
use crate::sys::error::Errno;
use crate::sys::event::EPOLLIN;
use crate::sys::message::Level;
use crate::sys::message::Piece::{Errno as Why, Name, Number, Text as Words};
use crate::sys::text::Text;
use crate::sys::{files as paths, process, signal};

use super::action::{Action, Target, Warning};
use super::aide::{Aide, Custom};
use super::announce;
use super::context::{Context, Source};
use super::directory::{Directory, Fault};
use super::event::{Event, Now, SECOND};
use super::files::{self, Files};
use super::group;
use super::machine::Machine;
use super::runit;
use super::settings;
use super::tally;

/// `run`, as it is executed.
pub(super) const RUN: &CStr = c"./run";
/// `finish`, as it is executed.
pub(super) const FINISH: &CStr = c"./finish";
/// ns for which the end of a process that is not our child is waited for in `supervise/ended`.
const ENDED_LIMIT: u64 = SECOND;

/// What a service is started with by whoever starts supervise.
#[derive(Debug, Default)]
pub struct Inherited {
    /// Descriptor 0 of `run`, if not supervise's own.
    pub input: Option<Owned>,
    /// Descriptor 1 of `run`, if not supervise's own.
    pub output: Option<Owned>,
}

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
    /// Which files there were at the last start.
    pub(super) files: Files,
    pub(super) machine: Machine,
    /// The record on disk.
    published: [u8; SIZE],
    /// Why the record of a new process could not be written.
    pub(super) unrecorded: Option<Errno>,
    /// The program that could not be run.
    pub(super) not_run: Option<(&'static CStr, Errno)>,
    /// Kept across restarts, so that a FIFO never is without a reader.
    pub(super) input: Option<Owned>,
    pub(super) output: Option<Owned>,
    /// Reading end of the readiness pipe.
    pub(super) notify: Option<Owned>,
    /// The process that is followed without being our child.
    follow: Option<Owned>,
    /// It has ended; until then (monotonic ns) somebody may say how.
    ended_by: Option<u64>,
    /// The program that runs instead of a signal.
    custom: Option<Custom>,
    /// It only reads what is left, and its input stays non-blocking, so that "nothing there" looks like an end to it.
    drains: bool,
}

impl Service {
    /// Takes a service over. The machine has not begun yet: see [`Service::begin`].
    pub fn open(
        index: usize,
        path: &'static CStr,
        inherited: Inherited,
        drains: bool,
        context: &Context,
    ) -> Result<Self, Fault> {
        let (directory, died) = Directory::open(path)?;
        let normally_up = directory.is_normally_up();
        let machine = match directory.record().filter(|_| died) {
            Some(status) => Machine::from_status(Status { normally_up, ..status }),
            None => {
                let _ = tally::clear(*directory.service);
                Machine::new(normally_up)
            }
        };
        let source = Source::Control(index);
        let watched = context.epoll.add(*directory.control, EPOLLIN, source.token());
        watched.map_err(|errno| Fault { what: "unable to watch ", file: names::CONTROL, errno })?;
        let name = last_part(path);
        Ok(Self {
            index,
            name,
            shown: shown(name, path),
            files: Files::look(*directory.service),
            directory,
            machine,
            published: [0; SIZE],
            unrecorded: None,
            not_run: None,
            input: inherited.input,
            output: inherited.output,
            notify: None,
            follow: None,
            ended_by: None,
            custom: None,
            drains,
        })
    }

    /// Adopts the predecessor's process, or starts.
    pub fn begin(&mut self, context: &mut Context) -> bool {
        self.open_input(context);
        let status = *self.machine.status();
        if status.pid == 0 || (self.drains && process::start_ticks(status.pid) != Some(status.start_ticks)) {
            let begin = if self.drains { Event::Drain } else { Event::Begin };
            if status.pid > 0 {
                self.machine = Machine::new(status.normally_up);
            }
            return self.handle(begin, context);
        }
        let settings = settings::read(&self.files, context.is_runit);
        let is_followed =
            process::start_ticks(status.pid) == Some(status.start_ticks) && self.follow(status.pid, context);
        if is_followed {
            let pieces = [Words("going on with pid "), Number(u64::from(status.pid))];
            context.messages.tell(self.shown.bytes(), Level::Info, &pieces);
        }
        self.handle(Event::Adopted(settings), context)
            && (!self.drains || self.handle(Event::Drain, context))
            // It ended unseen: the same as if it had been followed and had ended then.
            && (is_followed || self.ended_elsewhere(context))
    }

    /// Follows a process that is not our child.
    pub(super) fn follow(&mut self, pid: u32, context: &mut Context) -> bool {
        let Ok(follow) = process::pidfd_open(pid) else { return false };
        let watched = context.epoll.add(*follow, EPOLLIN, Source::Follow(self.index).token()).is_ok();
        if watched {
            self.follow = Some(follow);
        }
        watched
    }

    /// When this service wants to be told the time (monotonic ns).
    pub fn deadline(&self) -> Option<u64> {
        let custom = self.custom.map(|custom| custom.aide.kill_at);
        [self.machine.deadline(), self.ended_by, custom].into_iter().flatten().min()
    }

    /// A deadline may have passed.
    pub fn tell_time(&mut self, context: &mut Context) -> bool {
        let now = context.now.monotonic;
        if let Some(custom) = self.custom.as_mut().filter(|custom| custom.aide.kill_at <= now) {
            custom.aide.kill();
        }
        if self.ended_by.is_some_and(|at| at <= now) {
            self.ended_by = None;
            let pid = self.machine.status().pid;
            return self.ended(pid, LastExit::Unknown, context);
        }
        self.machine.deadline().is_none_or(|at| at > now) || self.handle(Event::Time, context)
    }

    /// Tells the machine an event and does what it asks for, until nothing more follows. False: the service is left.
    pub fn handle(&mut self, event: Event, context: &mut Context) -> bool {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let actions = self.machine.step(event, &context.now);
            self.warn_not_run(context);
            for action in actions.iter() {
                if action == Action::Leave {
                    self.publish(context);
                    self.directory.unmark();
                    return false;
                }
                next = self.perform(action, context).or(next);
            }
        }
        self.publish(context);
        true
    }

    fn perform(&mut self, action: Action, context: &mut Context) -> Option<Event> {
        match action {
            Action::Start(program) => return Some(self.start(program, context)),
            // At the end of the step, or before somebody is told.
            Action::Publish | Action::Leave => (),
            Action::Announce(letters) => self.announce(letters, context),
            Action::Signal(signal, target) => self.send(signal, target),
            Action::Ask(letter, signal, target) => self.ask(letter, Some((signal, target)), context),
            Action::Tell(letter) => self.ask(letter, None, context),
            Action::SetNormallyUp(up) => self.set_normally_up(up, context),
            Action::Record(exit) => self.record_death(exit, context),
            Action::ClearTally => drop(tally::clear(*self.directory.service)),
            Action::Warn(warning) => self.warn_of(warning, context),
            Action::Wake => self.wake(context),
        }
        None
    }

    /// In the child, before its exec: see [`super::child`].
    pub(super) fn record_birth(&mut self, event: Event, now: &Now) {
        // What the machine asks for then is to be published, and nothing else.
        let _ = self.machine.step(event, now);
        self.published = self.machine.status().pack();
        self.unrecorded = self.directory.publish(&self.published).err();
    }

    /// Writes the record, if it has changed.
    fn publish(&mut self, context: &mut Context) {
        let record = self.machine.status().pack();
        if record == self.published {
            return;
        }
        self.published = record;
        let mut written = self.directory.publish(&record);
        if self.machine.settings().is_runit {
            let at = *self.directory.service;
            written = written.and(runit::publish(at, self.machine.status(), self.machine.is_leaving()));
        }
        if let Err(errno) = written {
            self.warn_unrecorded(errno, context);
        }
    }

    pub(super) fn warn_unrecorded(&self, errno: Errno, context: &mut Context) {
        context.warn(self.shown.bytes(), &[Words("unable to write "), Words(names::STATUS), Words(": "), Why(errno)]);
    }

    fn announce(&mut self, letters: &[u8], context: &mut Context) {
        if self.files.has(c_path!(names::EVENT)) {
            self.publish(context);
            announce::tell(*self.directory.service, letters);
        }
    }

    fn set_normally_up(&mut self, up: bool, context: &mut Context) {
        if let Err(errno) = self.directory.set_normally_up(up) {
            let what = if up { "unable to remove down: " } else { "unable to create down: " };
            context.warn(self.shown.bytes(), &[Words(what), Why(errno)]);
        }
    }

    fn record_death(&mut self, exit: LastExit, context: &mut Context) {
        if let Err(errno) = tally::record(*self.directory.service, &self.files, exit, context.now.label) {
            let pieces = [Words("unable to write "), Words(names::DEATH_TALLY), Words(": "), Why(errno)];
            context.warn(self.shown.bytes(), &pieces);
        }
    }

    fn warn_of(&mut self, warning: Warning, context: &mut Context) {
        let end = |exit: LastExit| match (exit.code(), exit.signal()) {
            (Some(code), _) => [Words("ended with exit code "), Number(u64::from(code))],
            (_, Some(signal)) => [Words("ended by signal "), Number(u64::from(signal))],
            _ => [Words("ended"), Words("")],
        };
        let name = self.shown;
        match warning {
            Warning::Loops(exit, seconds) => {
                let [how, number] = end(exit);
                let pieces = [how, number, Words(" within a second (next try in "), Number(seconds), Words(" s)")];
                context.warn(name.bytes(), &pieces);
            }
            Warning::TooManyDeaths(exit) => {
                let [how, number] = end(exit);
                let line = files::line(*self.directory.service, c_path!(names::MAX_DEATHS)).unwrap_or_default();
                let why =
                    [how, number, Words(", too often (max-deaths "), Name(line.bytes()), Words("): down for good")];
                context.warn(name.bytes(), &why);
            }
            Warning::Silent => context.warn(name.bytes(), &[Words("gave no sign of life in time (aborting it)")]),
        }
    }

    /// Sends a signal, or has the service's own program for the letter do what that does.
    fn ask(&mut self, letter: u8, signal: Option<(u32, Target)>, context: &mut Context) {
        if self.files.has(c_path!(names::CUSTOM)) {
            match (&mut self.custom, signal) {
                (Some(custom), None) => {
                    custom.then = Some(letter);
                    return;
                }
                // One that runs already is not waited for: the signal is sent.
                (Some(_), Some(_)) => (),
                (None, _) => {
                    if self.start_custom(letter, signal, context) {
                        return;
                    }
                }
            }
        }
        if let Some((signal, target)) = signal {
            self.send(signal, target);
        }
    }

    fn start_custom(&mut self, letter: u8, signal: Option<(u32, Target)>, context: &mut Context) -> bool {
        let mut path = Text::<16>::new();
        path.push(names::CUSTOM.as_bytes());
        path.push(&[b'/', letter]);
        let (Some(path), Some(main)) = (path.c_str(), self.machine.main_pid()) else { return false };
        if paths::executable_at(*self.directory.service, path).is_err() {
            return false;
        }
        let started = Aide::start(self, path, context);
        self.custom = started.ok().map(|aide| Custom { aide, main, signal, then: None });
        self.custom.is_some()
    }

    fn custom_ended(&mut self, custom: Custom, exit: LastExit, context: &mut Context) {
        if let Some((signal, target)) = custom.signal_after(exit, self.machine.main_pid()) {
            self.send(signal, target);
        }
        if let Some(letter) = custom.then {
            self.start_custom(letter, None, context);
        }
    }

    pub(super) fn send(&self, signal: u32, target: Target) {
        let pid = self.machine.status().pid;
        let leaf = || settings::leaf(*self.directory.service);
        let sent = match target {
            Target::Main => process::kill(pid, signal).is_ok(),
            Target::All if leaf().is_some_and(|leaf| group::signal(&leaf, signal)) => true,
            Target::All | Target::Group => process::kill_group(pid, signal).is_ok(),
        };
        if !sent && target != Target::Main {
            let _ = process::kill(pid, signal);
        }
    }

    /// Ups the service that `wakes` names.
    fn wake(&mut self, context: &mut Context) {
        self.publish(context);
        let at = *self.directory.service;
        let Some(mut path) = files::line(at, c_path!(names::WAKES)) else { return };
        path.push(b"/");
        path.push(names::CONTROL.as_bytes());
        let opened = path
            .c_str()
            .ok_or(Errno::ENAMETOOLONG)
            .and_then(|path| paths::open_at(at, path, paths::O_WRONLY | paths::O_NONBLOCK, 0));
        if let Err(errno) = opened.and_then(|fifo| fifo.write_all(b"u")) {
            let pieces = [Words("unable to wake "), Name(path.bytes()), Words(": "), Why(errno)];
            context.warn(self.shown.bytes(), &pieces);
        }
    }

    /// Opens the FIFO of `stdin-fifo`, once.
    pub(super) fn open_input(&mut self, context: &mut Context) {
        let at = *self.directory.service;
        if self.input.is_some() {
            return;
        }
        let Some(path) = self.files.line(c_path!(names::STDIN_FIFO)) else { return };
        let opened = path.c_str().ok_or(Errno::ENAMETOOLONG).and_then(|path| {
            let fifo = paths::open_at(at, path, paths::O_RDONLY | paths::O_NONBLOCK, 0)?;
            fifo.set_nonblocking(self.drains)?;
            Ok(fifo)
        });
        match opened {
            Ok(fifo) => self.input = Some(fifo),
            Err(errno) => {
                let pieces = [Words("unable to open "), Name(path.bytes()), Words(": "), Why(errno)];
                context.warn(self.shown.bytes(), &pieces);
            }
        }
    }

    /// Letters have come.
    pub fn read_control(&mut self, context: &mut Context) -> bool {
        let mut letters = [0; 64];
        let size = self.directory.control.read(&mut letters).unwrap_or(0);
        letters.iter().take(size).all(|&letter| match letter {
            crate::control::supervise::REAPED => self.ended_by.is_none() || self.ended_elsewhere(context),
            letter => self.handle(Event::Letter(letter), context),
        })
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

    /// The process that is followed has ended.
    pub fn read_follow(&mut self, context: &mut Context) -> bool {
        self.follow.take().is_none() || self.ended_elsewhere(context)
    }

    /// A process that is not our child has ended: svscan, whose child it was, says how, or will within a second.
    fn ended_elsewhere(&mut self, context: &mut Context) -> bool {
        let (status, at) = (*self.machine.status(), *self.directory.service);
        let mut bytes = [0; crate::ended::SIZE];
        let orphan = paths::read_at(at, c_path!(names::ENDED), &mut bytes).ok().and_then(Orphan::unpack);
        if let Some(orphan) = orphan {
            let _ = paths::remove_at(at, c_path!(names::ENDED));
            if orphan.pid == status.pid && orphan.start_ticks == status.start_ticks {
                self.ended_by = None;
                return self.ended(status.pid, LastExit::Status(orphan.status), context);
            }
        }
        self.ended_by = Some(context.now.monotonic.saturating_add(ENDED_LIMIT));
        true
    }

    /// A child that has ended and is not reaped yet is ours.
    pub fn is_about(&self, pid: u32) -> bool {
        self.machine.status().pid == pid || self.custom.is_some_and(|custom| custom.aide.pid == pid)
    }

    /// Kills what the ended process left behind, while its number is still its own. Its readiness pipe is read first.
    pub fn before_reaping(&mut self, pid: u32, context: &mut Context) -> bool {
        if self.machine.main_pid() != Some(pid) {
            return true;
        }
        let goes_on = self.read_notify(context);
        if self.machine.settings().kill_all {
            self.send(signal::SIGKILL, Target::All);
        }
        goes_on
    }

    /// A process has ended.
    pub fn ended(&mut self, pid: u32, exit: LastExit, context: &mut Context) -> bool {
        if let Some(custom) = self.custom.take_if(|custom| custom.aide.pid == pid) {
            self.custom_ended(custom, exit, context);
            return true;
        }
        if self.machine.main_pid() != Some(pid) {
            return self.handle(Event::Ended { pid, exit, is_last: false }, context);
        }
        self.notify = None;
        let at = *self.directory.service;
        let limit = tally::limit(&self.files);
        let is_last = limit.is_some_and(|limit| tally::is_last(at, limit, context.now.label));
        self.handle(Event::Ended { pid, exit, is_last }, context)
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

/// A logger is called `log` in every service; messages name the service too, by its path or else by the working directory that
/// the scanner starts it in.
fn shown(name: &CStr, path: &CStr) -> Text<64> {
    let mut shown = Text::new();
    if name == c_path!(names::LOG) {
        let mut buffer = [0; 512];
        let parent = match path.to_bytes().strip_suffix(b"/log") {
            Some(parent) => parent,
            None => {
                paths::read_link_at(crate::sys::descriptor::HERE, c"/proc/self/cwd", &mut buffer).unwrap_or_default()
            }
        };
        let parent = parent.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        if !parent.is_empty() {
            shown.push(parent);
            shown.push(b"/");
        }
    }
    shown.push(name.to_bytes());
    shown
}
