//! Who is still there after everybody had time to end. The scanner may begin a wrapper at any moment, which ends by itself:
//! whoever was born during one look is given the same time as those before, and is never counted at first sight.

use crate::process::Process;
use crate::stop::Stop;
use std::collections::HashSet;
use std::time::{Duration, Instant};
use supervisor::sys::stop::Death;

/// How long there may be somebody new at every look. A scanner begins the wrappers of many services within moments.
const NEWCOMERS: Duration = Duration::from_secs(5);

/// Greets each of `chosen` that is not `known`, and gives it `time` to end. Answers who has outlasted that.
pub fn outlasting(
    stop: &mut Stop,
    mut known: HashSet<u32>,
    time: Duration,
    chosen: impl Fn(&Stop) -> Vec<Process>,
    greet: impl Fn(&Process),
) -> Vec<Process> {
    let start = Instant::now();
    loop {
        let there = chosen(stop);
        let young: Vec<_> = there.iter().filter(|process| known.insert(process.pid)).collect();
        if young.is_empty() || start.elapsed() > NEWCOMERS {
            return there;
        }
        let deaths = young.iter().filter_map(|process| Death::of(process.pid).ok()).collect();
        young.into_iter().for_each(&greet);
        stop.events.until_ended(deaths, time);
    }
}
