//! What `svc -w` and `svwait` wait for, judged from status records alone.
//!
//! Pure: no clock, no files. A restart is recognised by comparing with the record from before the command, so that it
//! is seen even when both of its events fall between two looks.

use super::record::Record;

/// A state to wait for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// `u`: `run` runs.
    Up,
    /// `U`: it is ready.
    Ready,
    /// `d`: `run` has ended.
    Down,
    /// `D`: `finish` has ended, too.
    Finished,
    /// `r`: another `run` than before runs.
    Restarted,
    /// `R`: and is ready.
    RestartedReady,
}

/// How far a service is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The state is reached.
    Reached,
    /// Not yet.
    NotYet,
    /// It will not be reached without another command.
    Never(&'static str),
}

impl Goal {
    /// The goal that a letter of `-w` stands for.
    pub const fn from_letter(letter: u8) -> Option<Self> {
        Some(match letter {
            b'u' => Self::Up,
            b'U' => Self::Ready,
            b'd' => Self::Down,
            b'D' => Self::Finished,
            b'r' => Self::Restarted,
            b'R' => Self::RestartedReady,
            _ => return None,
        })
    }

    /// Judges a service by its record and that from before the command, `None` where no supervise ran;
    /// `can_notify` says that the service announces its readiness.
    ///
    /// A service without a supervise is down; one whose supervise was killed comes back with its successor.
    pub fn judge(self, before: Option<&Record>, now: Option<&Record>, can_notify: bool) -> Verdict {
        let Some(now) = now else {
            let down = matches!(self, Self::Down | Self::Finished);
            return if down { Verdict::Reached } else { Verdict::NotYet };
        };
        let up = now.is_up();
        let ready = up && (!can_notify || now.is_ready());
        let new = before.is_none_or(|before| is_new_run(before, now));
        let reached = match self {
            Self::Up => up,
            Self::Ready => ready,
            Self::Down => now.is_down(),
            Self::Finished => !now.is_running(),
            Self::Restarted => up && new,
            Self::RestartedReady => ready && new,
        };
        match reached {
            true => Verdict::Reached,
            false if now.status.ended_for_good && !now.is_running() => Verdict::Never("it has ended for good"),
            false => Verdict::NotYet,
        }
    }
}

/// True when the process of `now` is another one than that of `before`.
fn is_new_run(before: &Record, now: &Record) -> bool {
    let identity = |record: &Record| (record.status.pid, record.status.start_ticks);
    !(before.is_up() && identity(before) == identity(now))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::record::Family;
    use supervisor::status::{Phase, Status};

    fn record(phase: Phase, pid: u32) -> Record {
        Record { family: Family::Sunup, status: Status { phase, pid, ..Status::NEW } }
    }

    /// Each goal is reached by exactly the records that its letter names.
    #[test]
    fn goals() {
        let [down, starting] = [record(Phase::Down, 0), record(Phase::Down, 5)];
        let [run, other, finish] = [record(Phase::Run, 5), record(Phase::Run, 6), record(Phase::Finish, 7)];
        let mut ready = other;
        ready.status.ready = true;
        let records = [down, starting, run, other, ready, finish];
        let expected = [
            (Goal::Up, [false, false, true, true, true, false]),
            (Goal::Ready, [false, false, false, false, true, false]),
            (Goal::Down, [true, false, false, false, false, true]),
            (Goal::Finished, [true, false, false, false, false, false]),
            (Goal::Restarted, [false, false, false, true, true, false]),
            (Goal::RestartedReady, [false, false, false, false, true, false]),
        ];
        for (goal, reached) in expected {
            for (now, reached) in records.iter().zip(reached) {
                let verdict = goal.judge(Some(&run), Some(now), true);
                assert_eq!(verdict == Verdict::Reached, reached, "{goal:?} {now:?}");
            }
        }
        assert_eq!(Goal::Ready.judge(None, Some(&run), false), Verdict::Reached);
    }

    /// What cannot happen any more is said at once, instead of waiting for it.
    #[test]
    fn never() {
        let run = record(Phase::Run, 5);
        assert_eq!(Goal::Up.judge(Some(&run), None, true), Verdict::NotYet);
        assert_eq!(Goal::Down.judge(Some(&run), None, true), Verdict::Reached);
        let mut ended = record(Phase::Down, 0);
        ended.status.ended_for_good = true;
        assert_eq!(Goal::Up.judge(Some(&run), Some(&ended), true), Verdict::Never("it has ended for good"));
    }
}
