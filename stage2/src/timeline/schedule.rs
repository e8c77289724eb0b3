//! What if: the same boot once more, with an edge less or a unit that is faster.
//!
//! Every unit keeps how long it took, and how long after the last one that it waited for it began; what changes is when
//! that was. Processors are taken to be as free as they were.

use std::collections::BTreeMap;

use super::Boot;

/// What is to be otherwise.
#[derive(Clone, Debug, PartialEq)]
pub enum Alteration {
    /// The unit does not wait for this other one.
    Without {
        /// Who waits.
        unit: String,
        /// For whom.
        other: String,
    },
    /// The unit takes so long, in ns.
    Takes(String, u64),
    /// The unit takes this part of its time: 0.5 is half of it.
    Scaled(String, f64),
}

/// When each unit's start would end, in ns of the boot's clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    ends: BTreeMap<String, u64>,
}

impl Schedule {
    /// Runs the boot with some alterations; without any it ends every unit when it ended.
    pub fn new(boot: &Boot, alterations: &[Alteration]) -> Self {
        // Skipped units took no time, but others waited for them.
        let mut order: Vec<_> = boot.spans.iter().filter_map(|(name, span)| Some((name, span, span.end_ns?))).collect();
        // Whoever waited ended after what it waited for.
        order.sort_by_key(|(name, span, end)| (*end, span.begin_ns.is_some(), span.begin_ns, *name));
        let mut ends = BTreeMap::new();
        for (name, span, end) in order {
            let real_end = |other: &&String| boot.spans.get(*other).and_then(|span| span.end_ns);
            let awaited = || span.waited_for.iter().filter(|other| real_end(other).is_some_and(|then| then <= end));
            let asked = span.asked_ns.unwrap_or(end);
            let released = awaited().filter_map(|other| real_end(&other)).max().unwrap_or(asked).max(asked);
            // What a unit took is known to the ms only, so that it may seem to have begun before its turn.
            let begin = span.begin_ns.unwrap_or(end).clamp(released, end.max(released));
            let stays = |other: &&String| !alterations.iter().any(|a| a.removes(name, other));
            let now = awaited().filter(stays).filter_map(|other| ends.get(other).copied().or(real_end(&other))).max();
            let took = alterations.iter().fold(end.saturating_sub(begin), |took, change| change.time_of(name, took));
            ends.insert(name.clone(), now.unwrap_or(asked).max(asked) + (begin - released) + took);
        }
        Self { ends }
    }

    /// When this unit's start ends, in ns.
    pub fn end_of(&self, unit: &str) -> Option<u64> {
        self.ends.get(unit).copied()
    }

    /// When the last one's ends, in ns.
    pub fn end(&self) -> u64 {
        self.ends.values().max().copied().unwrap_or(0)
    }
}

impl Alteration {
    fn removes(&self, waiting: &str, awaited: &str) -> bool {
        matches!(self, Self::Without { unit, other } if unit == waiting && other == awaited)
    }

    fn time_of(&self, name: &str, took: u64) -> u64 {
        match self {
            Self::Takes(unit, ns) if unit == name => *ns,
            Self::Scaled(unit, part) if unit == name => (took as f64 * part) as u64,
            _ => took,
        }
    }

    /// The units that it speaks of.
    pub fn units(&self) -> Vec<&str> {
        match self {
            Self::Without { unit, other } => vec![unit, other],
            Self::Takes(unit, _) | Self::Scaled(unit, _) => vec![unit],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// b waits for a and c; c is the slower one. d waits for b.
    const TIMELINE: &str = r#"{"t_ns":0,"unit":"b","event":"wait","for":["a","c"]}
{"t_ns":0,"unit":"d","event":"wait","for":["b"]}
{"t_ns":0,"unit":"a","event":"exec"}
{"t_ns":0,"unit":"c","event":"exec"}
{"t_ns":40,"unit":"a","event":"ready"}
{"t_ns":100,"unit":"c","event":"ready"}
{"t_ns":103,"unit":"b","event":"exec"}
{"t_ns":110,"unit":"b","event":"ready"}
{"t_ns":111,"unit":"d","event":"exec"}
{"t_ns":120,"unit":"d","event":"ready"}
"#;

    /// Unaltered it is the boot that was; each alteration moves what comes after it, as far as nothing else holds it.
    #[test]
    fn alterations() {
        let boot = Boot::parse(TIMELINE);
        let end = |alterations: &[Alteration]| {
            let schedule = Schedule::new(&boot, alterations);
            (schedule.end_of("b").unwrap(), schedule.end())
        };
        assert_eq!(end(&[]), (110, 120));
        let without = Alteration::Without { unit: "b".into(), other: "c".into() };
        assert_eq!(end(std::slice::from_ref(&without)), (50, 100), "c itself is as slow as ever");
        assert_eq!(end(&[Alteration::Scaled("c".into(), 0.5)]), (60, 70));
        assert_eq!(end(&[Alteration::Takes("c".into(), 10)]), (50, 60), "now a is what b waits for");
        assert_eq!(end(&[Alteration::Takes("a".into(), 0)]), (110, 120));
    }

    /// A unit that was skipped late holds up what waits for it, and a time that is rounded up does not shift a begin.
    #[test]
    fn unaltered() {
        let text = r#"{"t_ns":0,"unit":"b","event":"wait","for":["a","s"]}
{"t_ns":0,"unit":"s","event":"wait","for":["a"]}
{"t_ns":0,"unit":"a","event":"exec"}
{"t_ns":9000000,"unit":"a","event":"ready","ms":9}
{"t_ns":9500000,"unit":"s","event":"skipped","reason":"absent"}
{"t_ns":9600000,"unit":"b","event":"exec"}
{"t_ns":11600000,"unit":"b","event":"ready","ms":3}
"#;
        let boot = Boot::parse(text);
        let end = |alterations: &[Alteration]| Schedule::new(&boot, alterations).end();
        assert_eq!(end(&[]), boot.end_ns());
        assert_eq!(end(&[Alteration::Scaled("a".into(), 0.0)]), boot.end_ns() - 9_000_000);
    }
}
