//! From "start" to a child that waits at its gate.

use crate::status::LastExit;
use crate::sys::descriptor::Owned;
use crate::sys::error::Result;
use crate::sys::event::{EPOLLIN, pipe};
use crate::sys::files;
use crate::sys::process::{self, Arguments, Fork};
use crate::sys::text::{Shown, Text};

use super::action::Program;
use super::child::Child;
use super::context::{Context, Source};
use super::event::Event;
use super::group;
use super::service::{FINISH, RUN, Service};
use super::settings;

/// Exit code that `finish` is told when a signal ended `run`.
const BY_SIGNAL: u64 = 256;

/// The arguments of `finish` as text.
struct FinishArguments {
    code: Text<8>,
    signal: Text<8>,
    group: Text<16>,
}

impl FinishArguments {
    fn new(exit: LastExit, group: u32) -> Self {
        let mut text = Self { code: Text::new(), signal: Text::new(), group: Text::new() };
        // What ended unseen counts as a failure.
        let code = match exit {
            LastExit::Unknown => 111,
            LastExit::None | LastExit::Status(_) => exit.code().map_or(BY_SIGNAL, u64::from),
        };
        text.code.push_number(code);
        text.signal.push_number(exit.signal().map_or(0, u64::from));
        text.group.push_number(u64::from(group));
        text
    }

    fn push_to<'a>(&'a self, name: &'a core::ffi::CStr, arguments: &mut Arguments<'a>) {
        for text in [self.code.c_str(), self.signal.c_str(), Some(name), self.group.c_str()] {
            arguments.push(text.unwrap_or(c""));
        }
    }
}

impl Service {
    /// Forks a child for a program; it waits. What it needs and cannot have costs a message.
    pub(super) fn start(&mut self, program: Program, context: &mut Context) -> Event {
        let directory = *self.directory.service;
        self.program = match program {
            Program::Run => RUN,
            Program::Finish { .. } => FINISH,
        };
        if program != Program::Run && files::executable_at(directory, self.program).is_err() {
            return Event::NoFinish;
        }
        self.open_stdin(context);
        match self.fork(program, context) {
            Ok(pid) => {
                let ticks = process::start_ticks(pid).unwrap_or(0);
                Event::Forked(pid, ticks, settings::read(directory))
            }
            Err(errno) => {
                self.warn(context, format_args!("unable to fork: {errno} (next try in 1 s)"));
                Event::NotForked
            }
        }
    }

    fn fork(&mut self, program: Program, context: &mut Context) -> Result<u32> {
        let directory = *self.directory.service;
        let (gate, opened) = pipe()?;
        let (report, reporter) = watched_pipe()?;
        let notify = match settings::notification(directory) {
            Some(number) if program == Program::Run => Some((watched_pipe()?, number)),
            _ => None,
        };
        let members = self.leaf_members(context);
        let finish = match program {
            Program::Run => None,
            Program::Finish { exit, group } => Some(FinishArguments::new(exit, group)),
        };
        let mut arguments = Arguments::of(&[self.program]);
        match &finish {
            None => arguments.push(self.name),
            Some(finish) => finish.push_to(self.name, &mut arguments),
        }
        let fork = process::fork()?;
        if fork == Fork::Child {
            drop(opened);
            let child = Child {
                directory,
                gate: *gate,
                report: reporter,
                stdin: self.stdin.as_ref().map(|stdin| **stdin),
                notify: notify.as_ref().map(|((_, end), number)| (**end, *number)),
                group: members.as_ref().map(|members| **members),
                program: self.program,
                arguments,
                environment: context.environment,
            };
            child.go();
        }
        let Fork::Parent(pid) = fork else { return Err(crate::sys::error::Errno::ECHILD) };
        self.gate = Some(opened);
        self.watch(report, notify.map(|((end, _), _)| end), context);
        Ok(pid)
    }

    fn watch(&mut self, report: Owned, notify: Option<Owned>, context: &mut Context) {
        let index = self.index();
        // Out of memory costs the news of the exec, which the process's end brings as well.
        let _ = context.epoll.add(*report, EPOLLIN, Source::Exec(index).token());
        self.report = Some(report);
        if let Some(notify) = notify {
            let _ = context.epoll.add(*notify, EPOLLIN, Source::Notify(index).token());
            self.notify = Some(notify);
        }
    }
}

/// A pipe whose reading end never makes supervise wait.
fn watched_pipe() -> Result<(Owned, Owned)> {
    let (read, write) = pipe()?;
    read.set_nonblocking(true)?;
    Ok((read, write))
}

impl Service {
    /// Opens the list of members of the leaf that `cgroup` names, which is made if it is missing.
    ///
    /// The child enters the leaf by itself. Being forked into it would be one call less, but Linux from 6.14 on kills every
    /// process that is born (clone3, CLONE_INTO_CGROUP) into a group which `cgroup.kill` has emptied once.
    fn leaf_members(&self, context: &mut Context) -> Option<Owned> {
        let path = settings::leaf(*self.directory.service)?;
        match group::make(&path).and_then(|()| group::members(&path)) {
            Ok(members) => Some(members),
            Err(errno) => {
                self.warn(context, format_args!("unable to enter {}: {errno}", Shown(path.bytes())));
                None
            }
        }
    }
}
