//! How long a service that ended is let rest: not at all when it had lived, longer and longer when it loops.

use super::event::SECOND;

/// A service that lived this long (ns) is started again at once.
const LIVED: u64 = SECOND;
/// One that lived this long is trusted as if it had never ended early.
const TRUSTED: u64 = 60 * SECOND;
/// The most doublings of a second that are counted.
const DOUBLINGS: u8 = 32;

/// Remembers how often in a row a service ended early.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    early: u8,
}

impl Pace {
    /// Notes an end; gives ns from the *start* of that run to the next one. `ready`: it had been ready, so its first
    /// early end is made good at once; from the second on, that is a loop like any other. No rest is longer than `longest`.
    pub fn rest_after(&mut self, lived: u64, ready: bool, longest: u64) -> u64 {
        if lived >= TRUSTED || (ready && lived >= LIVED) {
            self.early = 0;
        }
        if lived >= LIVED {
            return 0;
        }
        let doublings = self.early.checked_sub(u8::from(ready));
        self.early = self.early.saturating_add(1);
        doublings.map_or(0, |doublings| (SECOND << doublings.min(DOUBLINGS)).min(longest))
    }

    /// The operator wants it up: whatever it did before is forgotten.
    pub const fn forgive(&mut self) {
        self.early = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: u64 = 60 * SECOND;

    /// Rests double up to a minute; a second of life restarts at once, a minute of it forgives.
    #[test]
    fn backs_off() {
        let mut pace = Pace::default();
        let rests: Vec<_> = (0..8).map(|_| pace.rest_after(SECOND - 1, false, LONGEST) / SECOND).collect();
        assert_eq!(rests, [1, 2, 4, 8, 16, 32, 60, 60]);
        assert_eq!(pace.rest_after(SECOND, false, LONGEST), 0);
        assert_eq!(pace.rest_after(0, false, LONGEST), 60 * SECOND);
        assert_eq!(pace.rest_after(60 * SECOND, false, LONGEST), 0);
        assert_eq!(pace.rest_after(0, false, LONGEST), SECOND);
        pace.forgive();
        assert_eq!(pace.rest_after(0, false, LONGEST), SECOND);
    }

    /// A service that others wait for rests as long as it says at most.
    #[test]
    fn longest_rest() {
        let mut pace = Pace::default();
        let rests: Vec<_> = (0..300).map(|_| pace.rest_after(0, false, 3 * SECOND) / SECOND).collect();
        assert_eq!(rests[..4], [1, 2, 3, 3]);
        assert_eq!(rests[299], 3);
    }

    /// Readiness forgives once, but no loop.
    #[test]
    fn readiness() {
        let mut pace = Pace::default();
        let rests: Vec<_> = (0..4).map(|_| pace.rest_after(0, true, LONGEST) / SECOND).collect();
        assert_eq!(rests, [0, 1, 2, 4]);
        assert_eq!(pace.rest_after(SECOND, true, LONGEST), 0);
        assert_eq!(pace.rest_after(0, true, LONGEST), 0);
    }
}
