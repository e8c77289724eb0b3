//! A small program beside the service: `control/<letter>`, `check`. supervise never waits for it, and one that takes too
//! long is killed.

use core::ffi::CStr;

use crate::status::LastExit;
use crate::sys::error::Result;
use crate::sys::process;
use crate::sys::signal::SIGKILL;
use crate::sys::spawn::spawn;

use super::action::Target;
use super::child::{Child, Launch};
use super::context::Context;
use super::event::SECOND;
use super::service::Service;

/// ns that such a program may take.
pub const LIMIT: u64 = 5 * SECOND;

/// One that runs.
#[derive(Clone, Copy, Debug)]
pub struct Aide {
    /// Its pid, and its group's.
    pub pid: u32,
    /// When it has taken too long (monotonic ns).
    pub kill_at: u64,
}

impl Aide {
    /// Starts a program of the service.
    pub fn start(service: &mut Service, program: &CStr, context: &Context) -> Result<Self> {
        let mut launch = Launch::new(program, &[program]);
        if let Some(output) = &service.output {
            launch.descriptors.push(**output, 1);
        }
        let mut child = Child {
            service,
            record: None,
            parent: context.own,
            group: None,
            launch,
            environment: context.environment,
            oom: context.oom,
            group_failed: None,
            failed: None,
        };
        let pid = spawn(&mut child, 0)?;
        Ok(Self { pid, kill_at: context.now.monotonic.saturating_add(LIMIT) })
    }

    /// It has taken too long; its end will be told.
    pub fn kill(&mut self) {
        self.kill_at = u64::MAX;
        let _ = process::kill_group(self.pid, SIGKILL).or_else(|_| process::kill(self.pid, SIGKILL));
    }
}

/// A program `control/<letter>`.
#[derive(Clone, Copy, Debug)]
pub struct Custom {
    /// It.
    pub aide: Aide,
    /// The process that gets the signal unless the program exits 0; 0: it runs before a start.
    pub main: u32,
    /// The signal; `None`: none, whatever it exits with.
    pub signal: Option<(u32, Target)>,
    /// The letter whose program comes after it, and its signal.
    pub then: Option<(u8, Option<(u32, Target)>)>,
}

impl Custom {
    /// The signal that is to be sent now that it has ended.
    pub fn signal_after(&self, exit: LastExit, main: Option<u32>) -> Option<(u32, Target)> {
        let is_wanted = exit != LastExit::Status(0) && main == Some(self.main);
        self.signal.filter(|_| is_wanted)
    }
}
