//! Starting supervises: for one service, or for several at once.

use core::ffi::CStr;

use crate::sys::descriptor::Descriptor;

use super::batch::{Batch, Plan};
use super::children::{Children, NotStarted, Supervise};
use super::entry::{Member, Pipe};
use super::report;
use super::table::Entries;
use super::walk::{Walk, directory_of};

impl Entries {
    /// Starts a supervise if one is due.
    #[inline(never)]
    pub(super) fn start(&mut self, at: usize, name: &CStr, is_log: bool, batch: &mut Batch, walk: &mut Walk<'_>) {
        let Some(children) = walk.children else { return };
        let Some(who) = self.entries.get(at).map(|entry| entry.who(is_log)) else { return };
        let is_wanted = self.entries.get(at).is_some_and(|entry| entry.main.is(Member::WANTED));
        let is_dead = self.member(at, is_log).is_some_and(|member| member.pid() == 0);
        if !is_wanted || !is_dead || !self.recents.may_start(who, walk.now) {
            return;
        }
        let Some(pipe) = self.pipe_of(at, is_log) else {
            // It will never be started, so nobody waits for it.
            return self.recents.started(who, walk.now);
        };
        let plan = Plan { at: at as u32, is_log, pipe };
        if children.group_size() < 2 || self.recents.goes_alone(who) || !Batch::takes(name, is_log) {
            return self.launch(plan, name, children, walk);
        }
        if batch.push(plan, name).is_err() {
            return self.recents.put_off(who, walk.now);
        }
        if batch.len() >= children.group_size() {
            self.launch_batch(batch, walk);
        }
    }

    /// The end of the log pipe that a start needs; `None`: it cannot be started, since its pipe was closed.
    fn pipe_of(&mut self, at: usize, is_log: bool) -> Option<Option<Descriptor>> {
        let (closed, main) = (self.closed, self.entries.get(at)?.main.pid());
        let Some(logger) = self.logger(at) else { return (!is_log).then_some(None) };
        if logger.pipe.is_none() && !closed && main == 0 && logger.member.pid() == 0 {
            // It was told to end, is gone, and has come back: it needs a new pipe.
            logger.pipe = Pipe::new().ok();
        }
        let pipe = logger.pipe.as_ref();
        if is_log { pipe.map(|pipe| Some(*pipe.read)) } else { Some(pipe.map(|pipe| *pipe.write)) }
    }

    /// Starts a supervise for one.
    fn launch(&mut self, plan: Plan, name: &CStr, children: &Children, walk: &mut Walk<'_>) {
        let Some(who) = self.entries.get(plan.at as usize).map(|entry| entry.who(plan.is_log)) else { return };
        if walk.is_full {
            return self.recents.put_off(who, walk.now);
        }
        match children.supervise(Supervise { name, is_log: plan.is_log, pipe: plan.pipe }) {
            Ok(pid) => {
                let _ = self.member(plan.at as usize, plan.is_log).map(|member| member.set_pid(pid, false));
                self.recents.started(who, walk.now);
            }
            Err(why) => {
                self.recents.put_off(who, walk.now);
                self.not_started(why, name, plan.is_log, walk);
            }
        }
    }

    #[cold]
    #[inline(never)]
    fn not_started(&mut self, why: NotStarted, name: &CStr, is_log: bool, walk: &mut Walk<'_>) {
        let service = directory_of(name, is_log);
        let (what, name, errno) = match why {
            NotStarted::Forked(errno) => ("fork", &b""[..], errno),
            NotStarted::Executed(errno) => ("run supervise for ", service.bytes(), errno),
        };
        walk.is_full |= matches!(why, NotStarted::Forked(_));
        report::unable(walk.messages, what, name, errno, " (next try in 1 s)");
    }

    /// Starts one supervise for all that were planned.
    pub(super) fn launch_batch(&mut self, batch: &mut Batch, walk: &mut Walk<'_>) {
        let Some(children) = walk.children.filter(|_| batch.len() > 0) else { return };
        let first = batch.first();
        let first = first.c_str().unwrap_or(c"");
        if let &[plan] = batch.plans() {
            self.launch(plan, first, children, walk);
            return batch.clear();
        }
        let answer = if walk.is_full { None } else { Some(children.group(batch)) };
        for &plan in batch.plans() {
            let Some(who) = self.entries.get(plan.at as usize).map(|entry| entry.who(plan.is_log)) else { continue };
            if let Some(Ok(pid)) = answer {
                let _ = self.member(plan.at as usize, plan.is_log).map(|member| member.set_pid(pid, true));
                self.recents.started(who, walk.now);
            } else {
                self.recents.put_off(who, walk.now);
            }
        }
        if let Some(Err(why)) = answer {
            self.not_started(why, first, false, walk);
        }
        batch.clear();
    }
}
