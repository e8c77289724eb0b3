//! How two boots differ.

use super::{Boot, Ending};

/// One unit's difference between an earlier and a later boot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The unit.
    pub unit: String,
    /// How long it took earlier, in ns; `None`: it did not get up then.
    pub earlier_ns: Option<u64>,
    /// The same of the later boot.
    pub later_ns: Option<u64>,
    /// How it ended earlier, as a word; `None`: nobody asked for it.
    pub earlier: Option<&'static str>,
    /// The same of the later boot.
    pub later: Option<&'static str>,
}

impl Change {
    /// By how much longer it took, in ns; 0 where it did not get up both times.
    pub fn longer_ns(&self) -> i64 {
        let time = |ns: Option<u64>| ns.and_then(|ns| i64::try_from(ns).ok());
        time(self.later_ns).zip(time(self.earlier_ns)).map_or(0, |(later, earlier)| later - earlier)
    }
}

/// Every unit of both boots: first those that ended otherwise, then those whose time changed most.
pub fn differences(earlier: &Boot, later: &Boot) -> Vec<Change> {
    let mut names: Vec<&String> = earlier.spans.keys().chain(later.spans.keys()).collect();
    names.sort_unstable();
    names.dedup();
    let of = |boot: &Boot, name: &String| {
        let span = boot.spans.get(name);
        (span.and_then(|span| span.took_ns()), span.map(|span| word(span.ending.as_ref())))
    };
    let change = |name: &String| {
        let ((earlier_ns, earlier), (later_ns, later)) = (of(earlier, name), of(later, name));
        Change { unit: name.clone(), earlier_ns, later_ns, earlier, later }
    };
    let mut changes: Vec<Change> = names.into_iter().map(change).collect();
    changes.sort_by_key(|change| (change.earlier == change.later, -change.longer_ns().abs()));
    changes
}

/// The state that a start ended in.
fn word(ending: Option<&Ending>) -> &'static str {
    match ending {
        Some(Ending::Ready) => "up",
        Some(Ending::Failed(_)) => "failed",
        Some(Ending::Skipped(_)) => "skipped",
        None => "starting",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What failed this time comes before what became slower, and that before what stayed.
    #[test]
    fn worst_first() {
        let boot = |b: u64, c: &str| {
            Boot::parse(&format!(
                r#"{{"t_ns":0,"unit":"a","event":"exec"}}
{{"t_ns":0,"unit":"b","event":"exec"}}
{{"t_ns":0,"unit":"c","event":"exec"}}
{{"t_ns":4,"unit":"a","event":"ready"}}
{{"t_ns":{b},"unit":"b","event":"ready"}}
{{"t_ns":9,"unit":"c","event":"{c}"}}"#
            ))
        };
        let changes = differences(&boot(5, "ready"), &boot(7, "failed"));
        let seen: Vec<_> = changes.iter().map(|c| (c.unit.as_str(), c.longer_ns(), c.earlier, c.later)).collect();
        let (up, failed) = (Some("up"), Some("failed"));
        assert_eq!(seen, [("c", 0, up, failed), ("b", 2, up, up), ("a", 0, up, up)]);
    }
}
