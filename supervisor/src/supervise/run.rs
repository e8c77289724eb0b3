//! The loop around the machines.

use crate::c_path;
use crate::paths::{OOM_VARIABLE, scan};
use crate::status::LastExit;
use crate::sys::descriptor::{HERE, Owned, STDERR};
use crate::sys::error::Result;
use crate::sys::event::{EPOLLIN, Epoll};
use crate::sys::exec::Environment;
use crate::sys::message::Piece::{Errno as Why, Name, Number, Text as Words};
use crate::sys::message::{Level, Messages, Piece};
use crate::sys::process;
use crate::sys::signal::{self, Disposition, Signals};
use crate::sys::start::Stack;
use crate::sys::wait::{peek_end, wait_for};
use crate::sys::{files, time};

use super::arguments::Arguments;
use super::context::{Context, Source};
use super::directory::Fault;
use super::event::{Event, Now};
use super::service::{Inherited, Service};
use super::services::Services;
use super::variables;

pub use super::arguments::DRAIN;

/// Ends that are taken note of in one turn.
const MOST_ENDS: usize = 64;
/// Signals that supervise answers to; all others are blocked and mean nothing to it.
const HEARD: Signals =
    Signals::of(&[signal::SIGCHLD, signal::SIGTERM, signal::SIGHUP, signal::SIGQUIT, signal::SIGINT, signal::SIGALRM]);

/// What shells, nohup and interpreters let their children ignore. Services are to get none of that, and supervise itself
/// would not hear of a child's end.
const OFTEN_IGNORED: [u32; 10] = [
    signal::SIGHUP,
    signal::SIGINT,
    signal::SIGQUIT,
    signal::SIGPIPE,
    signal::SIGTERM,
    signal::SIGCHLD,
    signal::SIGTSTP,
    signal::SIGTTIN,
    signal::SIGTTOU,
    signal::SIGXFSZ,
];

/// supervise.
#[derive(Debug)]
struct Supervise {
    context: Context,
    services: Services,
    signals: Owned,
}

/// The program: looks after the services that the arguments name until all of them were told to be left.
pub fn run(mut stack: Stack) -> i32 {
    if stack.len() < 2 {
        // daemontools' line.
        let _ = STDERR.write(b"supervise: usage: supervise dir\n");
        return 100;
    }
    let oom = stack.variable(OOM_VARIABLE.as_bytes());
    stack.remove_variable(OOM_VARIABLE.as_bytes());
    for name in variables::NAMES {
        stack.remove_variable(name);
    }
    let arguments = Arguments::of(&stack);
    let mut supervise = match Supervise::new(&stack, oom, arguments.is_group) {
        Ok(supervise) => supervise,
        Err(errno) => {
            Messages::new("supervise").tell(b"", Level::Fatal, &[Words("unable to start: "), Why(errno)]);
            return 111;
        }
    };
    if !supervise.open_services(arguments) {
        return 111;
    }
    let code = supervise.watch();
    // What is still open or mapped costs less when the kernel takes it all at once.
    core::mem::forget(supervise);
    code
}

impl Supervise {
    fn new(stack: &Stack, oom: Option<&'static core::ffi::CStr>, is_group: bool) -> Result<Self> {
        for signal in OFTEN_IGNORED {
            let _ = signal::set_disposition(signal, Disposition::Default);
        }
        signal::set_blocked(Signals::ALL.without(Signals::FAULTS))?;
        let signals = signal::signal_descriptor(HEARD)?;
        let epoll = Epoll::new()?;
        epoll.add(*signals, EPOLLIN, Source::Signal.token())?;
        let context = Context {
            messages: Messages::new("supervise"),
            epoll,
            environment: Environment::of(stack),
            now: Now::default(),
            oom,
            own: process::own_pid(),
            is_group,
            is_runit: stack.is_called(b"runsv"),
        };
        Ok(Self { context, services: Services::new(), signals })
    }

    /// True when at least one service could be taken over.
    #[inline(never)]
    fn open_services(&mut self, mut arguments: Arguments<'_>) -> bool {
        while let Some((path, inherited)) = arguments.next_directory() {
            if let Err(Fault { what, file, errno }) = self.open_service(path, inherited, arguments.drains) {
                let slash = if file.is_empty() { "" } else { "/" };
                let pieces = [Words(what), Name(path.to_bytes()), Words(slash), Words(file), Words(": "), Why(errno)];
                self.fatal(&pieces);
            }
        }
        if let (Some(only), 1, false) = (self.services.iter().next(), self.services.len(), self.context.is_group) {
            let _ = files::change_directory_to(*only.directory.service);
        }
        let mut is_refused = self.services.len() == 0;
        for index in 0..self.services.len() {
            self.context.look_at_clocks();
            is_refused |= !self.begin(index);
        }
        !is_refused || !self.services.are_over()
    }

    /// False when nobody can tell whether the service runs.
    fn begin(&mut self, index: usize) -> bool {
        let mut refused = None;
        self.with(index, &mut |service, context| {
            service.begin(context).unwrap_or_else(|errno| {
                let pid = service.machine.status().pid;
                refused = Some((service.shown, pid, errno));
                false
            })
        });
        if let Some((name, pid, errno)) = refused {
            let pieces = [Words("unable to follow pid "), Number(u64::from(pid)), Words(": "), Why(errno)];
            self.context.messages.tell(name.bytes(), Level::Fatal, &pieces);
        }
        refused.is_none()
    }

    fn open_service(
        &mut self,
        path: &'static core::ffi::CStr,
        inherited: Inherited,
        drains: bool,
    ) -> core::result::Result<(), Fault> {
        let service = Service::open(self.services.len(), path, inherited, drains, &self.context)?;
        self.services.push(service).map_err(|errno| Fault { what: "unable to keep ", file: "", errno })
    }

    fn fatal(&mut self, pieces: &[Piece<'_>]) {
        self.context.messages.tell(b"", Level::Fatal, pieces);
    }

    /// Lets a service do something; one that says false is left.
    fn with(&mut self, index: usize, act: &mut dyn FnMut(&mut Service, &mut Context) -> bool) {
        if let Some(slot) = self.services.place(index)
            && let Some(service) = slot
            && !act(service, &mut self.context)
        {
            *slot = None;
            self.tell_scanner();
        }
    }

    /// A service of a group was left: if it is still wanted, svscan starts another supervise for it.
    fn tell_scanner(&self) {
        if self.context.is_group && !self.services.are_over() {
            let _ = files::tell_at(HERE, c_path!(scan::CONTROL), b"a");
        }
    }

    fn with_each(&mut self, act: &mut dyn FnMut(&mut Service, &mut Context) -> bool) {
        for index in 0..self.services.len() {
            self.with(index, act);
        }
    }

    fn watch(&mut self) -> i32 {
        while !self.services.are_over() {
            let deadline = self.services.iter().filter_map(Service::deadline).min();
            let wait = deadline.map(|at| at.saturating_sub(time::monotonic()).div_ceil(1_000_000));
            let ready = match self.context.epoll.wait(wait) {
                Ok(ready) => ready,
                Err(errno) => {
                    self.fatal(&[Words("unable to wait: "), Why(errno)]);
                    return 111;
                }
            };
            self.context.look_at_clocks();
            for source in ready.tokens().filter_map(Source::from_token) {
                if !self.dispatch(source) {
                    return 0;
                }
            }
            if deadline.is_some() {
                self.with_each(&mut Service::tell_time);
            }
        }
        0
    }

    /// False: leave at once, everything as it is.
    fn dispatch(&mut self, source: Source) -> bool {
        match source {
            Source::Signal => return self.take_signals(),
            Source::Control(index) => self.with(index, &mut Service::read_control),
            Source::Notify(index) => self.with(index, &mut Service::read_notify),
            Source::Ear(index) => self.with(index, &mut Service::hear),
            Source::Follow(index) => self.with(index, &mut Service::read_follow),
        }
        true
    }

    fn take_signals(&mut self) -> bool {
        let arrived = signal::next_signals(*self.signals);
        let has = |signal| arrived.contains(signal);
        if has(signal::SIGCHLD) {
            self.reap();
        }
        if has(signal::SIGALRM) {
            self.with_each(&mut Service::mend);
        }
        if has(signal::SIGINT) {
            // From a terminal it would have been for the service, had that no session of its own.
            self.with_each(&mut |service, context| service.handle(Event::Letter(b'i'), context));
        }
        if has(signal::SIGTERM) {
            self.with_each(&mut |service, context| service.take_letters(b"dx", context));
        } else if has(signal::SIGHUP) {
            self.with_each(&mut |service, context| service.take_letters(b"x", context));
        }
        !has(signal::SIGQUIT)
    }

    /// Reaps what has ended; children that are nobody's are reaped in silence. Of more than [`MOST_ENDS`] the rest waits for
    /// the next turn: a service that leaves behind children without end must not keep us from hearing that it is to stop.
    fn reap(&mut self) {
        for _ in 0..MOST_ENDS {
            let Some((pid, orderly)) = peek_end() else { return };
            let index = self.services.iter().find(|service| service.is_about(pid)).map(Service::index);
            if let Some(index) = index {
                self.with(index, &mut |service, context| service.before_reaping(pid, orderly, context));
            }
            let Ok(ended) = wait_for(pid) else { continue };
            if let Some(index) = index {
                self.with(index, &mut |service, context| service.ended(pid, LastExit::Status(ended.status), context));
            }
        }
        let _ = process::kill(process::own_pid(), signal::SIGCHLD);
    }
}
