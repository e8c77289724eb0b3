//! The child's way from its birth to its exec.
//!
//! It runs in supervise's memory while supervise stands still. Before it becomes its program it puts its pid on record, and
//! it gives up if its supervise has died: so no process of a service is ever unknown to the next supervise. It must
//! neither keep a descriptor in what it shares nor write a message: both would be supervise's then.

use core::ffi::CStr;

use crate::sys;
use crate::sys::birth::birth_since;
use crate::sys::descriptor::Descriptor;
use crate::sys::error::{Errno, Result};
use crate::sys::exec::{Arguments, Environment, exec};
use crate::sys::process;
use crate::sys::{files, priority, signal, spawn};

use super::event::{Event, Now, Settings};
use super::service::Service;
use super::variables::Variables;

/// The shell's exit code for a program that cannot be run.
pub fn exit_code(errno: Errno) -> u8 {
    if errno == Errno::ENOENT { 127 } else { 126 }
}

/// Descriptors that a child gets under numbers of its own.
#[derive(Clone, Copy, Debug, Default)]
pub struct Descriptors {
    list: [Option<(Descriptor, i32)>; 6],
}

impl Descriptors {
    /// `source` is to be `number`; beyond six nothing happens.
    pub fn push(&mut self, source: Descriptor, number: i32) {
        if let Some(slot) = self.list.iter_mut().find(|slot| slot.is_none()) {
            *slot = Some((source, number));
        }
    }

    /// Moves all of them, and `held` to the numbers from 3 on.
    fn place(&mut self, held: &mut [Descriptor]) -> Result<()> {
        let beyond = self.list.iter().flatten().map(|(_, number)| *number).max().unwrap_or(0);
        let beyond = beyond.max(2 + held.len() as i32) + 1;
        // None may stand where another one belongs.
        let out_of_the_way = |source: &mut Descriptor| -> Result<()> {
            if source.0 < beyond {
                *source = source.duplicate_from(beyond)?.leak();
            }
            Ok(())
        };
        held.iter_mut().try_for_each(out_of_the_way)?;
        self.list.iter_mut().flatten().try_for_each(|(source, _)| out_of_the_way(source))?;
        for (source, number) in held.iter().zip(3..) {
            source.duplicate_to(number)?;
        }
        self.list.iter().flatten().try_for_each(|(source, number)| source.duplicate_to(*number))
    }
}

/// A program that is to be executed, and what it gets.
#[derive(Debug)]
pub struct Launch<'a> {
    /// The program.
    pub program: &'a CStr,
    /// Its arguments.
    pub arguments: Arguments<'a>,
    /// Standard descriptors that are not as ours, and those that files of the directory ask for.
    pub descriptors: Descriptors,
    /// Its descriptors from 3 on.
    pub held: &'a mut [Descriptor],
    /// What its environment has besides ours.
    pub variables: Option<&'a mut Variables>,
}

impl<'a> Launch<'a> {
    /// Of a program that gets nothing but its arguments.
    pub fn new(program: &'a CStr, arguments: &[&'a CStr]) -> Self {
        let (arguments, descriptors) = (Arguments::of(arguments), Descriptors::default());
        Self { program, arguments, descriptors, held: &mut [], variables: None }
    }
}

/// Everything that a child needs, and what its parent hears of it.
#[derive(Debug)]
pub struct Child<'a> {
    /// Whose it is.
    pub service: &'a mut Service,
    /// What holds for this run, and the clocks: it is the service's own process and goes on record.
    pub record: Option<(Settings, Now)>,
    /// supervise's pid.
    pub parent: u32,
    /// `cgroup.procs` of its leaf.
    pub group: Option<Descriptor>,
    /// What it becomes.
    pub launch: Launch<'a>,
    /// supervise's environment.
    pub environment: Environment,
    /// Its `oom_score_adj`, where supervise's is another.
    pub oom: Option<&'a CStr>,
    /// Answer: it could not enter its control group and went on without.
    pub group_failed: Option<Errno>,
    /// Answer: it could not become its program.
    pub failed: Option<Errno>,
}

impl spawn::Child for Child<'_> {
    /// Becomes the program, or leaves the reason and exits.
    fn go(&mut self, pid: u32) -> ! {
        let _ = process::new_session();
        // Outside of our pid namespace there is no parent.
        let parent = process::parent_pid();
        if parent != 0 && parent != self.parent {
            sys::exit(111);
        }
        if let Some((settings, now)) = self.record {
            let ticks = match birth_since(now.since_boot, pid) {
                Ok(ticks) => ticks.unwrap_or(0),
                // A record that nobody could hold against a process would be worse than none.
                Err(errno) => {
                    self.failed = Some(errno);
                    sys::exit(111)
                }
            };
            self.service.record_birth(Event::Forked(pid, ticks, settings), &now);
        }
        let _ = signal::set_blocked(signal::Signals::NONE);
        if let Some(score) = self.oom {
            let _ = priority::set_oom_score(score);
        }
        self.group_failed = self.group.and_then(|group| group.write(b"0").err());
        let errno = match self.prepare() {
            Ok(environment) => exec(self.launch.program, &self.launch.arguments, environment),
            Err(errno) => errno,
        };
        self.failed = Some(errno);
        sys::exit(i32::from(exit_code(errno)))
    }
}

impl Child<'_> {
    fn prepare(&mut self) -> Result<Environment> {
        files::change_directory_to(*self.service.directory.service)?;
        self.launch.descriptors.place(self.launch.held)?;
        match &mut self.launch.variables {
            Some(variables) => variables.complete(self.environment),
            None => Ok(self.environment),
        }
    }
}
