//! Jobs that are begun once others have ended well, so that nobody has to be asked in between. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::message::JobNumber;

/// What it takes to begin a job, and how many others it still waits for.
#[derive(Debug)]
struct Waiting<T> {
    job: T,
    missing: usize,
}

/// The jobs.
#[derive(Debug)]
pub(super) struct Held<T> {
    waiting: BTreeMap<JobNumber, Waiting<T>>,
    /// Who waits for a job.
    behind: HashMap<JobNumber, Vec<JobNumber>>,
    /// Jobs after which nothing comes: their good end is not in the notes, or they were forgotten.
    barren: BTreeSet<JobNumber>,
}

impl<T> Held<T> {
    /// None yet.
    pub fn new() -> Self {
        Self { waiting: BTreeMap::new(), behind: HashMap::new(), barren: BTreeSet::new() }
    }

    /// Takes a job in that comes after others; answers it if nothing has to be waited for. `runs` says which jobs have
    /// begun and not ended.
    pub fn take(
        &mut self,
        number: JobNumber,
        after: &[JobNumber],
        runs: impl Fn(JobNumber) -> bool,
        job: T,
    ) -> Option<T> {
        if after.iter().any(|first| self.barren.contains(first)) {
            self.barren.insert(number);
            return None;
        }
        let is_missing = |first: &&JobNumber| runs(**first) || self.waiting.contains_key(first);
        let missing: Vec<JobNumber> = after.iter().filter(is_missing).copied().collect();
        if missing.is_empty() {
            return Some(job);
        }
        for first in &missing {
            self.behind.entry(*first).or_default().push(number);
        }
        self.waiting.insert(number, Waiting { missing: missing.len(), job });
        None
    }

    /// No job waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }

    /// A job waits for this one.
    pub fn is_awaited(&self, number: JobNumber) -> bool {
        self.behind.contains_key(&number)
    }

    /// A job has ended: answers those that nothing is in the way of any more, in the order in which they came.
    pub fn release(&mut self, number: JobNumber, is_well: bool) -> Vec<T> {
        if !is_well {
            self.forget(number);
            return Vec::new();
        }
        let behind = self.behind.remove(&number).unwrap_or_default();
        behind.into_iter().filter_map(|later| self.advance(later)).collect()
    }

    /// Forgets all that have not begun.
    pub fn withdraw(&mut self) {
        self.barren.extend(std::mem::take(&mut self.waiting).into_keys());
        self.behind.clear();
    }

    fn advance(&mut self, number: JobNumber) -> Option<T> {
        let waiting = self.waiting.get_mut(&number)?;
        waiting.missing -= 1;
        if waiting.missing > 0 {
            return None;
        }
        self.waiting.remove(&number).map(|waiting| waiting.job)
    }

    /// Nothing comes after this job, nor after those that waited for it.
    fn forget(&mut self, number: JobNumber) {
        let mut stack = vec![number];
        while let Some(number) = stack.pop() {
            self.waiting.remove(&number);
            self.barren.insert(number);
            stack.extend(self.behind.remove(&number).unwrap_or_default());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Jobs that are nothing but their numbers.
    fn held(runs: &[JobNumber], jobs: &[(JobNumber, &[JobNumber])]) -> Held<JobNumber> {
        let mut held = Held::new();
        for (number, after) in jobs {
            assert_eq!(held.take(*number, after, |first| runs.contains(&first), *number), None);
        }
        held
    }

    fn take(held: &mut Held<JobNumber>, number: JobNumber, after: &[JobNumber]) -> Option<JobNumber> {
        held.take(number, after, |_| false, number)
    }

    const NOTHING: [JobNumber; 0] = [];

    /// A job begins once the last of those before it has ended well, those of one moment in their order.
    #[test]
    fn in_order() {
        let mut held = held(&[1, 2], &[(3, &[1, 2]), (4, &[1]), (5, &[1]), (6, &[3, 4])]);
        assert!(held.is_awaited(1) && held.is_awaited(3) && !held.is_awaited(5) && !held.is_awaited(6));
        assert_eq!(held.release(1, true), [4, 5]);
        assert_eq!(held.release(2, true), [3]);
        assert_eq!(held.release(4, true), NOTHING);
        assert_eq!(held.release(3, true), [6]);
        assert!(held.is_empty());
        assert_eq!(held.release(6, true), NOTHING);
    }

    /// What has ended well before it was named is in nobody's way; what has not ended well takes with it whatever comes
    /// after it, at whatever time that is told.
    #[test]
    fn ends_before_and_after_the_order() {
        let mut held = held(&[5], &[(6, &[5]), (7, &[6])]);
        assert_eq!(take(&mut held, 2, &[1]), Some(2));
        held.release(2, false);
        assert_eq!(take(&mut held, 3, &[2]), None);
        assert_eq!(take(&mut held, 4, &[3]), None);
        assert_eq!(held.release(5, false), NOTHING);
        assert_eq!(take(&mut held, 8, &[7]), None);
        assert!(held.waiting.is_empty() && held.behind.is_empty());
    }

    /// What was withdrawn is not begun, and nothing after it.
    #[test]
    fn withdrawn() {
        let mut held = held(&[1], &[(2, &[1])]);
        held.withdraw();
        assert_eq!(held.release(1, true), NOTHING);
        assert_eq!(take(&mut held, 3, &[2]), None);
        assert_eq!(take(&mut held, 4, &[1]), Some(4));
    }
}
