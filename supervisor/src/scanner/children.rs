//! How the scanner starts programs: what its children inherit, and what not.
//!
//! A child borrows our memory until it executes ([`crate::sys::spawn`]): it makes system calls and nothing else.

use core::ffi::CStr;

use crate::paths::scan;
use crate::sys;
use crate::sys::descriptor::{Descriptor, STDERR, close};
use crate::sys::error::Errno;
use crate::sys::exec::{Arguments, Environment, exec, exec_in_path};
use crate::sys::process;
use crate::sys::spawn::{self, Child};
use crate::sys::start::Stack;
use crate::sys::text::Text;
use crate::sys::wait::wait_for;
use crate::sys::{files, priority, signal};

use super::batch::{Batch, Plan};
use super::limits::{limits, restored};
use super::options::KEPT;

/// The limits of open descriptors before stage 1 raised them: `SOFT:HARD`, or `SOFT` alone.
const LIMIT_VARIABLE: &[u8] = b"SUNUP_NOFILE";
/// Where programs are looked for without PATH.
const DEFAULT_PATH: &[u8] = b"/usr/bin:/bin";

/// What children get.
#[derive(Debug)]
pub struct Children {
    environment: Environment,
    path: &'static [u8],
    /// Soft and hard limit of descriptors, where ours is raised.
    limit: Option<(u64, u64)>,
    /// We were called `runsvdir`, so supervises are called `runsv` and speak runit's dialect.
    is_runsvdir: bool,
    /// What is open for us alone; negative: nothing. The first is the console, standard error of `finish` and `crash`.
    kept: [Descriptor; KEPT],
    /// How many services one supervise gets at most.
    group: usize,
}

/// A supervise to be started.
#[derive(Clone, Copy, Debug)]
pub struct Supervise<'a> {
    /// The entry's name.
    pub name: &'a CStr,
    /// Its logger is meant.
    pub is_log: bool,
    /// Descriptor 0 of a logger, 1 of a service that has one.
    pub pipe: Option<Descriptor>,
}

/// Why there is no new process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotStarted {
    /// No process could be made; none can be made for others either.
    Forked(Errno),
    /// The program could not be executed.
    Executed(Errno),
}

/// What a child becomes.
#[derive(Clone, Copy, Debug)]
enum Program<'a> {
    Supervise(Supervise<'a>),
    Group(Arguments<'a>, &'a [Plan]),
    /// And its `oom_score_adj`, where ours is another.
    Handler(&'a CStr, Option<&'a CStr>),
}

/// A child on its way to a program.
#[derive(Debug)]
struct Start<'a> {
    children: &'a Children,
    program: Program<'a>,
    failed: Option<Errno>,
}

impl Child for Start<'_> {
    fn go(&mut self, _pid: u32) -> ! {
        self.failed = Some(self.children.become_program(self.program));
        sys::exit(127)
    }
}

impl Children {
    /// Takes our own limits note, and raises the limit of descriptors: a service with a logger costs two.
    ///
    /// `before`: what children got before we were executed again, when the note is gone.
    #[cold]
    #[inline(never)]
    pub fn new(stack: &mut Stack, before: Option<(u64, u64)>) -> Self {
        let told = stack.variable(LIMIT_VARIABLE).and_then(|value| limits(value.to_bytes()));
        let told = before.map(|(soft, hard)| (soft, Some(hard))).or(told);
        stack.remove_variable(LIMIT_VARIABLE);
        let own = process::descriptor_limit().ok();
        if let Some((_, hard)) = own {
            let _ = process::set_descriptor_limit(hard, hard);
        }
        let limit = own.map(|own| restored(told, own));
        Self {
            environment: Environment::of(stack),
            path: stack.variable(b"PATH").map_or(DEFAULT_PATH, CStr::to_bytes),
            limit,
            is_runsvdir: stack.is_called(b"runsvdir"),
            kept: [Descriptor(-1); KEPT],
            group: 1,
        }
    }

    /// Takes what the command line says: the descriptors that are kept, the console first, and the size of a group.
    pub const fn set_up(&mut self, kept: [Descriptor; KEPT], group: usize) {
        self.kept = kept;
        self.group = group;
    }

    /// Soft and hard limit of descriptors that children get.
    pub const fn limits(&self) -> Option<(u64, u64)> {
        self.limit
    }

    /// How many services one supervise gets at most.
    pub const fn group_size(&self) -> usize {
        self.group
    }

    /// Starts a supervise.
    pub fn supervise(&self, what: Supervise<'_>) -> core::result::Result<u32, NotStarted> {
        self.start(Program::Supervise(what))
    }

    /// Starts one supervise for several services.
    #[cold]
    #[inline(never)]
    pub fn group(&self, batch: &mut Batch) -> core::result::Result<u32, NotStarted> {
        let (arguments, plans) = batch.command().map_err(NotStarted::Executed)?;
        self.start(Program::Group(arguments, plans))
    }

    /// Starts a handler in a session of its own, with an `oom_score_adj` of its own.
    #[cold]
    #[inline(never)]
    pub fn handler(&self, path: &CStr, oom: Option<&CStr>) -> core::result::Result<u32, NotStarted> {
        self.start(Program::Handler(path, oom))
    }

    fn start(&self, program: Program<'_>) -> core::result::Result<u32, NotStarted> {
        let mut child = Start { children: self, program, failed: None };
        let pid = spawn::spawn(&mut child, 0).map_err(NotStarted::Forked)?;
        match child.failed {
            None => Ok(pid),
            Some(errno) => {
                // It has left our memory and is about to end.
                let _ = wait_for(pid);
                Err(NotStarted::Executed(errno))
            }
        }
    }

    /// In the child. Returns when it could not become the program.
    fn become_program(&self, program: Program<'_>) -> Errno {
        if let Program::Supervise(Supervise { name, is_log: false, .. }) = program
            && name.to_bytes() == scan::S6_CATCH_ALL.as_bytes()
        {
            // What it says of itself would come back to it.
            let _ = self.kept[0].duplicate_to(STDERR.0);
        }
        self.clean();
        match program {
            Program::Supervise(what) => self.become_supervise(what),
            Program::Group(arguments, plans) => {
                for pipe in plans.iter().filter_map(|plan| plan.pipe) {
                    if let Err(errno) = pipe.set_close_on_exec(false) {
                        return errno;
                    }
                }
                exec_in_path(c"supervise", self.path, &arguments, self.environment)
            }
            Program::Handler(path, oom) => {
                let _ = oom.map(priority::set_oom_score);
                let _ = process::new_session();
                exec(path, &Arguments::of(&[path]), self.environment)
            }
        }
    }

    fn become_supervise(&self, what: Supervise<'_>) -> Errno {
        let (argument, number) = if what.is_log { (c"log", 0) } else { (what.name, 1) };
        if let Some(Err(errno)) = what.is_log.then(|| files::change_directory(what.name)) {
            return errno;
        }
        if let Some(Err(errno)) = what.pipe.map(|pipe| pipe.duplicate_to(number)) {
            return errno;
        }
        // A name that looks like an option is a path all the same.
        let mut path = Text::<300>::new();
        path.push(if argument.to_bytes().starts_with(b"-") { b"./" } else { b"" });
        path.push(argument.to_bytes());
        let argument = path.c_str().unwrap_or(argument);
        let called = if self.is_runsvdir { c"runsv" } else { c"supervise" };
        exec_in_path(c"supervise", self.path, &Arguments::of(&[called, argument]), self.environment)
    }

    /// Becomes the first of these programs that there is, with the console as standard error if there is one; returns when
    /// that cannot be, with everything as it was.
    #[cold]
    #[inline(never)]
    pub fn replace_ourselves(&self, paths: &[&CStr]) -> Errno {
        let raised = process::descriptor_limit();
        if let Some((soft, hard)) = self.limit {
            let _ = process::set_descriptor_limit(soft, hard);
        }
        let blocked = signal::set_blocked(signal::Signals::NONE);
        let errors = Some(self.kept[0]).filter(|console| console.0 >= 0).and_then(|console| {
            let errors = STDERR.duplicate().ok();
            console.duplicate_to(STDERR.0).ok().and(errors)
        });
        let mut errno = Errno::ENOENT;
        for path in paths {
            if errno != Errno::ENOENT {
                break;
            }
            errno = exec(path, &Arguments::of(&[path]), self.environment);
        }
        let _ = errors.map(|errors| errors.duplicate_to(STDERR.0));
        if let Ok(blocked) = blocked {
            let _ = signal::set_blocked(blocked);
        }
        if let Ok((soft, hard)) = raised {
            let _ = process::set_descriptor_limit(soft, hard);
        }
        errno
    }

    /// In the child: nothing of what makes us special.
    fn clean(&self) {
        // Nothing is ignored since our start, and exec removes handlers.
        let _ = signal::set_blocked(signal::Signals::NONE);
        if let Some((soft, hard)) = self.limit {
            let _ = process::set_descriptor_limit(soft, hard);
        }
        let _ = self.kept.map(close);
    }
}
