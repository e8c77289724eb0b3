//! Longruns: their service directory is compiled and linked into the scan directory; then their supervise is told what
//! to do, and its status record says what became of it.

mod ending;
mod install;
mod logger;
mod probing;

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use supervisor::control::supervise;
use supervisor::paths::service::{KILL_MODE, NOTIFICATION_FD, NOTIFY};
use supervisor::status::{Phase, Status, Want};
use supervisor::sys::proc::start_ticks;
use units::{Command, KillMode, Kind, Longrun, Readiness, Unit};

use super::activity::{Doing, Probation, Starting};
use super::context::may_fail;
use super::{Executor, Interest};
use crate::engine::event::{Event, Nanoseconds, UnitIndex};
use crate::service::{ServiceDirectory, SupervisedService};
use crate::system::cgroup;
use crate::system::clock::monotonic;
pub(super) use ending::{describe, runs};
use ending::{end_for_good, exit_number, is_done, was_killed};

/// A longrun that cannot say when it is ready is up once it runs; until then an end with 126 or 127 was no start.
const PROBATION: Nanoseconds = 1_000_000_000;
/// Service directories that stage 1 brings: no unit may have their names.
const RESERVED: [&str; 3] = ["catch-all", "engine", "getty-early"];

/// A supervise does as it is told within this time, or is told again: it was killed in between.
const OBEYED_WITHIN: Nanoseconds = 500_000_000;
/// For so long a service waits for its former logger to end, which a full disk may hold up.
const MAKES_ROOM_WITHIN: Nanoseconds = 5_000_000_000;

impl Executor {
    /// `links`: what is linked from its `servicedir`.
    pub(super) fn start_longrun(&mut self, unit: UnitIndex, text: &Unit, longrun: &Longrun, links: ServiceDirectory) {
        if RESERVED.contains(&text.name.as_str()) {
            return self.fail(unit, "the name is taken by a service of stage 1".into(), None);
        }
        if self.must_wait_for_terminal(unit) {
            return;
        }
        match self.install(unit, text, longrun, links) {
            Ok(()) => self.look_at(unit),
            Err(reason) => self.fail(unit, reason, None),
        }
    }

    /// A longrun's status record may say something new.
    pub(super) fn look_at(&mut self, unit: UnitIndex) {
        let service = self.service(unit);
        let Some(activity) = self.activities.get_mut(unit) else { return };
        match &mut activity.doing {
            Doing::Starting(starting) => {
                if !service.is_supervised()
                    || starting.former_logger.is_some_and(|process| has_logger(&service, process))
                {
                    return;
                }
                starting.former_logger = None;
                let status = service.status();
                // One that is wanted up already starts by itself: told again, it would not wait between two crashes. One that
                // has ended for good since would run once more.
                let has_obeyed = |status: Status| {
                    status.want == Want::Up || status.ended_for_good && Some(status) != starting.before
                };
                let is_deaf = status.is_some_and(|status| !has_obeyed(status));
                if !starting.is_told && is_deaf {
                    starting.is_told = service.control(&[supervise::UP]).is_ok();
                }
                // A supervise that is killed before it obeys leaves a successor that was told nothing.
                let end = monotonic().saturating_add(OBEYED_WITHIN);
                if is_deaf {
                    self.disobeyed.insert(unit, end)
                } else {
                    self.disobeyed.remove(&unit)
                };
                let is_news = |status: &Status| Some(*status) != starting.before || runs(status);
                if let Some(status) = status.filter(is_news) {
                    self.on_starting(unit, &status);
                }
            }
            Doing::Up { probation } => {
                let is_probed = probation.is_some();
                if let Some(status) = service.status() {
                    self.on_up(unit, &status, is_probed);
                }
            }
            Doing::Stopping => self.on_stopping(unit, &service),
            Doing::Nothing | Doing::LookedAt(_) | Doing::Foreseen(_) | Doing::Oneshot(_) => {}
        }
    }

    fn on_starting(&mut self, unit: UnitIndex, status: &Status) {
        let Some(Kind::Longrun(longrun)) = self.unit(unit).map(|unit| unit.kind.clone()) else { return };
        let tells = self.tells_readiness(unit, &longrun);
        let is_done = is_done(&longrun, status) && longrun.ready.is_none() && !tells;
        if let Some(reason) = end_for_good(status, true).filter(|_| !is_done) {
            return self.fail_longrun(unit, reason, status);
        }
        if !runs(status) && !is_done {
            return;
        }
        let activity = &mut self.activities[unit];
        let Doing::Starting(starting) = &mut activity.doing else { return };
        activity.pid = Some(status.pid);
        if !starting.is_executed {
            starting.is_executed = true;
            self.events.push_back(Event::Executed { unit, pid: Some(status.pid) });
        }
        match longrun.ready {
            _ if tells && status.ready => self.become_up(unit, None),
            _ if tells => {}
            None => {
                let is_needed = !matches!(longrun.command(), Some(Command::Argv(_))) || may_fail(&longrun.context);
                self.become_up(unit, Some(Probation { end: self.now() + PROBATION, is_needed }));
            }
            Some(_) => self.ask_probe(unit),
        }
        if is_done {
            self.look_at(unit);
        }
    }

    /// Its supervise hears from it when it is ready, because the unit says so, or the directory that it brings.
    fn tells_readiness(&self, unit: UnitIndex, longrun: &Longrun) -> bool {
        let has = |name| fs::symlink_metadata(self.service(unit).directory().join(name)).is_ok();
        match longrun.ready {
            Some(Readiness::Descriptor(_) | Readiness::Notify) => true,
            Some(_) => false,
            None => longrun.command().is_none() && (has(NOTIFICATION_FD) || has(NOTIFY)),
        }
    }

    fn on_up(&mut self, unit: UnitIndex, status: &Status, is_on_probation: bool) {
        let longrun = self.unit(unit).map(|unit| &unit.kind);
        let is_done = matches!(longrun, Some(Kind::Longrun(longrun)) if is_done(longrun, status));
        let is_over = status.want == Want::Once && status.phase == Phase::Down && status.pid == 0;
        if is_done || is_over {
            self.activities[unit].doing = Doing::Nothing;
            self.activities[unit].pid = None;
            self.events.push_back(Event::Down(unit));
        } else if let Some(reason) = end_for_good(status, is_on_probation) {
            self.fail_longrun(unit, reason, status);
        }
    }

    fn on_stopping(&mut self, unit: UnitIndex, service: &SupervisedService) {
        let status = service.status();
        let is_down = |status: Status| status.phase == Phase::Down && status.pid == 0 && status.want != Want::Up;
        // Without its supervise, a process may go on: the successor that follows it has to be told.
        let is_alone = !service.is_supervised();
        if (is_alone && !status.is_some_and(goes_on)) || status.is_some_and(is_down) {
            self.disobeyed.remove(&unit);
            self.activities[unit].doing = Doing::Nothing;
            self.activities[unit].pid = None;
            let was_killed = status.is_some_and(was_killed);
            self.events.push_back(if was_killed { Event::Killed(unit) } else { Event::Down(unit) });
        } else if is_alone || status.is_some_and(|status| status.want == Want::Up) {
            self.disobeyed.insert(unit, monotonic().saturating_add(OBEYED_WITHIN));
        }
    }

    /// KILLs the process of a service whose supervise is gone and has no successor.
    fn kill_orphan(&self, unit: UnitIndex, service: &SupervisedService) {
        if let Some(status) = service.status().filter(|status| goes_on(*status)) {
            let _ = fs::remove_file(self.config.places.scan.join(self.name(unit)));
            let _ = kill(Pid::from_raw(status.pid.cast_signed()), Signal::SIGKILL);
        }
    }

    /// Tells those once more that have not done as they were told, and those that have waited for a logger.
    pub(super) fn tell_disobedient(&mut self) {
        let now = monotonic();
        let due: Vec<UnitIndex> =
            self.disobeyed.iter().filter(|(_, end)| **end <= now).map(|(unit, _)| *unit).collect();
        for unit in due {
            self.disobeyed.remove(&unit);
            let service = self.service(unit);
            match self.activities.get_mut(unit).map(|activity| &mut activity.doing) {
                Some(Doing::Starting(starting)) => {
                    starting.former_logger = None;
                    starting.is_told = false;
                }
                Some(Doing::Stopping) => drop(service.control(&[supervise::DOWN])),
                _ => continue,
            }
            self.look_at(unit);
        }
    }

    fn become_up(&mut self, unit: UnitIndex, probation: Option<Probation>) {
        self.activities[unit].doing = Doing::Up { probation };
        self.stop_probing(unit);
        self.events.push_back(Event::Ready(unit));
    }

    /// It ended and is not worth trying again; its supervise is told.
    fn fail_longrun(&mut self, unit: UnitIndex, reason: String, status: &Status) {
        let _ = self.service(unit).control(&[supervise::DOWN]);
        self.activities[unit].doing = Doing::Nothing;
        self.activities[unit].pid = None;
        self.stop_probing(unit);
        self.fail(unit, reason, exit_number(status.last_exit));
    }

    pub(super) fn stop_longrun(&mut self, unit: UnitIndex) {
        let service = self.service(unit);
        self.stop_probing(unit);
        self.held.retain(|held| *held != unit);
        self.activities[unit].doing = Doing::Stopping;
        let _ = self.watches.add(&service.supervise(), Interest::Status(unit));
        let has_nobody = !service.status().is_some_and(goes_on);
        if service.control(&[supervise::DOWN]).is_err() && has_nobody {
            // Without its supervise it must not come up again with the next one.
            let _ = fs::remove_file(self.config.places.scan.join(self.name(unit)));
        }
        self.look_at(unit);
    }

    pub(super) fn kill_longrun(&mut self, unit: UnitIndex) {
        let service = self.service(unit);
        if service.control(&[supervise::DOWN, supervise::KILL]).is_err() {
            self.kill_orphan(unit, &service);
        }
        self.kill_leaf(unit);
        self.look_at(unit);
    }

    pub(super) fn abandon_longrun(&mut self, unit: UnitIndex) {
        self.activities[unit].doing = Doing::Nothing;
        self.activities[unit].pid = None;
        self.stop_probing(unit);
        self.held.retain(|held| *held != unit);
        let _ = self.service(unit).control(&[supervise::DOWN, supervise::KILL]);
        self.kill_leaf(unit);
    }

    /// Everything that a longrun has started, unless only its main process is to be reached.
    fn kill_leaf(&self, unit: UnitIndex) {
        let is_whole = match self.unit(unit).map(|unit| &unit.kind) {
            Some(Kind::Longrun(longrun)) => longrun.kill_mode == KillMode::Cgroup,
            Some(_) => false,
            // It has lost its file; its service directory still says what it was.
            None => fs::read(self.service(unit).directory().join(KILL_MODE)).is_ok_and(|mode| mode == b"cgroup\n"),
        };
        if let Some(root) = self.config.cgroups.as_ref().filter(|_| is_whole) {
            cgroup::kill_all(&root.leaf(self.name(unit)));
        }
    }
}

/// The service's logger is still this process.
fn has_logger(service: &SupervisedService, process: u32) -> bool {
    service.logger().status().is_some_and(|status| status.pid == process)
}

/// The process of the record runs, whether or not its supervise does.
fn goes_on(status: Status) -> bool {
    status.pid != 0 && start_ticks(status.pid) == Some(status.start_ticks)
}
