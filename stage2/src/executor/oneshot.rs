//! One-shots: launching a keeper for the command, and what the keeper tells.

use nix::sys::epoll::{EpollEvent, EpollFlags};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use units::{Command, Oneshot, Step};

use super::Executor;
use super::activity::{Doing, Ending, Running};
use crate::engine::event::{Event, UnitIndex};
use crate::oneshot::{Job, KeeperRecord, Outcome, Report, launch};
use crate::system::cgroup;

impl Executor {
    pub(super) fn start_oneshot(&mut self, unit: UnitIndex, oneshot: &Oneshot) {
        let steps: Vec<Step> = oneshot.steps.iter().map(|(step, _)| step.clone()).collect();
        if steps.is_empty() && oneshot.start.is_none() {
            self.events.push_back(Event::Executed { unit, pid: None });
            return self.events.push_back(Event::Ready(unit));
        }
        if let Doing::Oneshot(running) = &mut self.activities[unit].doing {
            // An earlier run was given up; until it is gone there is no other.
            running.is_awaited = true;
            return;
        }
        self.launch(unit, false, steps, oneshot.start.clone());
    }

    pub(super) fn stop_oneshot(&mut self, unit: UnitIndex, oneshot: &Oneshot) {
        if let Doing::Oneshot(running) = &mut self.activities[unit].doing {
            if running.keeper.is_stop {
                return;
            }
            // It is still starting: there is nothing to undo. The keeper, in the same group, blocks TERM.
            running.ending = Ending::Down;
            let _ = killpg(Pid::from_raw(running.keeper.pid.cast_signed()), Signal::SIGTERM);
            return;
        }
        match &oneshot.stop {
            Some(command) => self.launch(unit, true, Vec::new(), Some(command.clone())),
            None => {
                self.end_leftovers(unit);
                self.events.push_back(Event::Down(unit));
            }
        }
    }

    /// What a one-shot has left behind is to end with its stop; with it ends the keeper that still forwards for it, which
    /// takes no notice of TERM itself.
    pub(super) fn end_leftovers(&self, unit: UnitIndex) {
        if let Some(root) = &self.config.cgroups {
            cgroup::terminate_all(&root.leaf(self.name(unit)));
        }
        self.remove_leaf(unit);
    }

    fn launch(&mut self, unit: UnitIndex, is_stop: bool, steps: Vec<Step>, command: Option<Command>) {
        let name = self.name(unit).to_owned();
        let has_command = command.is_some();
        // The record of the run before is about to be replaced: what it told is on disk already.
        let record = self.record(unit);
        self.ended.retain(|ended| *ended != record);
        let job = Job {
            cgroup: self.config.cgroups.as_ref().and_then(|root| root.make_leaf(&name).ok()),
            unit: name,
            is_stop,
            steps,
            run_step: self.config.run_step,
            command,
            record,
            forward_to_error: self.config.forward_to_error,
        };
        match launch(&job) {
            Ok(launched) => {
                let event = EpollEvent::new(EpollFlags::EPOLLIN, unit as u64 * 2);
                let _ = self.epoll.add(&launched.reports, event);
                self.activities[unit].doing = Doing::Oneshot(Running {
                    keeper: launched.keeper,
                    reports: launched.reports,
                    ending: Ending::Outcome,
                    is_awaited: false,
                });
                if !has_command {
                    self.events.push_back(Event::Executed { unit, pid: None });
                }
            }
            Err(error) => self.fail(unit, format!("unable to start: {error}"), None),
        }
    }

    /// Takes in what a keeper has told.
    pub(super) fn read_reports(&mut self, unit: UnitIndex) {
        let Some(Doing::Oneshot(running)) = self.activities.get_mut(unit).map(|activity| &mut activity.doing) else {
            return;
        };
        for report in running.reports.read() {
            match report {
                Report::Executed(pid) => {
                    self.activities[unit].pid = Some(pid);
                    self.events.push_back(Event::Executed { unit, pid: Some(pid) });
                }
                Report::Output(line) => self.activities[unit].push_line(line),
                Report::Done => return self.on_oneshot_done(unit),
            }
        }
    }

    fn on_oneshot_done(&mut self, unit: UnitIndex) {
        let activity = &mut self.activities[unit];
        let Doing::Oneshot(running) = std::mem::take(&mut activity.doing) else { return };
        activity.pid = None;
        let record = self.record(unit);
        let outcome =
            record.outcome().unwrap_or_else(|| Outcome::failed("its keeper was killed", running.keeper.is_stop));
        self.ended.push(record);
        if running.keeper.is_stop {
            self.end_leftovers(unit)
        } else {
            self.remove_leaf(unit)
        }
        match running.ending {
            Ending::Outcome => self.tell_outcome(unit, running.keeper.is_stop, outcome),
            Ending::Down => self.events.push_back(Event::Down(unit)),
            Ending::Abandoned => {}
        }
        if running.is_awaited {
            self.bring_up(unit);
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

    pub(super) fn kill_oneshot(&mut self, unit: UnitIndex) {
        if let Doing::Oneshot(running) = &self.activities[unit].doing {
            let keeper = running.keeper;
            self.kill_keeper(unit, &keeper);
        }
    }

    /// KILLs a keeper, its session's process group, and everything in the unit's control group.
    pub(super) fn kill_keeper(&self, unit: UnitIndex, keeper: &KeeperRecord) {
        if let Some(root) = &self.config.cgroups {
            cgroup::kill_all(&root.leaf(self.name(unit)));
        }
        if keeper.is_alive() {
            let pid = Pid::from_raw(keeper.pid.cast_signed());
            // A keeper that has not made its session yet has no group of its own.
            if killpg(pid, Signal::SIGKILL).is_err() {
                let _ = nix::sys::signal::kill(pid, Signal::SIGKILL);
            }
        }
    }

    fn remove_leaf(&self, unit: UnitIndex) {
        if let Some(root) = &self.config.cgroups {
            cgroup::remove(&root.leaf(self.name(unit)));
        }
    }
}
