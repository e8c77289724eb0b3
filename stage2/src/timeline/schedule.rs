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
        let mut order: Vec<_> = boot.spans.iter().filter(|(_, span)| span.took_ns().is_some()).collect();
        // Whoever waited began after the end of what it waited for.
        order.sort_by_key(|(name, span)| (span.begin_ns, span.end_ns, *name));
        let mut ends = BTreeMap::new();
        for (name, span) in order {
            let (Some(begin), Some(took)) = (span.begin_ns, span.took_ns()) else { continue };
            let asked = span.asked_ns.unwrap_or(begin);
            let real_end = |other: &String| boot.spans.get(other).and_then(|span| span.end_ns);
            let released =
                span.waited_for.iter().filter_map(real_end).filter(|end| *end <= begin).max().unwrap_or(asked);
            let stays = |other: &&String| !alterations.iter().any(|a| a.removes(name, other));
            let now = span.waited_for.iter().filter(stays).filter_map(|other| ends.get(other)).max().copied();
            let gap = begin.saturating_sub(released.max(asked));
            let took = alterations.iter().fold(took, |took, alteration| alteration.time_of(name, took));
            ends.insert(name.clone(), now.unwrap_or(asked).max(asked) + gap + took);
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
}
