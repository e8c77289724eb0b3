//! When supervises are looked at, whether they can be reached. Pure.
//!
//! That takes some microseconds for each, and whoever starts a thousand services asks for many scans. So they are left alone
//! for much longer than looking at them takes, and what was asked for meanwhile is done once, afterwards.

/// How long (ns) they are left alone for each of them.
const EACH: u64 = 10_000_000;
/// How long (ns) at most, and before one is looked at again that was too young.
const LONGEST: u64 = 1_000_000_000;

/// What was asked for, and when it may be done.
#[derive(Debug)]
pub struct Reach {
    is_wanted: bool,
    /// Not before (monotonic ns).
    after: u64,
}

impl Reach {
    /// Nobody has asked yet.
    pub const fn new() -> Self {
        Self { is_wanted: false, after: 0 }
    }

    /// Somebody asks.
    pub const fn want(&mut self) {
        self.is_wanted = true;
    }

    /// When (monotonic ns) they are to be looked at.
    pub fn due(&self) -> Option<u64> {
        self.is_wanted.then_some(self.after)
    }

    /// They are to be looked at now.
    pub fn begin(&mut self, now: u64) -> bool {
        let is_due = self.is_wanted && self.after <= now;
        self.is_wanted &= !is_due;
        is_due
    }

    /// They were, all of them or, if it has to be done again, not.
    pub fn end(&mut self, now: u64, count: usize, again: bool) {
        let pause = if again { LONGEST } else { (count as u64).saturating_mul(EACH).min(LONGEST) };
        (self.is_wanted, self.after) = (again, now.saturating_add(pause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asked for twice, done twice, but not at once the second time; asked for in between, once.
    #[test]
    fn pauses() {
        let mut reach = Reach::new();
        assert!(reach.due().is_none() && !reach.begin(5));
        reach.want();
        assert_eq!(reach.due(), Some(0));
        assert!(reach.begin(5) && !reach.begin(5));
        reach.end(5, 20, false);
        assert_eq!(reach.due(), None);
        (0..3).for_each(|_| reach.want());
        assert_eq!(reach.due(), Some(5 + 20 * EACH));
        assert!(!reach.begin(4 + 20 * EACH) && reach.begin(5 + 20 * EACH));
        reach.end(0, 100_000, false);
        assert_eq!(reach.due(), None);
        reach.want();
        assert_eq!(reach.due(), Some(LONGEST));
    }

    /// What has to be done again is due without being asked for.
    #[test]
    fn again() {
        let mut reach = Reach::new();
        reach.want();
        assert!(reach.begin(0));
        reach.end(7, 1, true);
        assert_eq!(reach.due(), Some(7 + LONGEST));
    }
}
