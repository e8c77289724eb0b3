//! `check`: a program that is run every so often while the service comes up, until it exits 0. It is the one thing that is
//! asked again and again, and only where the directory wants that.

use crate::c_path;
use crate::paths::service as names;
use crate::status::LastExit;

use super::aide::Aide;
use super::context::Context;
use super::event::Event;
use super::files::Files;
use super::service::Service;
use super::settings::MILLISECOND;

/// `check`, as it is executed.
const CHECK: &core::ffi::CStr = c"./check";
/// It is not run more often (ns).
const OFTENEST: u64 = 10 * MILLISECOND;

/// Whether and when it is run.
#[derive(Clone, Copy, Debug)]
pub struct Check {
    every: u64,
    /// When it is run next (monotonic ns), if it does not run.
    at: u64,
    running: Option<Aide>,
}

impl Check {
    /// If the directory wants it: first at once.
    pub fn of(files: &Files, now: u64) -> Option<Self> {
        let every = files.number(c_path!(names::CHECK_EVERY)).filter(|_| files.has(c_path!(names::CHECK)))?;
        Some(Self { every: every.saturating_mul(MILLISECOND).max(OFTENEST), at: now, running: None })
    }

    /// When the next thing is due (monotonic ns).
    pub fn deadline(&self) -> u64 {
        self.running.map_or(self.at, |aide| aide.kill_at)
    }

    /// Nobody wants its answer any more.
    pub fn abandon(mut self) {
        if let Some(aide) = &mut self.running {
            aide.kill();
        }
    }

    /// It is this process.
    pub fn is(&self, pid: u32) -> bool {
        self.running.is_some_and(|aide| aide.pid == pid)
    }
}

impl Service {
    /// Starts what is due, ends what takes too long.
    pub(super) fn look_at_check(&mut self, context: &mut Context) {
        let now = context.now.monotonic;
        let Some(mut check) = self.check.filter(|check| check.deadline() <= now) else { return };
        match &mut check.running {
            Some(aide) => aide.kill(),
            None => {
                check.running = Aide::start(self, CHECK, context).ok();
                check.at = now.saturating_add(check.every);
            }
        }
        self.check = Some(check);
    }

    /// It has answered.
    pub(super) fn check_ended(&mut self, exit: LastExit, context: &mut Context) -> bool {
        let Some(check) = &mut self.check else { return true };
        check.running = None;
        check.at = context.now.monotonic.saturating_add(check.every);
        if exit != LastExit::Status(0) {
            return true;
        }
        self.check = None;
        self.handle(Event::Ready, context)
    }
}
