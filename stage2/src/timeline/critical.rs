//! What the end of a boot waited for, and what could have been slower without anybody noticing.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::Boot;

/// From the unit that was ready last, back along the predecessor that was ready last; in the order of time.
pub fn path(boot: &Boot) -> Vec<&str> {
    let mut path: Vec<&str> = Vec::new();
    let mut next = latest(boot, boot.spans.keys());
    while let Some(name) = next.filter(|name| !path.contains(name)) {
        path.push(name);
        next = boot.spans.get(name).and_then(|span| latest(boot, span.waited_for.iter()));
    }
    path.reverse();
    path
}

/// Of these units the one that ended last.
fn latest<'a>(boot: &'a Boot, names: impl Iterator<Item = &'a String>) -> Option<&'a str> {
    let end = |name: &&String| boot.spans.get(*name).and_then(|span| span.begin_ns.and(span.end_ns));
    names.filter(|name| end(name).is_some()).max_by_key(|name| end(name)).map(String::as_str)
}

/// By how much each unit that came up could have been later without making the boot longer, in ns. What is on the critical
/// path has what passed between one unit's end and the next one's begin, which is next to nothing.
pub fn slack(boot: &Boot) -> BTreeMap<&str, u64> {
    let mut latest: BTreeMap<&str, u64> = BTreeMap::new();
    let mut ended: Vec<_> = boot.spans.iter().filter(|(_, span)| span.took_ns().is_some()).collect();
    ended.sort_by_key(|(_, span)| Reverse(span.begin_ns));
    // Whoever waited for a unit began after its end, and so is dealt with before it.
    let mut slack = BTreeMap::new();
    for (name, span) in ended {
        let (Some(end), Some(took)) = (span.end_ns, span.took_ns()) else { continue };
        let latest_end = latest.get(name.as_str()).copied().unwrap_or_else(|| boot.end_ns()).max(end);
        slack.insert(name.as_str(), latest_end - end);
        for earlier in &span.waited_for {
            let bound = latest.entry(earlier).or_insert(u64::MAX);
            *bound = (*bound).min(latest_end - took);
        }
    }
    slack
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMELINE: &str = r#"{"t_ns":1,"unit":"c","event":"wait","for":["a","b"]}
{"t_ns":1,"unit":"a","event":"exec"}
{"t_ns":1,"unit":"b","event":"exec"}
{"t_ns":5,"unit":"a","event":"ready"}
{"t_ns":9,"unit":"b","event":"ready"}
{"t_ns":9,"unit":"c","event":"exec"}
{"t_ns":12,"unit":"c","event":"ready"}
"#;

    /// The path goes through the predecessor that was ready last, not through the first one named.
    #[test]
    fn goes_through_the_slowest() {
        assert_eq!(path(&Boot::parse(TIMELINE)), ["b", "c"]);
    }

    /// What is not on the path may be as late as what it is waited for beside.
    #[test]
    fn slack_of_each() {
        assert_eq!(slack(&Boot::parse(TIMELINE)), BTreeMap::from([("a", 4), ("b", 0), ("c", 0)]));
    }
}
