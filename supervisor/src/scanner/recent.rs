//! Supervises that have died lately: when each may be started again. Pure.
//!
//! One that has died is started at once the first time, then at least a second after its last start. One that leaves at
//! once in order, as the wrapper does while the machine stops, is asked less and less often. Whoever has lived for a
//! second is forgotten here, so that in quiet times the table is empty.

use crate::sys::table::Table;

use super::entry::Who;

/// ns in a millisecond.
const MILLISECOND: u64 = 1_000_000;
/// ms in a second: two starts of a supervise are that far apart, but for its first death.
const SECOND: u32 = 1000;
/// The longest pause (s) after a supervise that leaves at once.
const LONGEST: u8 = 60;

/// One of them. Times are ms of CLOCK_MONOTONIC, cut to 32 bits: no comparison spans more than 24 days.
#[derive(Clone, Copy, Debug)]
struct Recent {
    who: Who,
    /// When it may be started, or, while it runs, when it was.
    at: u32,
    /// The pause (s) after one that left at once.
    pause: u8,
    /// It is to be started.
    waits: bool,
    /// Its last supervise left in order.
    left: bool,
}

/// All of them. Where there is no memory for one, it is started at once.
#[derive(Debug, Default)]
pub struct Recents(Table<Recent>);

const fn milliseconds(now: u64) -> u32 {
    (now / MILLISECOND) as u32
}

/// ms from now until `at`; negative: since.
const fn left(at: u32, now: u64) -> i32 {
    at.wrapping_sub(milliseconds(now)).cast_signed()
}

impl Recents {
    /// None.
    pub const fn new() -> Self {
        Self(Table::new())
    }

    fn of(&mut self, who: Who) -> Option<&mut Recent> {
        self.0.iter_mut().find(|recent| recent.who == who)
    }

    /// Its supervise has ended. `orderly`: with exit code 0.
    pub fn died(&mut self, who: Who, orderly: bool, now: u64) {
        let Some(recent) = self.of(who) else {
            let _ = self.0.push(Recent { who, at: milliseconds(now), pause: 1, waits: true, left: orderly });
            return;
        };
        let lived = milliseconds(now).wrapping_sub(recent.at);
        recent.pause = if orderly && lived < SECOND { recent.pause.saturating_mul(2).min(LONGEST) } else { 1 };
        recent.at = recent.at.wrapping_add(lived.max(u32::from(recent.pause) * SECOND));
        (recent.waits, recent.left) = (true, orderly);
    }

    /// Its last supervise left in order, a moment ago: the next one is for it alone, so that whoever decides whether it may
    /// run (the wrapper, while the machine stops) decides about one.
    pub fn goes_alone(&self, who: Who) -> bool {
        self.0.iter().any(|recent| recent.who == who && recent.left)
    }

    /// It could not be started.
    pub fn put_off(&mut self, who: Who, now: u64) {
        self.died(who, false, now);
        if let Some(recent) = self.of(who) {
            recent.at = milliseconds(now).wrapping_add(SECOND);
        }
    }

    /// It was started.
    pub fn started(&mut self, who: Who, now: u64) {
        if let Some(recent) = self.of(who) {
            (recent.at, recent.waits) = (milliseconds(now), false);
        }
    }

    /// What it needs cannot wait: it may be started at once.
    pub fn hasten(&mut self, who: Who, now: u64) {
        if let Some(recent) = self.of(who).filter(|recent| recent.waits) {
            recent.at = milliseconds(now);
        }
    }

    /// It may be started.
    pub fn may_start(&self, who: Who, now: u64) -> bool {
        self.0.iter().find(|recent| recent.who == who).is_none_or(|recent| left(recent.at, now) <= 0)
    }

    /// When (monotonic ns) the first of them may be started.
    pub fn due(&self, now: u64) -> Option<u64> {
        let waiting = self.0.iter().filter(|recent| recent.waits);
        // Whole ms, so that it is due then and not a moment later.
        let times = waiting
            .map(|recent| (now / MILLISECOND + u64::from(left(recent.at, now).max(0).unsigned_abs())) * MILLISECOND);
        times.min()
    }

    /// Keeps those that `keep` says something of, but not who has lived for a second.
    pub fn tidy(&mut self, now: u64, keep: impl Fn(Who) -> bool) {
        let mut at = 0;
        while let Some(recent) = self.0.get(at) {
            let has_settled = !recent.waits && left(recent.at, now) <= -SECOND.cast_signed();
            if has_settled || !keep(recent.who) {
                self.0.swap_remove(at);
            } else {
                at += 1;
            }
        }
        if self.0.is_empty() {
            // Its pages were for a bad day.
            self.0 = Table::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::entry::Entry;
    use super::*;

    /// ns in a second.
    const S: u64 = 1_000_000_000;

    fn who() -> Who {
        Entry::new((1, 2)).who(false)
    }

    /// The first death is made good at once, later ones a second after the last start.
    #[test]
    fn deaths() {
        let mut recents = Recents::new();
        assert!(recents.may_start(who(), 0));
        assert_eq!(recents.due(0), None);
        recents.died(who(), false, 100 * S);
        assert!(recents.may_start(who(), 100 * S));
        recents.started(who(), 100 * S);
        assert_eq!(recents.due(100 * S), None);
        recents.died(who(), false, 100 * S + 1);
        assert_eq!(recents.due(100 * S + 1), Some(101 * S));
        assert!(!recents.may_start(who(), 101 * S - 1) && recents.may_start(who(), 101 * S));
        recents.started(who(), 101 * S);
        recents.died(who(), false, 109 * S);
        assert_eq!(recents.due(109 * S), Some(109 * S));
    }

    /// A supervise that leaves at once again and again is asked less and less often, up to once a minute.
    #[test]
    fn orderly_exits_back_off() {
        let (mut now, mut recents) = (100 * S, Recents::new());
        let mut pauses = Vec::new();
        for _ in 0..9 {
            recents.died(who(), true, now);
            let due = recents.due(now).unwrap();
            pauses.push((due - now) / S);
            now = due;
            recents.started(who(), now);
        }
        assert_eq!(pauses, [0, 2, 4, 8, 16, 32, 60, 60, 60]);
        assert!(recents.goes_alone(who()));
        recents.died(who(), false, now);
        assert_eq!(recents.due(now), Some(now + S), "a crash is no leaving");
        assert!(!recents.goes_alone(who()));
    }

    /// One that could not be started is tried a second later, however often.
    #[test]
    fn put_off() {
        let mut recents = Recents::new();
        for now in [5 * S, 6 * S, 7 * S] {
            recents.put_off(who(), now);
            assert_eq!(recents.due(now), Some(now + S));
        }
        recents.hasten(who(), 7 * S);
        assert_eq!(recents.due(7 * S), Some(7 * S));
    }

    /// Who has lived for a second, or is of no interest, is forgotten; who waits is not.
    #[test]
    fn forgets() {
        let mut recents = Recents::new();
        let other = Entry::new((1, 2)).who(true);
        recents.died(who(), false, S);
        recents.died(other, false, S);
        recents.started(other, S);
        recents.tidy(2 * S - MILLISECOND, |_| true);
        assert_eq!(recents.0.len(), 2);
        recents.tidy(2 * S, |_| true);
        assert_eq!(recents.0.len(), 1);
        recents.tidy(2 * S, |known| known != who());
        assert_eq!(recents.due(2 * S), None);
    }

    /// The 32-bit clock may wrap in between.
    #[test]
    fn clock_wraps() {
        let wrap = (1u64 << 32) * MILLISECOND;
        let mut recents = Recents::new();
        recents.died(who(), false, wrap - S / 4);
        recents.started(who(), wrap - S / 4);
        recents.died(who(), false, wrap - S / 8);
        assert_eq!(recents.due(wrap), Some(wrap + 3 * S / 4));
        assert!(!recents.may_start(who(), wrap) && recents.may_start(who(), wrap + 3 * S / 4));
    }
}
