//! What a service does when its machine asks for it.

use crate::c_path;
use crate::control::supervise::{KILL, UP};
use crate::paths::service as names;
use crate::status::LastExit;
use crate::sys::error::Errno;
use crate::sys::message::Piece::{Errno as Why, Name, Number, Text as Words};
use crate::sys::text::Text;
use crate::sys::{files as paths, pidfd, proc, process};

use super::action::{Action, Target, Warning};
use super::aide::{Aide, Custom};
use super::context::Context;
use super::event::{Event, Now};
use super::service::Service;
use super::{announce, files, group, runit, settings, tally};

impl Service {
    pub(super) fn perform(&mut self, action: Action, context: &mut Context) -> Option<Event> {
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
    pub(super) fn publish(&mut self, context: &mut Context) {
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

    #[inline(never)]
    fn record_death(&mut self, exit: LastExit, context: &mut Context) {
        if let Err(errno) = tally::record(*self.directory.service, &self.files, exit, context.now.label) {
            let pieces = [Words("unable to write "), Words(names::DEATH_TALLY), Words(": "), Why(errno)];
            context.warn(self.shown.bytes(), &pieces);
        }
    }

    #[cold]
    #[inline(never)]
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
        let has_program = self.files.has(c_path!(names::CUSTOM)) && self.has_program(letter);
        match &mut self.custom {
            Some(custom) if has_program && custom.then.is_none() && letter != KILL => {
                custom.then = Some((letter, signal));
            }
            None if has_program => self.start_custom(letter, signal, context),
            // No program, or too many: nothing waits for them.
            _ => self.send_if(signal),
        }
    }

    fn send_if(&mut self, signal: Option<(u32, Target)>) {
        if let Some((signal, target)) = signal {
            self.send(signal, target);
        }
    }

    fn has_program(&self, letter: u8) -> bool {
        let path = program(letter);
        path.c_str().is_some_and(|path| paths::executable_at(*self.directory.service, path).is_ok())
    }

    #[inline(never)]
    fn start_custom(&mut self, letter: u8, signal: Option<(u32, Target)>, context: &mut Context) {
        let path = program(letter);
        let (Some(path), Some(main)) = (path.c_str(), self.machine.main_pid()) else { return };
        match Aide::start(self, path, context) {
            Ok(aide) => self.custom = Some(Custom { aide, main, signal, then: None }),
            Err(_) => self.send_if(signal),
        }
    }

    /// True while a start must wait: for `control/u`, which is begun, or for another program, before it.
    pub(super) fn prepares(&mut self, context: &mut Context) -> bool {
        let is_done = core::mem::take(&mut self.prepared);
        if is_done || !self.files.has(c_path!(names::CUSTOM)) || self.machine.is_leaving() || !self.has_program(UP) {
            return false;
        }
        if self.custom.is_none() {
            let aide = program(UP).c_str().and_then(|path| Aide::start(self, path, context).ok());
            self.custom = aide.map(|aide| Custom { aide, main: 0, signal: None, then: None });
        }
        self.custom.is_some()
    }

    /// False: the service is left.
    pub(super) fn custom_ended(&mut self, custom: Custom, exit: LastExit, context: &mut Context) -> bool {
        let main = self.machine.main_pid();
        self.prepared = custom.main == 0 && self.machine.is_postponed();
        self.send_if(custom.signal_after(exit, main));
        if let Some((letter, signal)) = custom.then.filter(|_| main == Some(custom.main)) {
            self.start_custom(letter, signal, context);
        }
        self.handle(Event::Prepared, context)
    }

    pub(super) fn send(&self, signal: u32, target: Target) {
        let pid = self.machine.status().pid;
        let leaf = || settings::leaf(*self.directory.service);
        let sent = match target {
            Target::Main => false,
            Target::All if leaf().is_some_and(|leaf| group::signal(&leaf, signal)) => true,
            Target::All | Target::Group => {
                self.group(pid).is_some_and(|group| process::kill_group(group, signal).is_ok())
            }
        };
        if !sent {
            self.send_to_main(pid, signal);
        }
    }

    /// The process group of the service, whose process has this number; `None`: it is ours, or the number is another's by now.
    fn group(&self, pid: u32) -> Option<u32> {
        // A process that went into the background, or was moved to, need not lead its group.
        let group = process::group_of(pid).unwrap_or(pid);
        let is_there = match &self.followed {
            Some(followed) => pidfd::kill(**followed, 0).is_ok(),
            None => self.ended_by.is_none(),
        };
        if is_there {
            return (process::group_of(0) != Ok(group)).then_some(group);
        }
        // While somebody is left in the group of one that has ended, no new process is given its number.
        proc::start_ticks(pid).is_none().then_some(pid)
    }

    /// A child keeps its number until we reap it. One that is no child of ours may have ended, and its number be another's.
    fn send_to_main(&self, pid: u32, signal: u32) {
        let _ = match &self.followed {
            Some(followed) => pidfd::kill(**followed, signal),
            None if self.ended_by.is_some() => Ok(()),
            None => process::kill(pid, signal),
        };
    }

    /// Ups the service that `wakes` names.
    #[inline(never)]
    fn wake(&mut self, context: &mut Context) {
        self.publish(context);
        let at = *self.directory.service;
        let Some(mut path) = files::line(at, c_path!(names::WAKES)) else { return };
        path.push(b"/");
        path.push(names::CONTROL.as_bytes());
        let told = path.c_str().ok_or(Errno::ENAMETOOLONG).and_then(|path| paths::tell_at(at, path, &[UP]));
        if let Err(errno) = told {
            let pieces = [Words("unable to wake "), Name(path.bytes()), Words(": "), Why(errno)];
            context.warn(self.shown.bytes(), &pieces);
        }
    }
}

/// The path of the service's own program for a letter.
fn program(letter: u8) -> Text<16> {
    let mut path = Text::new();
    path.push(names::CUSTOM.as_bytes());
    path.push(&[b'/', letter]);
    path
}
