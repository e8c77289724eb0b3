//! The ends of processes, to be waited for with [`Events::until_ended`](crate::events::Events::until_ended).
//!
//! A process is known by a descriptor of its own, so that no other is meant that gets its number. Where there is none (this
//! program has no room for more, or the kernel knows none) it is looked for in the table again and again.

use crate::process::{Life, Process};
use std::time::Duration;
use supervisor::sys::descriptor::{Descriptor, Owned};
use supervisor::sys::event::{EPOLLIN, wait_ready};
use supervisor::sys::pidfd;

/// How often those are looked for that cannot be watched.
const AGAIN: Duration = Duration::from_millis(100);

/// Those that have not ended yet.
#[derive(Debug, Default)]
pub struct Ends {
    watched: Vec<Owned>,
    unwatched: Vec<Life>,
}

impl Ends {
    /// Of these processes.
    pub fn of(lives: impl IntoIterator<Item = Life>) -> Self {
        let mut ends = Self::default();
        for life in lives {
            match pidfd::open(life.0) {
                Ok(process) => ends.watched.push(process),
                Err(_) => ends.unwatched.push(life),
            }
        }
        ends
    }

    /// All have ended.
    pub fn are_over(&mut self) -> bool {
        self.watched.retain(|process| wait_ready(**process, EPOLLIN, Some(0)) == Ok(false));
        self.unwatched.retain(|life| Process::of(life.0).is_some_and(|it| it.life() == *life && !it.zombie));
        self.watched.is_empty() && self.unwatched.is_empty()
    }

    /// What becomes readable when one ends.
    pub fn descriptors(&self) -> Vec<Descriptor> {
        self.watched.iter().map(|process| **process).collect()
    }

    /// How much of this time may pass until the next look.
    pub fn nap(&self, time: Duration) -> Duration {
        if self.unwatched.is_empty() { time } else { time.min(AGAIN) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::Events;
    use std::path::Path;
    use std::process::{Command, Stdio};

    /// The end of a process is seen, whether it can be watched or not, and one that goes on is not taken for ended.
    #[test]
    fn sees_processes_end() {
        let mut events = Events::watch(Path::new("/nonexistent"));
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let life = Process::of(child.id()).unwrap().life();
        let both = || [Ends::of([life]), Ends { unwatched: vec![life], ..Ends::default() }];
        for ends in both() {
            assert!(!events.until_ended(ends, Duration::from_millis(20)));
        }
        assert_eq!(both().map(|ends| ends.nap(Duration::MAX)), [Duration::MAX, AGAIN]);
        drop(child.stdin.take());
        for ends in both() {
            assert!(events.until_ended(ends, Duration::from_secs(60)));
        }
        child.wait().unwrap();
        assert!(Ends::of([life]).are_over());
    }
}
