//! Jobs that are begun once others have ended well, so that nobody has to be asked in between. Pure.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::message::{Job, JobNumber};

/// A job, and how many others it still waits for.
#[derive(Debug)]
struct Waiting {
    job: Job,
    missing: usize,
}

/// The jobs.
#[derive(Debug, Default)]
pub(super) struct Held {
    waiting: BTreeMap<JobNumber, Waiting>,
    /// Who waits for a job.
    behind: HashMap<JobNumber, Vec<JobNumber>>,
    /// Jobs after which nothing comes: they have not ended well, or were forgotten.
    barren: BTreeSet<JobNumber>,
}

impl Held {
    /// Takes a job in; answers it if nothing has to be waited for. `runs` says which jobs have not ended.
    pub fn take(&mut self, job: Job, runs: impl Fn(JobNumber) -> bool) -> Option<Job> {
        if job.after.iter().any(|first| self.barren.contains(first)) {
            self.barren.insert(job.number);
            return None;
        }
        let is_missing = |first: &&JobNumber| runs(**first) || self.waiting.contains_key(first);
        let missing: Vec<JobNumber> = job.after.iter().filter(is_missing).copied().collect();
        if missing.is_empty() {
            return Some(job);
        }
        for first in &missing {
            self.behind.entry(*first).or_default().push(job.number);
        }
        self.waiting.insert(job.number, Waiting { missing: missing.len(), job });
        None
    }

    /// A job has ended: answers those that nothing is in the way of any more, in the order in which they came.
    pub fn release(&mut self, number: JobNumber, is_well: bool) -> Vec<Job> {
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

    fn advance(&mut self, number: JobNumber) -> Option<Job> {
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

    fn job(number: JobNumber, after: &[JobNumber]) -> Job {
        let (unit, after) = (format!("u{number}"), after.to_vec());
        Job { number, after, note: unit.clone(), unit, is_stop: false, steps: vec![], command: vec![], cgroup: None }
    }

    /// What a job's end lets begin.
    fn begun(held: &mut Held, number: JobNumber, is_well: bool) -> Vec<JobNumber> {
        held.release(number, is_well).into_iter().map(|job| job.number).collect()
    }

    const NOTHING: [JobNumber; 0] = [];

    /// A job begins once the last of those before it has ended well, those of one moment in their order.
    #[test]
    fn in_order() {
        let mut held = Held::default();
        let runs = |number| number <= 2;
        for (number, after) in [(3, vec![1, 2]), (4, vec![1]), (5, vec![1]), (6, vec![3, 4])] {
            assert_eq!(held.take(job(number, &after), runs), None);
        }
        assert_eq!(begun(&mut held, 1, true), [4, 5]);
        assert_eq!(begun(&mut held, 2, true), [3]);
        assert_eq!(begun(&mut held, 4, true), NOTHING);
        assert_eq!(begun(&mut held, 3, true), [6]);
        assert_eq!(begun(&mut held, 6, true), NOTHING);
    }

    /// What has ended well before it was named is in nobody's way; what has not ended well takes with it whatever comes
    /// after it, at whatever time that is told.
    #[test]
    fn ends_before_and_after_the_order() {
        let mut held = Held::default();
        assert!(held.take(job(2, &[1]), |_| false).is_some());
        held.release(2, false);
        assert_eq!(held.take(job(3, &[2]), |_| false), None);
        assert_eq!(held.take(job(4, &[3]), |_| false), None);
        let runs = |number| number == 5;
        assert_eq!(held.take(job(6, &[5]), runs), None);
        assert_eq!(held.take(job(7, &[6]), runs), None);
        assert_eq!(begun(&mut held, 5, false), NOTHING);
        assert_eq!(held.take(job(8, &[7]), |_| false), None);
        assert!(held.waiting.is_empty() && held.behind.is_empty());
    }

    /// What was withdrawn is not begun, and nothing after it.
    #[test]
    fn withdrawn() {
        let mut held = Held::default();
        let runs = |number| number == 1;
        assert_eq!(held.take(job(2, &[1]), runs), None);
        held.withdraw();
        assert_eq!(begun(&mut held, 1, true), NOTHING);
        assert_eq!(held.take(job(3, &[2]), |_| false), None);
        assert!(held.take(job(4, &[1]), |_| false).is_some());
    }
}
