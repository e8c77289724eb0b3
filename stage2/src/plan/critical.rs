//! The longest path: of a plan, and of a boot that has happened.

use std::collections::BTreeMap;

use super::Step;
use crate::graph::{Graph, UnitIndex};

/// Marks the longest path: most milliseconds, then most steps. With nothing known it is the longest chain.
pub(super) fn mark(steps: &mut [Step]) {
    let mut length: Vec<(u64, usize)> = Vec::with_capacity(steps.len());
    let mut through: Vec<Option<usize>> = Vec::with_capacity(steps.len());
    for (at, step) in steps.iter().enumerate() {
        let earlier = step.after.iter().map(|&(other, _)| other).filter(|&other| other < at);
        let longest = earlier.max_by_key(|&other| (length[other], std::cmp::Reverse(other)));
        let (milliseconds, count) = longest.map_or((0, 0), |other| length[other]);
        length.push((milliseconds.saturating_add(step.expected_ms.unwrap_or(0)), count + 1));
        through.push(longest);
    }
    let mut at = (0..steps.len()).max_by_key(|&at| (length[at], std::cmp::Reverse(at)));
    while let Some(step) = at {
        steps[step].critical = true;
        at = through[step];
    }
}

/// When a unit was begun and when it was settled, in ns of CLOCK_MONOTONIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// Its command began.
    pub start_ns: u64,
    /// It was up, failed or skipped.
    pub end_ns: u64,
}

/// One unit of the path that a boot waited for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CriticalStep {
    /// Which.
    pub unit: String,
    /// When.
    pub span: Span,
    /// How long it was held up by nothing but us, after what it waited for had ended; ns.
    pub idle_ns: u64,
}

/// The path that a finished boot waited for: from the unit that was settled last back, each time to what ended last
/// among those that it waited for. In the order of time; empty where there are no spans.
pub fn critical_path(graph: &Graph, spans: &BTreeMap<String, Span>) -> Vec<CriticalStep> {
    let span = |unit: UnitIndex| spans.get(graph.name(unit)).copied();
    let known = (0..graph.len()).filter_map(|unit| Some((span(unit)?.end_ns, unit)));
    let mut at = known.max_by_key(|&(end, unit)| (end, std::cmp::Reverse(unit))).map(|(_, unit)| unit);
    let mut path = Vec::new();
    while let Some((unit, own)) = at.and_then(|unit| Some((unit, span(unit)?))) {
        let before = graph.predecessors(unit).iter().filter_map(|first| Some((span(first.unit)?.end_ns, first.unit)));
        let last =
            before.filter(|&(end, _)| end <= own.start_ns).max_by_key(|&(end, first)| (end, std::cmp::Reverse(first)));
        let idle_ns = last.map_or(0, |(end, _)| own.start_ns - end);
        path.push(CriticalStep { unit: graph.name(unit).into(), span: own, idle_ns });
        at = last.map(|(_, first)| first);
    }
    path.reverse();
    path
}

/// The path as lines: when each began and ended in seconds, how long it took, and its name.
pub fn critical_path_text(path: &[CriticalStep]) -> String {
    let mut text = String::from("      from        to      took  unit\n");
    for step in path {
        let seconds = |ns: u64| ns as f64 / 1e9;
        let took = step.span.end_ns.saturating_sub(step.span.start_ns) / 1_000_000;
        let (from, to) = (seconds(step.span.start_ns), seconds(step.span.end_ns));
        text += &format!("{from:>8.3} s{to:>8.3} s{took:>7} ms  {}\n", step.unit);
    }
    text
}
