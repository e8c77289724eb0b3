//! Asking whether longruns are ready, where they do not say so themselves.

use nix::sys::epoll::EpollEvent;
use supervisor::control::supervise;

use super::Doing;
use crate::engine::event::{Nanoseconds, UnitIndex};
use crate::executor::Executor;
use crate::readiness::{Probe, Verdict};

impl Executor {
    /// Asks whether a unit is ready, if that is being found out.
    pub(in crate::executor) fn ask_probe(&mut self, unit: UnitIndex) {
        let now = self.now();
        let Some(Doing::Starting(starting)) = self.activities.get_mut(unit).map(|activity| &mut activity.doing) else {
            return;
        };
        let Some(probe) = starting.probe.as_mut().filter(|_| starting.is_executed) else { return };
        self.probing.insert(unit);
        let verdict = probe.ask(now);
        if let Some((descriptor, interest)) = probe.descriptor() {
            let _ = self.epoll.add(descriptor, EpollEvent::new(interest, unit as u64));
        }
        if verdict == Verdict::Ready {
            self.tell_supervise(unit);
            self.become_up(unit, None);
        }
    }

    /// Lets whoever asks its supervise know as well that the unit is ready.
    fn tell_supervise(&self, unit: UnitIndex) {
        let service = self.service(unit);
        let pid = self.activities[unit].pid;
        if service.status().is_some_and(|status| Some(status.pid) == pid) {
            let _ = service.control(&[supervise::READY]);
        }
    }

    pub(in crate::executor) fn ask_due_probes(&mut self) {
        let now = self.now();
        let is_due = |unit: &UnitIndex| self.probe_time(*unit).is_some_and(|time| time <= now);
        let due: Vec<UnitIndex> = self.probing.iter().copied().filter(is_due).collect();
        due.into_iter().for_each(|unit| self.ask_probe(unit));
    }

    /// When the next probe is due.
    pub(in crate::executor) fn next_probe(&self) -> Option<Nanoseconds> {
        self.probing.iter().filter_map(|unit| self.probe_time(*unit)).min()
    }

    /// The process that is asked whether the unit is ready.
    pub(in crate::executor) fn probe_process(&self, unit: UnitIndex) -> Option<u32> {
        match &self.activities[unit].doing {
            Doing::Starting(starting) => starting.probe.as_ref().and_then(Probe::process),
            _ => None,
        }
    }

    fn probe_time(&self, unit: UnitIndex) -> Option<Nanoseconds> {
        match &self.activities[unit].doing {
            Doing::Starting(starting) => starting.probe.as_ref().and_then(Probe::next),
            _ => None,
        }
    }

    pub(super) fn stop_probing(&mut self, unit: UnitIndex) {
        self.probing.remove(&unit);
    }
}
