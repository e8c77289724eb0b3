//! Services that were told by a signal to reload.
//!
//! A signal cannot fail, and few services say what became of it. So what can be seen is told, and nothing else: one that
//! speaks the readiness protocol is waited for from `RELOADING=1` to `READY=1`; of any other it is seen whether it lives on,
//! since HUP ends whoever is not prepared for it.

use std::collections::BTreeMap;

use supervisor::control::supervise;
use supervisor::status::{Phase, Status};

use super::Executor;
use super::longrun::{describe, runs};
use super::operator::nanoseconds;
use crate::engine::event::{Nanoseconds, UnitIndex};

/// How long a service is looked at that says nothing.
const LOOK: Nanoseconds = 1_000_000_000;

/// They, and what was found out about those that need not be looked at any more.
#[derive(Debug, Default)]
pub(super) struct Signalled {
    units: BTreeMap<UnitIndex, Reload>,
    notes: Vec<String>,
    /// Something else matters more than they do.
    is_over: bool,
}

/// One of them.
#[derive(Clone, Copy, Debug)]
struct Reload {
    before: Status,
    /// It has said that it reloads.
    has_begun: bool,
    /// Until when it is looked at; `None`: for as long as it takes.
    end: Option<Nanoseconds>,
}

/// What can be said of a service; an error is a reload that went wrong.
type Finding = Result<String, String>;

impl Signalled {
    pub fn is_empty(&self) -> bool {
        self.units.is_empty()
    }

    pub fn take_notes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notes)
    }

    /// Nobody is looked at for longer.
    pub fn end_at(&mut self, now: Nanoseconds) {
        self.is_over = true;
        self.units.values_mut().for_each(|reload| reload.end = Some(now));
    }

    /// What can be said of one by now. One that says that it reloads has until its limit, if there is time for that.
    fn look_at(
        &mut self,
        unit: UnitIndex,
        status: &Status,
        limit: Option<Nanoseconds>,
        now: Nanoseconds,
    ) -> Option<Finding> {
        let reload = self.units.get_mut(&unit)?;
        if status.reloading && !reload.has_begun {
            reload.has_begun = true;
            if !self.is_over {
                reload.end = limit.map(|limit| now.saturating_add(limit));
            }
        }
        reload.find(status, now)
    }

    /// When the next one has been looked at for long enough.
    pub fn next_end(&self) -> Option<Nanoseconds> {
        self.units.values().filter_map(|reload| reload.end).min()
    }
}

impl Reload {
    /// What the record says, or the time; nothing as long as there is more to wait for.
    fn find(&self, status: &Status, now: Nanoseconds) -> Option<Finding> {
        if status.deaths != self.before.deaths || status.phase != Phase::Run || status.pid == 0 {
            return Some(Err(format!("it ended when it was told to reload: {}", describe(status.last_exit))));
        }
        if !status.reloading && status.ready && status.ready_since != self.before.ready_since {
            return Some(Ok("has reloaded, as it says itself".to_owned()));
        }
        self.end.filter(|end| *end <= now)?;
        if self.has_begun {
            return Some(Err("its reload did not end in time".to_owned()));
        }
        let pid = match status.pid == self.before.pid {
            true => format!("as before, pid {}", status.pid),
            false => format!("with another pid, {}", status.pid),
        };
        Some(Ok(format!("was told to reload, and does not say whether it has; it is up {pid}")))
    }
}

impl Executor {
    /// HUP, or what its own directory says: supervise knows.
    pub(super) fn signal_to_reload(&mut self, unit: UnitIndex) -> Result<(), String> {
        let service = self.service(unit);
        let before = service.status().filter(runs).ok_or("nothing of it runs")?;
        service.control(&[supervise::RELOAD]).map_err(|error| format!("unable to reach its supervise: {error}"))?;
        let end = Some(self.now().saturating_add(LOOK));
        self.signalled.units.insert(unit, Reload { before, has_begun: false, end });
        Ok(())
    }

    /// Finds out what can be said of them by now.
    pub(super) fn look_at_signalled(&mut self) {
        let now = self.now();
        let units: Vec<UnitIndex> = self.signalled.units.keys().copied().collect();
        for unit in units {
            let finding = match self.service(unit).status() {
                Some(status) => self.look_at_reload(unit, &status, now),
                None => Some(Err("its supervise is gone".to_owned())),
            };
            let Some(finding) = finding else { continue };
            self.signalled.units.remove(&unit);
            match finding {
                Ok(note) => self.signalled.notes.push(format!("{}: {note}", self.name(unit))),
                Err(reason) => self.complain(unit, &reason),
            }
        }
    }

    /// One that says that it reloads has as long as it has to start.
    fn look_at_reload(&mut self, unit: UnitIndex, status: &Status, now: Nanoseconds) -> Option<Finding> {
        let limit = self.unit(unit).and_then(|text| text.start_timeout).map(nanoseconds);
        self.signalled.look_at(unit, status, limit, now)
    }
}

#[cfg(test)]
mod tests {
    use supervisor::status::LastExit;
    use supervisor::tai::Tai64n;

    use super::*;

    fn up(pid: u32) -> Status {
        let ready_since = Tai64n::from_unix(5, 0);
        Status { pid, phase: Phase::Run, ready: true, ready_since, last_exit: LastExit::None, ..Status::NEW }
    }

    /// A death is one, whoever runs by now; who says nothing is told so in the end, who has begun must end.
    #[test]
    fn findings() {
        let reload = |has_begun| Reload { before: up(7), has_begun, end: Some(10) };
        let find = |has_begun, status: &Status, now| reload(has_begun).find(status, now);
        assert_eq!(find(false, &up(7), 9), None);
        let silent = |pid| Some(Ok(format!("was told to reload, and does not say whether it has; it is up {pid}")));
        assert_eq!(find(false, &up(7), 10), silent("as before, pid 7"));
        assert_eq!(find(false, &up(8), 10), silent("with another pid, 8"));
        let dead = Status { deaths: 1, last_exit: LastExit::Status(1), ..up(8) };
        let reason = "it ended when it was told to reload: killed by SIGHUP";
        assert_eq!(find(false, &dead, 1), Some(Err(reason.to_owned())));
        let busy = Status { reloading: true, ..up(7) };
        assert_eq!(find(true, &busy, 9), None);
        assert_eq!(find(true, &busy, 10), Some(Err("its reload did not end in time".to_owned())));
        let again = Status { ready_since: Tai64n::from_unix(6, 0), ..up(7) };
        assert_eq!(find(false, &again, 1), Some(Ok("has reloaded, as it says itself".to_owned())));
    }

    /// Whoever says that it reloads has its own time for it, but not after everybody's has ended.
    #[test]
    fn ends() {
        let busy = Status { reloading: true, ..up(7) };
        let reload = Reload { before: up(7), has_begun: false, end: Some(10) };
        let signalled = || Signalled { units: BTreeMap::from([(1, reload)]), ..Signalled::default() };
        let mut lasting = signalled();
        assert_eq!(lasting.look_at(1, &busy, Some(5), 12), None);
        assert_eq!(lasting.next_end(), Some(17));
        let mut over = signalled();
        over.end_at(4);
        let reason = "its reload did not end in time";
        assert_eq!(over.look_at(1, &busy, None, 4), Some(Err(reason.to_owned())));
    }
}
