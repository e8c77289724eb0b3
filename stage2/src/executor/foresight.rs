//! One-shots whose turn is certain to come: the keeper gets their jobs while what they wait for still runs, and begins
//! them itself. So between two commands nobody has to wake up and be asked.
//!
//! The engine decides all the same. It has said that it will begin them; when it does, it finds them begun. Before it hears
//! of anything that may change its mind, whatever the keeper has not begun is taken back.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use supervisor::sys::event::wait_several;
use supervisor::sys::pidfd;
use units::{Kind, Oneshot, Unit};

use super::Executor;
use super::activity::{Doing, Ending};
use super::oneshot::steps;
use super::verdict::Verdict;
use crate::engine::event::UnitIndex;
use crate::oneshot::{JobNumber, Order};

/// Jobs that the keeper holds at most: so many that it never waits for us, so few that they are soon taken back.
const MOST: usize = 64;
/// How long the keeper may take to give them back, in ms. One that takes longer is stuck in a system call.
const PATIENCE: u16 = 10_000;

/// A job that the keeper has got before its turn.
#[derive(Debug)]
struct Foreseen {
    unit: UnitIndex,
    after: Vec<JobNumber>,
}

/// What was foreseen, and what may be next.
#[derive(Debug, Default)]
pub(super) struct Foresight {
    jobs: BTreeMap<JobNumber, Foreseen>,
    /// The keeper has not answered yet that it has given everything back: that answer must not be taken for a later one.
    is_recalled: bool,
    /// Units that come after one whose job was ordered.
    candidates: VecDeque<UnitIndex>,
}

impl Foresight {
    /// Nothing is foreseen.
    pub fn is_empty(&self) -> bool {
        self.jobs.is_empty()
    }

    /// The keeper has a job whose turn has not come.
    pub fn holds(&self, job: JobNumber) -> bool {
        self.jobs.contains_key(&job)
    }

    /// All of them.
    pub fn jobs(&self) -> Vec<JobNumber> {
        self.jobs.keys().copied().collect()
    }

    /// A job's turn has come.
    pub fn remove(&mut self, job: JobNumber) {
        self.jobs.remove(&job);
    }
}

impl Executor {
    /// What comes after a unit may be foreseen now.
    pub(super) fn expect_after(&mut self, unit: UnitIndex) {
        let later = self.engine.graph().successors(unit).iter().map(|later| later.unit);
        self.foresight.candidates.extend(later);
    }

    /// Gives the keeper what is certain to be next, as far as it may hold it.
    pub(super) fn look_ahead(&mut self) {
        while self.foresight.jobs.len() < MOST {
            let Some(unit) = self.foresight.candidates.pop_front() else { return };
            self.foresee(unit);
        }
    }

    fn foresee(&mut self, unit: UnitIndex) -> Option<()> {
        let awaited = self.engine.foresee(unit)?;
        let after = awaited.iter().map(|first| self.job_before(*first)).collect::<Option<Vec<_>>>()?;
        let text = self.shared_unit(unit)?;
        let Kind::Oneshot(oneshot) = &text.kind else { return None };
        if !self.is_plain(unit, &text, oneshot) {
            return None;
        }
        let mut job = self.prepare(unit, false, steps(oneshot), oneshot.start.as_ref()).ok()?;
        let number = job.number;
        job.after.clone_from(&after);
        self.order(&Order::Run(job));
        self.activities[unit].doing = Doing::Foreseen(number);
        self.foresight.jobs.insert(number, Foreseen { unit, after });
        self.expect_after(unit);
        Some(())
    }

    /// The job whose good end brings a unit up.
    fn job_before(&self, unit: UnitIndex) -> Option<JobNumber> {
        match &self.activities[unit].doing {
            Doing::Foreseen(job) => Some(*job),
            Doing::Oneshot(running) => {
                let is_start = !running.is_stop && running.ending == Ending::Outcome;
                is_start.then_some(running.job)
            }
            _ => None,
        }
    }

    /// A one-shot about which nothing has to be found out when its turn comes, and of which nothing is left from before.
    fn is_plain(&self, unit: UnitIndex, text: &Unit, oneshot: &Oneshot) -> bool {
        text.conditions.is_empty()
            && oneshot.context.user.is_none()
            && oneshot.context.cgroup.is_empty()
            && !self.takes_terminal(unit)
            && self.verdict_at_a_glance(text) == Some(Verdict::begin())
            && !self.noted.contains(text.name.as_str())
            && matches!(self.activities[unit].doing, Doing::Nothing)
            && !(oneshot.steps.is_empty() && oneshot.start.is_none())
    }

    /// Takes back what the keeper has not begun. What it has begun by then, the engine has begun as well.
    /// After that it hears of what may change its mind.
    pub fn recall(&mut self) {
        if !self.foresight.is_empty() {
            self.foresight.is_recalled = true;
            self.order(&Order::Withdraw);
            self.send_orders();
        }
        while self.foresight.is_recalled {
            self.await_answer();
        }
        self.events.extend(std::mem::take(&mut self.overturning));
        self.advance();
    }

    fn await_answer(&mut self) {
        let Some(keeper) = &self.keeper else { return self.forget_foreseen() };
        if !keeper.speaks_within(PATIENCE) && !self.has_endless() {
            keeper.kill();
        }
        self.listen_to_keeper();
    }

    /// A command runs to which no deadline may put an end, such as the check of a filesystem. It would not outlive its keeper.
    fn has_endless(&self) -> bool {
        self.jobs.values().any(|unit| {
            let activity = &self.activities[*unit];
            let is_start = matches!(&activity.doing, Doing::Oneshot(running) if !running.is_stop);
            is_start
                && self.target.graph.vertex(*unit).start_timeout().is_none()
                && self.notes.outcome(self.name(*unit)).is_none()
                && activity.pid.is_some_and(runs)
        })
    }

    /// A job has not ended well, or not by its notes: what was to come after it is not begun.
    pub(super) fn forget_behind(&mut self, job: JobNumber) {
        let mut lost = BTreeSet::from([job]);
        for (number, foreseen) in &self.foresight.jobs {
            if foreseen.after.iter().any(|first| lost.contains(first)) {
                lost.insert(*number);
            }
        }
        lost.into_iter().for_each(|number| self.forget_one(number));
    }

    /// The keeper holds nothing any more. It may be foreseen again.
    pub(super) fn forget_foreseen(&mut self) {
        self.foresight.is_recalled = false;
        self.foresight.jobs().into_iter().for_each(|number| self.forget_one(number));
    }

    /// The keeper is dead: what it has begun, by its notes, is still to be followed.
    pub(super) fn forget_not_begun(&mut self) {
        let has_begun = |unit: &str| self.notes.has_begun(unit) || self.notes.outcome(unit).is_some();
        let foreseen = self.foresight.jobs.iter().filter(|(_, foreseen)| !has_begun(self.name(foreseen.unit)));
        let lost: Vec<JobNumber> = foreseen.map(|(number, _)| *number).collect();
        lost.into_iter().for_each(|number| self.forget_one(number));
    }

    fn forget_one(&mut self, job: JobNumber) {
        if let Some(Foreseen { unit, .. }) = self.foresight.jobs.remove(&job) {
            self.activities[unit].doing = Doing::Nothing;
            self.remove_leaf(unit);
            self.foresight.candidates.push_back(unit);
        }
    }
}

/// Whether a child of the keeper has not ended. One that has keeps its number until the keeper takes notice.
fn runs(pid: u32) -> bool {
    let Ok(process) = pidfd::open(pid) else { return false };
    wait_several([*process], Some(0)).is_ok_and(|[ended]| ended == 0)
}
