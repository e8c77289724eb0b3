//! Who is still there after everybody had time to end. Whoever was born during one look is given the same time as those
//! before.
//!
//! The scanner may begin wrappers at any moment, of a thousand services a thousand each second; they end by themselves, so
//! one that is seen for the first time is nobody who is left. A wrapper that stays is seen again, and counts.

use crate::processes::ends::Ends;
use crate::processes::{Life, Process};
use crate::stop::Stop;
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// How long there may be somebody new at every look.
const NEWCOMERS: Duration = Duration::from_secs(5);

/// Greets each of `chosen` that is not `known`, and gives it `time` to end. Answers who has outlasted that.
pub fn outlasting(
    stop: &mut Stop,
    mut known: HashSet<Life>,
    time: Duration,
    chosen: impl Fn(&Stop) -> Vec<Process>,
    greet: impl Fn(&Process),
) -> Vec<Process> {
    let (start, mut has_waited) = (Instant::now(), false);
    loop {
        let there = chosen(stop);
        let young: Vec<_> = there.iter().filter(|process| !known.contains(&process.life())).collect();
        let are_passing = has_waited && young.iter().all(|process| process.is_scanners);
        if young.is_empty() || are_passing || start.elapsed() > NEWCOMERS {
            return left(there, &known);
        }
        let ends = Ends::of(young.iter().map(|process| process.life()));
        young.iter().for_each(|process| greet(process));
        known.extend(young.into_iter().map(Process::life));
        stop.events.until_ended(ends, time);
        has_waited = true;
    }
}

/// Everybody but the wrappers that nobody knew.
fn left(mut there: Vec<Process>, known: &HashSet<Life>) -> Vec<Process> {
    there.retain(|process| !process.is_scanners || known.contains(&process.life()));
    there
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wrapper that has just begun is nobody who is left; one that was there before is, and so is everybody else. A number
    /// is not who has it.
    #[test]
    fn who_is_left() {
        let process = |pid, birth, is_scanners| Process { pid, birth, is_scanners, ..Process::default() };
        let known = HashSet::from([(2, 10), (3, 10), (4, 10)]);
        let there = vec![
            process(2, 10, true),
            process(3, 11, true),
            process(4, 11, false),
            process(5, 11, true),
            process(6, 11, false),
        ];
        let pids: Vec<u32> = left(there, &known).iter().map(|process| process.pid).collect();
        assert_eq!(pids, [2, 4, 6]);
    }
}
