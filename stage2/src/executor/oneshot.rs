//! One-shots: ordering them from the keeper, and what the keeper tells.

use units::{Command, Oneshot, Step};

use super::activity::{Doing, Ending, Running};
use super::context::refuse_at_a_glance;
use super::{Executor, TOKEN_KEEPER};
use crate::engine::event::{Event, UnitIndex};
use crate::oneshot::{Job, JobNumber, Keeper, Order, Outcome, Report};
use crate::system::cgroup;
use nix::sys::epoll::{EpollEvent, EpollFlags};

impl Executor {
    pub(super) fn start_oneshot(&mut self, unit: UnitIndex, oneshot: &Oneshot) {
        if oneshot.steps.is_empty() && oneshot.start.is_none() {
            self.events.push_back(Event::Executed { unit, pid: None });
            return self.events.push_back(Event::Ready(unit));
        }
        match &mut self.activities[unit].doing {
            Doing::Foreseen(job) => {
                let job = *job;
                self.foresight.remove(job);
                self.follow(unit, job, false, oneshot.start.is_some());
            }
            _ => {
                let job = self.prepare(unit, false, steps(oneshot), oneshot.start.as_ref());
                self.launch(unit, job);
            }
        }
    }

    pub(super) fn stop_oneshot(&mut self, unit: UnitIndex, oneshot: &Oneshot) {
        if let Doing::Oneshot(running) = &mut self.activities[unit].doing {
            if !running.is_stop {
                // It is still starting: there is nothing to undo.
                running.ending = Ending::Down;
                let job = running.job;
                self.order(&Order::Terminate(job));
            }
            return;
        }
        match &oneshot.stop {
            Some(command) => {
                let job = refuse_at_a_glance(&self.context(unit), command);
                let job = job.and_then(|()| self.prepare(unit, true, Vec::new(), Some(command)));
                self.launch(unit, job);
            }
            None => {
                self.end_leftovers(unit);
                self.events.push_back(Event::Down(unit));
            }
        }
    }

    /// What a one-shot has left behind is to end with its stop; so ends what the keeper still forwards for it.
    pub(super) fn end_leftovers(&self, unit: UnitIndex) {
        if let Some(root) = &self.config.cgroups {
            cgroup::terminate_all(&root.leaf(self.name(unit)));
        }
        self.remove_leaf(unit);
    }

    /// Orders a job, if it could be prepared.
    fn launch(&mut self, unit: UnitIndex, job: Result<Job, String>) {
        match job {
            Err(reason) => self.fail(unit, reason, None),
            Ok(job) => {
                let (number, is_stop, has_command) = (job.number, job.is_stop, !job.command.is_empty());
                self.order(&Order::Run(job));
                self.follow(unit, number, is_stop, has_command);
            }
        }
    }

    /// Whatever a one-shot needs before its command can be executed. The error is the reason why it cannot.
    pub(super) fn prepare(
        &mut self,
        unit: UnitIndex,
        is_stop: bool,
        steps: Vec<String>,
        command: Option<&Command>,
    ) -> Result<Job, String> {
        let context = self.context(unit);
        let cgroup = self.leaf(unit, &context)?;
        let unable = |error: std::io::Error| format!("unable to start: {error}");
        let name = self.name(unit).to_owned();
        // The notes of the run before are about to be replaced: what they told is on disk already, or about to be.
        if self.noted.remove(&name) {
            self.notes.forget(&name).map_err(unable)?;
        }
        self.ended.retain(|ended| *ended != name);
        let command = match command {
            None => Vec::new(),
            Some(Command::Argv(words)) => words.clone(),
            Some(Command::Script(text)) => self.script_words(&name, text).map_err(unable)?,
        };
        let command = if command.is_empty() { command } else { self.confined(&context, command) };
        self.hire_keeper().map_err(unable)?;
        self.last_job += 1;
        let (number, note) = (self.last_job, name.clone());
        Ok(Job { number, after: Vec::new(), unit: name, note, is_stop, steps, command, cgroup })
    }

    /// From now on a job is what the unit does.
    fn follow(&mut self, unit: UnitIndex, job: JobNumber, is_stop: bool, has_command: bool) {
        self.noted.insert(self.name(unit).to_owned());
        self.jobs.insert(job, unit);
        let ending = Ending::Outcome;
        self.activities[unit].doing = Doing::Oneshot(Running { job, is_stop, ending });
        if !has_command {
            self.events.push_back(Event::Executed { unit, pid: None });
        }
        if !is_stop {
            self.expect_after(unit);
        }
    }

    pub(super) fn script_words(&self, name: &str, text: &str) -> std::io::Result<Vec<String>> {
        let path = self.notes.write_script(name, text)?.display().to_string();
        let shell = ["/bin/sh", "-e"].map(str::to_owned);
        Ok(if text.starts_with("#!") { vec![path] } else { shell.into_iter().chain([path]).collect() })
    }

    /// Has a keeper at work: another one, if the last was killed.
    pub(super) fn hire_keeper(&mut self) -> std::io::Result<()> {
        if self.keeper.is_none() {
            let keeper = Keeper::start(&self.notes, self.config.run_step, self.config.forward_to_error)?;
            self.epoll.add(&keeper, EpollEvent::new(EpollFlags::EPOLLIN, TOKEN_KEEPER))?;
            self.keeper = Some(keeper);
        }
        Ok(())
    }

    pub(super) fn order(&mut self, order: &Order) {
        if let Some(keeper) = &mut self.keeper {
            keeper.order(order);
        }
    }

    /// Takes in what the keeper has told, one by one: what it tells next may be about what the engine begins for this.
    pub(super) fn listen_to_keeper(&mut self) {
        let Some(keeper) = &mut self.keeper else { return };
        let (reports, is_there) = keeper.listen();
        for report in reports {
            match report {
                Report::Withdrawn => self.forget_foreseen(),
                Report::Executed(job, pid) => self.on_executed(job, pid),
                Report::Output(job, line) => {
                    if let Some(unit) = self.jobs.get(&job) {
                        self.activities[*unit].push_line(line);
                    }
                }
                Report::Done(job, outcome) => self.on_done(job, outcome),
                Report::Unnoted(job, outcome) => {
                    self.forget_behind(job);
                    self.on_done(job, outcome);
                }
            }
            self.advance();
        }
        if !is_there {
            self.on_keeper_killed();
        }
    }

    /// Its commands have died with it. What it has begun, or seen the end of, without telling is in its notes.
    pub(super) fn on_keeper_killed(&mut self) {
        self.keeper = None;
        self.forget_not_begun();
        let foreseen = self.foresight.jobs();
        let mut jobs: Vec<JobNumber> = self.jobs.keys().chain(self.reloads.keys()).copied().chain(foreseen).collect();
        jobs.sort_unstable();
        for job in jobs {
            // One that was foreseen has had its turn by now: those before it have smaller numbers.
            let unit = self.jobs.get(&job).copied();
            let is_stop = unit.is_some_and(|unit| match &self.activities[unit].doing {
                Doing::Oneshot(running) => running.is_stop,
                _ => false,
            });
            let known = unit.and_then(|unit| self.notes.outcome(self.name(unit)));
            self.on_done(job, known.unwrap_or_else(|| Outcome::failed("its keeper was killed", is_stop)));
            self.advance();
        }
        self.forget_foreseen();
    }

    fn on_executed(&mut self, job: JobNumber, pid: u32) {
        debug_assert!(!self.foresight.holds(job), "begun before its turn");
        if let Some(&unit) = self.jobs.get(&job) {
            self.activities[unit].pid = Some(pid);
            self.events.push_back(Event::Executed { unit, pid: Some(pid) });
        }
    }

    fn on_done(&mut self, job: JobNumber, outcome: Outcome) {
        if self.reloads.contains_key(&job) {
            return self.on_reloaded(job, outcome);
        }
        if outcome.reason.is_some() {
            self.forget_behind(job);
        }
        let Some(unit) = self.jobs.remove(&job) else { return };
        let activity = &mut self.activities[unit];
        let Doing::Oneshot(running) = std::mem::take(&mut activity.doing) else { return };
        activity.pid = None;
        activity.used = Some(outcome.used_ns);
        self.ended.push(self.name(unit).to_owned());
        if running.is_stop {
            self.end_leftovers(unit)
        } else {
            self.remove_leaf(unit)
        }
        match running.ending {
            Ending::Outcome => self.tell_outcome(unit, running.is_stop, outcome),
            Ending::Down => self.events.push_back(Event::Down(unit)),
            Ending::Abandoned => {}
            Ending::Awaited => self.bring_up(unit),
        }
    }

    /// Turns an outcome into the engine's event.
    pub(super) fn tell_outcome(&mut self, unit: UnitIndex, is_stop: bool, outcome: Outcome) {
        self.activities[unit].lines = outcome.output.into();
        match (outcome.reason, is_stop) {
            (Some(reason), _) => self.fail(unit, reason, outcome.exit),
            (None, false) => self.events.push_back(Event::Ready(unit)),
            (None, true) => self.events.push_back(Event::Down(unit)),
        }
    }

    /// KILLs a one-shot's process group, and everything in the unit's control group.
    pub(super) fn kill_oneshot(&mut self, unit: UnitIndex) {
        let Doing::Oneshot(running) = &self.activities[unit].doing else { return };
        let job = running.job;
        self.order(&Order::Kill(job));
        if let Some(root) = &self.config.cgroups {
            cgroup::kill_all(&root.leaf(self.name(unit)));
        }
    }

    pub(super) fn remove_leaf(&self, unit: UnitIndex) {
        if let Some(root) = &self.config.cgroups {
            cgroup::remove(&root.leaf(self.name(unit)));
        }
    }
}

/// The words of a one-shot's steps.
pub(super) fn steps(oneshot: &Oneshot) -> Vec<String> {
    oneshot.steps.iter().map(|(step, _)| word(step)).collect()
}

/// The step's word.
fn word(step: &Step) -> String {
    Step::ALL.iter().find(|(known, _)| known == step).map_or_else(String::new, |(_, word)| (*word).to_owned())
}
