//! The other half of subject `makespan`: units that compute, on a first boot, which knows of nobody whether it does, and on
//! a later one, which does.
//!
//! The floor starts the same commands, as many at once as there are processors, the longest remaining path first.

use std::collections::{BTreeMap, BTreeSet};
use std::num::NonZero;
use std::process::{Child, Command, Stdio};
use std::thread::available_parallelism;

use nix::sys::wait::wait;
use nix::time::{ClockId, clock_gettime};

use crate::Outcome;
use crate::figures::{FLOOR, Figures, Limit, OURS};
use crate::graph::{Graph, computing, remaining};
use crate::ordering::bring_up;
use crate::reports::{milliseconds, now};
use crate::scratch::{Scratch, ours};

/// The row of a boot that has seen its units before.
const LATER: &str = "sunup, a later boot";
/// The word, with a number of ms behind it, that makes this program one of the units.
pub const BURN: &str = "--burn=";

/// Measures it.
pub fn measure(scratch: &Scratch, rounds: usize) -> Outcome<Figures> {
    let mut figures = Figures::new("a first boot that computes, ms to all done");
    let (graph, durations) = computing();
    let words = |node: usize| [ours("bench").display().to_string(), format!("{BURN}{}", durations[node])];
    let known = known(&durations);
    for _ in 0..rounds {
        figures.add(FLOOR, graph.name, floor(&graph, &durations)?);
        figures.add(OURS, graph.name, bring_up(scratch, &graph, &words, None)?);
        figures.add(LATER, graph.name, bring_up(scratch, &graph, &words, Some(&known))?);
    }
    for row in [OURS, LATER] {
        figures.hold(row, graph.name, Limit::Ratio(1.05));
    }
    let most = 2.0 - 1.0 / processors() as f64;
    figures.notes.push(format!("a first boot takes at most {most:.2} times the floor (docs/decisions/0065)"));
    Ok(figures)
}

/// Uses so much of a processor.
pub fn burn(ms: &str) -> Outcome<()> {
    let end = i128::from(ms.parse::<u32>()?) * 1_000_000;
    loop {
        let used = clock_gettime(ClockId::CLOCK_PROCESS_CPUTIME_ID)?;
        if i128::from(used.tv_sec()) * 1_000_000_000 + i128::from(used.tv_nsec()) >= end {
            return Ok(());
        }
    }
}

/// What a boot remembers of the units.
fn known(durations: &[u64]) -> String {
    let named = |node: usize| format!("unit-{node}");
    let ms: BTreeMap<String, u64> = durations.iter().enumerate().map(|(node, ms)| (named(node), *ms)).collect();
    serde_json::json!({ "v": 1, "ms": ms, "burn": ms.keys().collect::<Vec<_>>() }).to_string()
}

/// Nobody who knows everything and has nothing else to do is sooner.
fn floor(graph: &Graph, durations: &[u64]) -> Outcome<f64> {
    let (remaining, width) = (remaining(graph, durations), processors());
    let mut waiting: BTreeSet<usize> = (0..graph.needs.len()).collect();
    let (mut done, mut running) = (BTreeSet::new(), BTreeMap::new());
    let begin = now()?;
    while done.len() < graph.needs.len() {
        let is_ready = |node: &usize| graph.needs[*node].iter().all(|need| done.contains(need));
        let next = waiting.iter().copied().filter(is_ready).max_by_key(|node| remaining[*node]);
        match next.filter(|_| running.len() < width) {
            Some(node) => {
                waiting.remove(&node);
                let child = start(durations[node])?;
                running.insert(child.id(), node);
            }
            None => {
                let ended = wait()?.pid().ok_or("a child that is no child")?;
                done.extend(running.remove(&u32::try_from(ended.as_raw())?));
            }
        }
    }
    Ok(milliseconds(begin, now()?))
}

fn processors() -> usize {
    available_parallelism().map_or(1, NonZero::get)
}

fn start(ms: u64) -> Outcome<Child> {
    let mut command = Command::new(ours("bench"));
    Ok(command.arg(format!("{BURN}{ms}")).stdin(Stdio::null()).stdout(Stdio::null()).spawn()?)
}
