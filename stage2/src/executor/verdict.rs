//! What is found out about a unit before it begins, since it may be on a file server: whether it is to be skipped, whether
//! there is something to execute, and what a service directory of somebody's own holds.

use std::io;
use std::path::Path;

use nix::sys::epoll::{EpollEvent, EpollFlags};
use serde::{Deserialize, Serialize};
use supervisor::paths::service::{LOG, RUN};
use units::{Kind, Longrun, Program, Unit};

use super::Executor;
use super::activity::{Activity, Doing};
use super::context::{can_run, is_confined};
use crate::engine::event::UnitIndex;
use crate::service::{ServiceDirectory, linked};
use crate::system::command_lookup::look_up;
use crate::system::condition::Surroundings;
use crate::system::look::{Looking, Question, gaze, glance};
use crate::system::scout::Scout;

/// Scouts that are out at once: each has descriptors of ours, and a process in what may be a small control group.
const MOST: usize = 64;

/// What becomes of a unit that is to begin.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Verdict {
    /// It begins, with what is linked from its `servicedir`.
    Begin(ServiceDirectory),
    /// It is skipped, for this reason.
    Skip(String),
    /// It has failed, for this reason.
    Fail(String),
}

impl Verdict {
    /// It begins, and brings nothing of its own.
    pub const fn begin() -> Self {
        Self::Begin(ServiceDirectory::EMPTY)
    }

    /// Of a unit whose own logger, if it gets one, writes into `log`; `None` where looking does not tell.
    fn of(surroundings: &Surroundings, unit: &Unit, log: Option<&Path>, looking: Looking) -> Option<Self> {
        let user = unit.kind.context().and_then(|context| context.user.as_deref());
        let unmapped = || user.and_then(|user| surroundings.unmapped(user));
        if let Some(reason) = surroundings.reason_to_skip(&unit.conditions, looking)?.or_else(unmapped) {
            return Some(Self::Skip(reason));
        }
        if let Err(reason) = can_execute(&unit.kind, looking)? {
            return Some(Self::Fail(reason));
        }
        let links = match &unit.kind {
            Kind::Longrun(Longrun { program: Program::ServiceDirectory(directory), .. }) => {
                let _ = looking(directory, Question::Lists)?;
                linked(directory)
            }
            _ => Ok(ServiceDirectory::EMPTY),
        };
        let links = match links {
            Ok(links) => links,
            Err(error) => return Some(Self::Fail(format!("unable to read its service directory: {error}"))),
        };
        if let Some(log) = log.filter(|_| !links.has_inside(LOG)) {
            // A logger that has no directory says so itself.
            let _ = looking(log, Question::Directory)?;
        }
        Some(Self::Begin(links))
    }
}

impl Executor {
    /// What a glance tells about a unit; `None`: not everything.
    pub(super) fn verdict_at_a_glance(&self, text: &Unit) -> Option<Verdict> {
        Verdict::of(&self.surroundings, text, self.log_place(text).as_deref(), glance)
    }

    /// Has a unit's needs looked at. Its own deadline is the scout's.
    pub(super) fn have_looked_at(&mut self, unit: UnitIndex) {
        self.activities[unit].doing = Doing::LookedAt(None);
        self.unseen.push_back(unit);
        self.send_scouts();
    }

    /// Sends as many scouts as may be out. Where none can be sent, the next goes when one comes back; if none is out, we look.
    fn send_scouts(&mut self) {
        let is_out = |activity: &&Activity| matches!(activity.doing, Doing::LookedAt(Some(_)));
        while let Some(unit) = self.unseen.pop_front() {
            if !matches!(self.activities[unit].doing, Doing::LookedAt(None)) {
                continue;
            }
            let Some(text) = self.shared_unit(unit) else { continue };
            let out = self.activities.iter().filter(is_out).count();
            if out < MOST && self.send_scout(unit, &text).is_ok() {
                continue;
            }
            if out > 0 {
                return self.unseen.push_front(unit);
            }
            let verdict = Verdict::of(&self.surroundings, &text, self.log_place(&text).as_deref(), gaze);
            self.conclude(unit, verdict);
        }
    }

    fn send_scout(&mut self, unit: UnitIndex, text: &Unit) -> io::Result<()> {
        let (surroundings, log) = (&self.surroundings, self.log_place(text));
        let scout = Scout::send(|| Verdict::of(surroundings, text, log.as_deref(), gaze))?;
        self.epoll.add(&scout, EpollEvent::new(EpollFlags::EPOLLIN, unit as u64))?;
        self.activities[unit].doing = Doing::LookedAt(Some(scout));
        Ok(())
    }

    /// A unit's scout may have come back.
    pub(super) fn listen_to_scout(&mut self, unit: UnitIndex) {
        let Some(Activity { doing, .. }) = self.activities.get_mut(unit) else { return };
        if !matches!(doing, Doing::LookedAt(Some(scout)) if scout.is_back()) {
            return;
        }
        if let Doing::LookedAt(Some(scout)) = std::mem::take(doing) {
            self.conclude(unit, scout.report().flatten());
            self.send_scouts();
        }
    }

    /// Ends the look at what a unit needs. Answers whether there was one.
    pub(super) fn stop_looking(&mut self, unit: UnitIndex) -> bool {
        let doing = &mut self.activities[unit].doing;
        let is_looked_at = matches!(doing, Doing::LookedAt(_));
        if is_looked_at {
            *doing = Doing::Nothing;
            self.send_scouts();
        }
        is_looked_at
    }

    fn conclude(&mut self, unit: UnitIndex, verdict: Option<Verdict>) {
        self.activities[unit].doing = Doing::Nothing;
        self.begin_if(unit, verdict.unwrap_or_else(|| Verdict::Fail("unable to look at its files".into())));
    }
}

/// Whether there is something to execute, as far as that can be told before.
fn can_execute(kind: &Kind, looking: Looking) -> Option<Result<(), String>> {
    match kind {
        Kind::Milestone => Some(Ok(())),
        Kind::Oneshot(oneshot) => match &oneshot.start {
            Some(command) if is_confined(&oneshot.context) || !oneshot.steps.is_empty() => {
                can_run(&oneshot.context, command, looking)
            }
            // Exec will say it, at the same moment.
            Some(_) | None => Some(Ok(())),
        },
        Kind::Longrun(longrun) => match &longrun.program {
            Program::Command(command) => can_run(&longrun.context, command, looking),
            Program::ServiceDirectory(directory) => look_up(&directory.join(RUN).to_string_lossy(), looking),
        },
    }
}
