//! Deadlines: every start and every stop has one after the other, so that every wait ends.

use std::time::Duration;

use supervisor::state::State;

use super::Engine;
use super::event::{Action, Nanoseconds, UnitIndex};
use super::slot::Patience;

/// How long a unit may start before the operator hears of it.
const NOTICE: Duration = Duration::from_secs(10);

/// How long a killed unit has at least until it is given up: the kernel needs a moment even where `stop-timeout` is 0.
const LAST_WAIT: Duration = Duration::from_secs(2);

impl Engine {
    /// Sets the deadline that comes next, counted from `base`.
    pub(super) fn arm(&mut self, unit: UnitIndex, patience: Patience, base: Nanoseconds) {
        let vertex = self.graph.vertex(unit);
        let wait = match patience {
            Patience::None => None,
            Patience::Told | Patience::Fresh => Some(vertex.start_timeout().unwrap_or(NOTICE).min(NOTICE)),
            Patience::Noticed => vertex.start_timeout().map(|timeout| timeout.saturating_sub(NOTICE)),
            Patience::Asked => Some(vertex.stop_timeout()),
            Patience::Killed => Some(vertex.stop_timeout().max(LAST_WAIT)),
        };
        self.disarm(unit);
        let timer = wait.map(|wait| base.saturating_add(nanoseconds(wait)));
        self.timers.extend(timer.map(|time| (time, unit)));
        self.slots[unit].timer = timer;
        self.slots[unit].patience = patience;
    }

    /// Forgets the unit's deadline.
    pub(super) fn disarm(&mut self, unit: UnitIndex) {
        if let Some(time) = self.slots[unit].timer.take() {
            self.timers.remove(&(time, unit));
        }
        self.slots[unit].patience = Patience::None;
    }

    /// Acts on every deadline that has passed.
    pub(super) fn on_tick(&mut self) {
        while let Some(&(time, unit)) = self.timers.first().filter(|&&(time, _)| time <= self.now) {
            match self.slots[unit].patience {
                Patience::Told | Patience::Fresh => self.on_start_takes_long(unit, time),
                Patience::Noticed => self.on_start_timeout(unit),
                Patience::Asked => {
                    self.outbox.command(Action::Kill(unit));
                    self.arm(unit, Patience::Killed, self.now);
                }
                Patience::Killed => {
                    self.slots[unit].again = false;
                    self.slots[unit].lingers = true;
                    self.arrive_failed(unit, "does not stop".into(), None);
                }
                Patience::None => self.disarm(unit),
            }
        }
    }

    /// Tells the operator, if there is more time than until now; else gives the unit up.
    fn on_start_takes_long(&mut self, unit: UnitIndex, time: Nanoseconds) {
        if self.graph.vertex(unit).start_timeout().is_some_and(|timeout| timeout <= NOTICE) {
            return self.on_start_timeout(unit);
        }
        self.report(unit, State::Starting, Some(not_ready_after(NOTICE)), None);
        // Whatever keeps it busy, nobody waits any longer for it to be done.
        self.change(unit, |slot| slot.burns = false);
        self.arm(unit, Patience::Noticed, time);
    }

    fn on_start_timeout(&mut self, unit: UnitIndex) {
        let timeout = self.graph.vertex(unit).start_timeout().unwrap_or_default();
        let reason = not_ready_after(timeout);
        self.outbox.command(Action::Abandon(unit));
        if self.slots[unit].leaving {
            self.arrive_failed(unit, reason, None);
        } else {
            self.fail(unit, reason, None);
        }
    }
}

fn not_ready_after(time: Duration) -> String {
    format!("not ready after {}", length(time))
}

/// `60 s`, or in ms where it is no whole number of seconds.
pub(super) fn length(time: Duration) -> String {
    match time.subsec_millis() {
        0 => format!("{} s", time.as_secs()),
        _ => format!("{} ms", time.as_millis()),
    }
}

pub(super) fn nanoseconds(duration: Duration) -> Nanoseconds {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
