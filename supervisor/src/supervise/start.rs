//! From "start" to a process that has become its program.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::service as names;
use crate::status::LastExit;
use crate::sys::descriptor::{HERE, Owned};
use crate::sys::error::{Errno, Result};
use crate::sys::event::{EPOLLIN, pipe};
use crate::sys::exec::Arguments;
use crate::sys::files::{self as paths, O_CREAT, O_NONBLOCK, O_RDWR};
use crate::sys::message::Piece::{Errno as Why, Name, Number, Text as Words};
use crate::sys::spawn::{NEW_PIDS, spawn};
use crate::sys::text::Text;

use super::action::Program;
use super::check::Check;
use super::child::{Child, Launch, exit_code};
use super::context::{Context, Source};
use super::event::{Event, SECOND, Settings};
use super::files::Files;
use super::group;
use super::held::MOST;
use super::service::{FINISH, RUN, Service};
use super::settings;
use super::variables::Variables;

/// Exit code that `finish` is told when a signal ended `run`; runit's is -1.
const BY_SIGNAL: u64 = 256;

/// The arguments of `finish` as text.
struct FinishArguments {
    code: Text<8>,
    signal: Text<8>,
    group: Text<16>,
}

impl FinishArguments {
    /// s6: exit code or 256, signal. runit: exit code or -1, low byte of the wait status. Then for both name and group.
    fn new(exit: LastExit, group: u32, is_runit: bool) -> Self {
        let mut text = Self { code: Text::new(), signal: Text::new(), group: Text::new() };
        match (exit, exit.code()) {
            // What ended unseen counts as a failure.
            (LastExit::Unknown, _) => text.code.push_number(111),
            (_, Some(code)) => text.code.push_number(u64::from(code)),
            _ if is_runit => text.code.push(b"-1"),
            _ => text.code.push_number(BY_SIGNAL),
        }
        let signal = match exit {
            LastExit::Status(status) if is_runit => u32::from(status & 255),
            _ => exit.signal().unwrap_or(0),
        };
        text.signal.push_number(u64::from(signal));
        text.group.push_number(u64::from(group));
        text
    }

    fn push_to<'a>(&'a self, name: &'a CStr, arguments: &mut Arguments<'a>) {
        for text in [self.code.c_str(), self.signal.c_str(), Some(name), self.group.c_str()] {
            arguments.push(text.unwrap_or(c""));
        }
    }
}

/// The first descriptor that a service has besides its standard ones, where it is given some.
const FIRST_HELD: i32 = 3;
/// ns in a microsecond.
const MICROSECOND: u64 = 1000;

/// What could not be done, for the message.
type Trouble = (&'static str, Errno);
/// Whether a program that was started could not be executed, and why.
type Started = core::result::Result<Option<Errno>, Trouble>;

impl Service {
    /// Starts a program of the service. What it needs and cannot have costs a message.
    pub(super) fn start(&mut self, program: Program, context: &mut Context) -> Event {
        let started = match program {
            Program::Run => match self.look() {
                Ok(()) if self.prepares(context) => return Event::Postponed,
                looked => looked.and_then(|()| self.start_run(context)),
            },
            Program::Finish { exit, group } => {
                if paths::executable_at(*self.directory.service, FINISH).is_err() {
                    return Event::NoFinish;
                }
                self.start_finish(exit, group, context)
            }
        };
        match started {
            Ok(None) => Event::Executed,
            Ok(Some(errno)) => self.not_executed(program, errno),
            Err((what, errno)) => {
                let then = if program == Program::Run { " (next try in 1 s)" } else { " (going on without finish)" };
                let pieces = [Words("unable to "), Words(what), Words(": "), Why(errno), Words(then)];
                context.warn(self.shown.bytes(), &pieces);
                Event::NotForked
            }
        }
    }

    fn not_executed(&mut self, program: Program, errno: Errno) -> Event {
        self.notify = None;
        let file = if program == Program::Run { RUN } else { FINISH };
        self.not_run = Some((file, errno));
        Event::NotExecuted(exit_code(errno))
    }

    #[inline(never)]
    fn start_finish(&mut self, exit: LastExit, group: u32, context: &mut Context) -> Started {
        let settings = *self.machine.settings();
        let texts = FinishArguments::new(exit, group, settings.is_runit);
        let mut launch = Launch::new(FINISH, &[FINISH]);
        texts.push_to(self.name, &mut launch.arguments);
        self.spawn(launch, settings, context)
    }

    /// Takes note of the files that there are now.
    fn look(&mut self) -> core::result::Result<(), Trouble> {
        if !core::mem::take(&mut self.has_looked) {
            self.files = Files::look(*self.directory.service).map_err(|errno| ("read its directory", errno))?;
        }
        Ok(())
    }

    #[inline(never)]
    fn start_run(&mut self, context: &mut Context) -> Started {
        let files = self.files;
        self.open_input(context);
        self.follow_orphans(true, context);
        self.open_sockets(None, context);
        self.has_refused = false;
        let settings = settings::read(&files, context.is_runit);
        let mut launch = Launch::new(RUN, &[RUN, self.name]);
        let lock = self.number(c_path!(names::LOCK_FD), context).map(|number| self.service_lock(number));
        let lock = lock.transpose()?;
        let ready = self.number(c_path!(names::NOTIFICATION_FD), context).map(readiness_pipe);
        let ready = ready.transpose().map_err(|errno| ("make a pipe", errno))?;
        if let Some((lock, number)) = &lock {
            launch.descriptors.push(**lock, *number);
        }
        if let Some((_, end, number)) = &ready {
            launch.descriptors.push(**end, *number);
        }
        let failed = self.spawn_told(launch, settings, context)?;
        self.check = if failed.is_none() { Check::of(&files, context.now.monotonic) } else { None };
        self.notify = ready.map(|(end, _, _)| end);
        if let Some(end) = &self.notify {
            // Out of memory costs the news of readiness.
            let _ = context.epoll.add(**end, EPOLLIN, Source::Notify(self.index()).token());
        }
        Ok(failed)
    }

    /// `run`, with what its environment tells it.
    fn spawn_told(&mut self, launch: Launch<'_>, settings: Settings, context: &mut Context) -> Started {
        let notifies = self.open_ear(context);
        if !notifies && self.keep.len() == 0 {
            return self.spawn(launch, settings, context);
        }
        self.spawn_with_variables(launch, settings, notifies, context)
    }

    /// Apart, because its texts would make every service's stack larger.
    #[inline(never)]
    fn spawn_with_variables(
        &mut self,
        launch: Launch<'_>,
        settings: Settings,
        notifies: bool,
        context: &mut Context,
    ) -> Started {
        let mut variables = Variables::new();
        variables.notifies = notifies;
        variables.watchdog = settings.watchdog / MICROSECOND;
        let mut held = [HERE; MOST];
        let count = self.keep.hand_out(&mut held, &mut variables.descriptor_names);
        variables.descriptors = count as u64;
        let held = held.get_mut(..count).unwrap_or_default();
        self.spawn(Launch { variables: Some(&mut variables), held, ..launch }, settings, context)
    }

    fn spawn(&mut self, mut launch: Launch<'_>, settings: Settings, context: &mut Context) -> Started {
        for (source, number) in [(&self.input, 0), (&self.output, 1)] {
            if let Some(source) = source {
                launch.descriptors.push(**source, number);
            }
        }
        let members = self.leaf_members(context);
        let flags = if self.files.has(c_path!(names::FLAG_NEWPIDNS)) && launch.program == RUN { NEW_PIDS } else { 0 };
        let mut child = Child {
            record: Some((settings, context.now)),
            parent: context.own,
            group: members.as_ref().map(|members| **members),
            launch,
            environment: context.environment,
            oom: context.oom,
            group_failed: None,
            failed: None,
            service: self,
        };
        let born = spawn(&mut child, flags);
        let (failed, group_failed) = (child.failed, child.group_failed);
        let pid = born.map_err(|errno| ("fork", errno))?;
        if self.machine.status().pid != pid {
            // It was killed, or gave up, before it was on record: there was no start, and its end is nobody's.
            return Err(("start", failed.unwrap_or(Errno::ECHILD)));
        }
        if let Some(errno) = group_failed {
            context.warn(self.shown.bytes(), &[Words("unable to enter cgroup: "), Why(errno)]);
        }
        if let Some(errno) = self.unrecorded.take() {
            self.warn_unrecorded(errno, context);
        }
        Ok(failed)
    }

    /// The descriptor number in a file. What the service is given from 3 on stands where its variables say, so that no file can
    /// have such a number.
    fn number(&self, file: &'static CStr, context: &mut Context) -> Option<i32> {
        let number = settings::descriptor(&self.files, file)?;
        if !(FIRST_HELD..FIRST_HELD + self.keep.len() as i32).contains(&number) {
            return Some(number);
        }
        let pieces =
            [Words("ignored "), Name(file.to_bytes()), Words(": LISTEN_FDS has descriptor "), Number(number as u64)];
        context.warn(self.shown.bytes(), &pieces);
        None
    }

    /// The lock that a service with `lock-fd` holds for as long as it lives, in whatever process.
    fn service_lock(&self, number: i32) -> core::result::Result<(Owned, i32), Trouble> {
        let at = *self.directory.service;
        let lock = paths::open_at(at, c_path!(names::SERVICE_LOCK), O_RDWR | O_CREAT | O_NONBLOCK, 0o644)
            .and_then(|lock| lock.lock().map(|()| lock));
        match lock {
            Ok(lock) => Ok((lock, number)),
            Err(Errno::EAGAIN) => Err(("start while another instance holds supervise/service-lock", Errno::EAGAIN)),
            Err(errno) => Err(("lock supervise/service-lock", errno)),
        }
    }

    /// Opens the list of members of the leaf that `cgroup` names, which is made if it is missing.
    ///
    /// The child enters the leaf by itself. Being made in it would be one call less, but Linux from 6.14 on kills every
    /// process that is born (clone3, CLONE_INTO_CGROUP) into a group which `cgroup.kill` has emptied once.
    fn leaf_members(&self, context: &mut Context) -> Option<Owned> {
        if !self.files.has(c_path!(names::CGROUP)) {
            return None;
        }
        let path = settings::leaf(*self.directory.service)?;
        match group::make(&path).and_then(|()| group::members(&path)) {
            Ok(members) => Some(members),
            Err(errno) => {
                let pieces = [Words("unable to enter "), Name(path.bytes()), Words(": "), Why(errno)];
                context.warn(self.shown.bytes(), &pieces);
                None
            }
        }
    }

    /// Says why a program was not run, and when that is tried again.
    pub(super) fn warn_not_run(&mut self, context: &mut Context) {
        let Some((file, errno)) = self.not_run.take() else { return };
        let pieces = [Words("unable to run "), Name(file.to_bytes()), Words(": "), Why(errno)];
        match self.machine.deadline().filter(|_| file == RUN) {
            Some(at) => {
                let seconds = at.saturating_sub(context.now.monotonic).div_ceil(SECOND);
                let [a, b, c, d] = pieces;
                let all = [a, b, c, d, Words(" (next try in "), Number(seconds), Words(" s)")];
                context.warn(self.shown.bytes(), &all);
            }
            None => context.warn(self.shown.bytes(), &pieces),
        }
    }
}

/// Both ends of the pipe on which the service says that it is ready, and the number of its end there. supervise never
/// waits for its own.
fn readiness_pipe(number: i32) -> Result<(Owned, Owned, i32)> {
    let (read, write) = pipe()?;
    read.set_nonblocking(true)?;
    Ok((read, write, number))
}
