//! The loop around the machines.

use core::ffi::CStr;

use crate::status::LastExit;
use crate::sys::descriptor::Owned;
use crate::sys::error::Errno;
use crate::sys::event::{EPOLLIN, Epoll};
use crate::sys::message::{Level, Messages};
use crate::sys::process::{self, Environment};
use crate::sys::signal::{self, Signals};
use crate::sys::start::Stack;
use crate::sys::table::Table;
use crate::sys::text::Shown;
use crate::sys::{files, time};

use super::context::{Context, Source};
use super::directory::Fault;
use super::event::Event;
use super::service::Service;

/// Signals that supervise answers to; all others are blocked and mean nothing to it.
const HEARD: Signals = Signals::of(&[signal::SIGCHLD, signal::SIGTERM, signal::SIGHUP, signal::SIGQUIT]);

/// supervise.
#[derive(Debug)]
struct Supervise {
    context: Context,
    services: Table<Option<Service>>,
    signals: Owned,
    /// Its services are loggers that read what is left, once; see [`DRAIN`].
    drains: bool,
}

/// The first argument, before any directory, by which the wrapper says that the machine stops.
pub const DRAIN: &CStr = c"--drain";

/// The program: looks after the services that the arguments name until all of them were told to be left.
pub fn run(stack: Stack) -> i32 {
    let mut messages = Messages::new("supervise");
    if stack.len() < 2 {
        messages.fatal(b"", format_args!("usage: supervise dir…"));
        return 100;
    }
    let mut supervise = match Supervise::new(&stack, messages) {
        Ok(supervise) => supervise,
        Err(errno) => {
            Messages::new("supervise").fatal(b"", format_args!("unable to start: {errno}"));
            return 111;
        }
    };
    if !supervise.open_services(&stack) {
        return 111;
    }
    supervise.watch()
}

impl Supervise {
    fn new(stack: &Stack, messages: Messages) -> Result<Self, Errno> {
        // Whoever started us may ignore some: a child's end would not be told, and services would inherit that.
        signal::reset();
        signal::set_blocked(Signals::ALL.without(Signals::FAULTS))?;
        let signals = signal::signal_descriptor(HEARD)?;
        let epoll = Epoll::new()?;
        epoll.add(*signals, EPOLLIN, Source::Signal.token())?;
        let environment = Environment::of(stack);
        let drains = stack.len() > 2 && stack.argument(1) == Some(DRAIN);
        Ok(Self { context: Context { messages, epoll, environment }, services: Table::new(), signals, drains })
    }

    /// True when at least one service could be taken over.
    fn open_services(&mut self, stack: &Stack) -> bool {
        let first = if self.drains { 2 } else { 1 };
        for path in (first..stack.len()).filter_map(|at| stack.argument(at)) {
            let index = self.services.len();
            let opened = Service::open(index, path, self.drains, &self.context).and_then(|service| {
                self.services.push(Some(service)).map_err(|errno| Fault { what: "unable to keep ", file: "", errno })
            });
            if let Err(Fault { what, file, errno }) = opened {
                let slash = if file.is_empty() { "" } else { "/" };
                let path = Shown(path.to_bytes());
                // daemontools' words, which scripts look for.
                match errno {
                    Errno::EAGAIN => self.fatal(format_args!("{what}{path}{slash}{file}: temporary failure")),
                    errno => self.fatal(format_args!("{what}{path}{slash}{file}: {errno}")),
                }
            }
        }
        if let [Some(only)] = &self.services[..] {
            let _ = files::change_directory_to(*only.directory.service);
        }
        for index in 0..self.services.len() {
            self.with(index, Service::begin);
        }
        !self.services.is_empty()
    }

    fn fatal(&mut self, text: core::fmt::Arguments<'_>) {
        self.context.messages.say(b"", Level::Fatal, text);
    }

    /// Lets a service do something; one that says false is left.
    fn with(&mut self, index: usize, act: impl FnOnce(&mut Service, &mut Context) -> bool) {
        if let Some(slot) = self.services.get_mut(index)
            && let Some(service) = slot
            && !act(service, &mut self.context)
        {
            *slot = None;
        }
    }

    fn with_each(&mut self, act: impl Fn(&mut Service, &mut Context) -> bool) {
        for index in 0..self.services.len() {
            self.with(index, &act);
        }
    }

    fn watch(&mut self) -> i32 {
        while self.services.iter().any(Option::is_some) {
            let deadline = self.services.iter().flatten().filter_map(Service::deadline).min();
            let wait = deadline.map(|at| at.saturating_sub(time::monotonic()).div_ceil(1_000_000));
            let ready = match self.context.epoll.wait(wait) {
                Ok(ready) => ready,
                Err(errno) => {
                    self.fatal(format_args!("unable to wait: {errno}"));
                    return 111;
                }
            };
            for source in ready.tokens().filter_map(Source::from_token) {
                if !self.dispatch(source) {
                    return 0;
                }
            }
            self.tell_time();
        }
        0
    }

    /// False: leave at once, everything as it is.
    fn dispatch(&mut self, source: Source) -> bool {
        match source {
            Source::Signal => return self.take_signals(),
            Source::Control(index) => self.with(index, Service::read_control),
            Source::Exec(index) => self.with(index, Service::read_report),
            Source::Notify(index) => self.with(index, Service::read_notify),
            Source::Follow(index) => self.with(index, Service::read_follow),
        }
        true
    }

    fn tell_time(&mut self) {
        let now = time::monotonic();
        self.with_each(|service, context| match service.deadline() {
            Some(at) if at <= now => service.handle(Event::Time, context),
            _ => true,
        });
    }

    fn take_signals(&mut self) -> bool {
        while let Some(signal) = signal::next_signal(*self.signals) {
            match signal {
                signal::SIGTERM => self.with_each(|service, context| {
                    service.handle(Event::Letter(b'x'), context) && service.handle(Event::Letter(b'd'), context)
                }),
                signal::SIGHUP => self.with_each(|service, context| service.handle(Event::Letter(b'x'), context)),
                signal::SIGQUIT => return false,
                _ => (),
            }
        }
        self.reap();
        true
    }

    /// Reaps everything that has ended; children that are nobody's are reaped in silence.
    fn reap(&mut self) {
        while let Some(pid) = process::peek_ended() {
            let index =
                self.services.iter().position(|slot| slot.as_ref().is_some_and(|service| service.is_about(pid)));
            if let Some(index) = index {
                self.with(index, |service, context| service.before_reaping(pid, context));
            }
            let Ok(ended) = process::wait_for(pid) else { continue };
            if let Some(index) = index {
                self.with(index, |service, context| service.ended(pid, LastExit::Status(ended.status), context));
            }
        }
    }
}
