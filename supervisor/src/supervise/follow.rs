//! Which process is the service, and how it ended: a child, a process of a predecessor's, or what a child left behind when
//! it went into the background.

use crate::c_path;
use crate::ended::{self, Orphan};
use crate::paths::service as names;
use crate::status::LastExit;
use crate::sys::descriptor::{HERE, Owned};
use crate::sys::error::Result;
use crate::sys::event::{EPOLLIN, wait_ready};
use crate::sys::message::Level;
use crate::sys::message::Piece::{Number, Text as Words};
use crate::sys::signal::SIGKILL;
use crate::sys::text::parse_line;
use crate::sys::{files as paths, pidfd, proc, process, wait};

use super::action::Target;
use super::context::{Context, Source};
use super::event::{Event, SECOND};
use super::service::Service;
use super::tally;

/// ns for which the end of a process that is not our child is waited for in `supervise/ended`.
const ENDED_LIMIT: u64 = SECOND;

impl Service {
    /// Follows a process that is not our child.
    pub(super) fn follow(&mut self, pid: u32, context: &mut Context) -> Result<()> {
        let followed = pidfd::open(pid)?;
        context.epoll.add(*followed, EPOLLIN, Source::Follow(self.index()).token())?;
        self.followed = Some(followed);
        Ok(())
    }

    /// Follows the process that the record names. False: it has ended. An error: nobody can tell.
    pub(super) fn follow_left(&mut self, context: &mut Context) -> Result<bool> {
        let status = *self.machine.status();
        let is_it = || proc::birth_of(status.pid).map(|birth| birth == Some(status.start_ticks));
        if status.pid == 0 || !is_it()? {
            return Ok(false);
        }
        let followed = self.follow(status.pid, context);
        // It may have ended meanwhile, and its number be another's.
        if !is_it()? {
            self.followed = None;
            return Ok(false);
        }
        followed.map(|()| true)
    }

    /// The process that is followed has ended. What it last said is heard first, and may have been that another one counts.
    pub fn read_follow(&mut self, context: &mut Context) -> bool {
        if !(self.read_notify(context) && self.hear(context)) {
            return false;
        }
        let has_ended = |followed: &mut Owned| wait_ready(**followed, EPOLLIN, Some(0)) == Ok(true);
        self.followed.take_if(has_ended).is_none() || self.ended_elsewhere(context)
    }

    /// A process that is not our child has ended: svscan, whose child it was, says how, or will within a second.
    pub(super) fn ended_elsewhere(&mut self, context: &mut Context) -> bool {
        self.ended_by = Some(context.now.monotonic.saturating_add(ENDED_LIMIT));
        self.kill_left();
        let (status, at) = (*self.machine.status(), *self.directory.service);
        let mut bytes = [0; ended::SIZE];
        let orphan = paths::read_at(at, c_path!(names::ENDED), &mut bytes).ok().and_then(Orphan::unpack);
        if let Some(orphan) = orphan {
            let _ = paths::remove_at(at, c_path!(names::ENDED));
            if orphan.pid == status.pid && orphan.start_ticks == status.start_ticks {
                self.ended_by = None;
                return self.ended(status.pid, LastExit::Status(orphan.status), context);
            }
        }
        true
    }

    /// A child that has ended and is not reaped yet is ours.
    pub fn is_about(&self, pid: u32) -> bool {
        self.machine.status().pid == pid || self.is_aide(pid)
    }

    fn is_aide(&self, pid: u32) -> bool {
        self.custom.is_some_and(|custom| custom.aide.pid == pid) || self.check.is_some_and(|check| check.is(pid))
    }

    /// What a process that has ended left behind is the service from now on, or is killed, while its number is still its own.
    /// What it last said is heard first. `orderly`: it exited with code 0.
    pub fn before_reaping(&mut self, pid: u32, orderly: bool, context: &mut Context) -> bool {
        if self.machine.main_pid() != Some(pid) {
            return true;
        }
        if !(self.read_notify(context) && self.hear(context)) {
            return false;
        }
        if self.machine.main_pid() != Some(pid) {
            return true;
        }
        if orderly
            && !self.machine.was_asked()
            && let Some(heir) = self.heir(pid, context)
        {
            let ticks = proc::start_ticks(heir).unwrap_or(0);
            return self.handle(Event::Moved(heir, ticks), context)
                && (self.has_other_readiness() || self.handle(Event::Ready, context));
        }
        self.kill_left();
        true
    }

    /// Kills what a process that has ended left behind, where that is wanted.
    fn kill_left(&self) {
        if self.machine.main_pid().is_some() && self.machine.settings().kill_all {
            self.send(SIGKILL, Target::All);
        }
    }

    /// It says by itself when it is ready; otherwise it is when it has gone into the background.
    fn has_other_readiness(&self) -> bool {
        [c_path!(names::NOTIFICATION_FD), c_path!(names::NOTIFY), c_path!(names::CHECK_EVERY)]
            .into_iter()
            .any(|path| self.files.has(path))
    }

    /// The process in which a service that may go into the background goes on: the one in `pidfile`, else our oldest orphan.
    fn heir(&self, ended: u32, context: &mut Context) -> Option<u32> {
        if context.is_group || !self.files.has(c_path!(names::SUBREAPER)) {
            return None;
        }
        if let Some(pid) = self.pid_in_file()
            && pid != ended
            && wait::is_child(pid)
            && proc::start_ticks(pid).is_some()
        {
            return Some(pid);
        }
        let (first, count) = proc::first_child(|pid| pid != ended && !self.is_aide(pid))?;
        if count > 1 {
            let pieces = [
                Words("went into the background as "),
                Number(count as u64),
                Words(" processes; following pid "),
                Number(u64::from(first)),
            ];
            context.messages.tell(self.shown.bytes(), Level::Info, &pieces);
        }
        Some(first)
    }

    fn pid_in_file(&self) -> Option<u32> {
        let path = self.files.line(c_path!(names::PIDFILE))?;
        let path = path.c_str()?;
        let at = if path.to_bytes().starts_with(b"/") { HERE } else { *self.directory.service };
        let mut buffer = [0; 32];
        parse_line(paths::read_at(at, path, &mut buffer).ok()?).and_then(|pid| u32::try_from(pid).ok())
    }

    /// What a service leaves behind becomes our child, if it may go into the background. `again`: this was asked before.
    pub(super) fn follow_orphans(&mut self, again: bool, context: &mut Context) {
        if !self.files.has(c_path!(names::SUBREAPER)) || (context.is_group && again) {
            return;
        }
        if context.is_group {
            context.warn(self.shown.bytes(), &[Words("unable to follow it into the background: it is one of several")]);
        } else {
            let _ = process::become_subreaper();
        }
    }

    /// A process has ended.
    pub fn ended(&mut self, pid: u32, exit: LastExit, context: &mut Context) -> bool {
        if let Some(custom) = self.custom.take_if(|custom| custom.aide.pid == pid) {
            return self.custom_ended(custom, exit, context);
        }
        if self.check.is_some_and(|check| check.is(pid)) {
            return self.check_ended(exit, context);
        }
        if self.machine.main_pid() != Some(pid) {
            return self.handle(Event::Ended { pid, exit, is_last: false }, context);
        }
        self.notify = None;
        if let Some(check) = self.check.take() {
            check.abandon();
        }
        self.followed = None;
        let at = *self.directory.service;
        let limit = tally::limit(&self.files);
        let is_last = limit.is_some_and(|limit| tally::is_last(at, limit, context.now.label));
        self.handle(Event::Ended { pid, exit, is_last }, context)
    }
}
