//! `sunup critical-path`: the chain of units that the end of a boot waited for, from its timeline.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::Path;

use serde_json::json as object;

use super::failure::{Failure, Outcome};
use super::json;
use crate::system::places::Places;
use crate::timeline::{Boot, archive, path, slack};

/// Writes the path of a boot; with `all`, every unit and by how much it could have been later.
pub fn show(places: &Places, boot: Option<&str>, all: bool, json: bool, out: &mut dyn Write) -> Outcome {
    let boot = archive::find(places, boot)?;
    if json {
        return json::print(&as_json(&boot, all), out);
    }
    let text = if all { with_slack(&boot) } else { of(&boot) };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}

/// The path as text, one unit a line: when it was ready, in seconds from stage 1's first step, and how long it took.
///
/// # Errors
/// The timeline cannot be read.
pub fn text(timeline: &Path) -> Result<String, String> {
    let text = fs::read_to_string(timeline).map_err(|e| format!("unable to read {}: {e}", timeline.display()))?;
    Ok(of(&Boot::parse(&text)))
}

/// How long units took to get up, in ms, by name; empty where there is no timeline.
pub fn milliseconds(timeline: &Path) -> BTreeMap<String, u64> {
    let boot = Boot::parse(&fs::read_to_string(timeline).unwrap_or_default());
    boot.spans.into_iter().filter_map(|(name, span)| Some((name, span.took_ns()? / 1_000_000))).collect()
}

fn of(boot: &Boot) -> String {
    path(boot).into_iter().filter_map(|name| line(boot, name)).collect()
}

fn line(boot: &Boot, name: &str) -> Option<String> {
    let span = boot.spans.get(name)?;
    let ready = boot.since_first(span.end_ns?) as f64 / 1e9;
    let took = span.took_ns()? as f64 / 1e6;
    Some(format!("  {ready:8.3} s  {took:+9.1} ms  {name}\n"))
}

/// Every unit, the least slack first.
fn with_slack(boot: &Boot) -> String {
    let mut text = String::from("    ready       took       slack  unit\n");
    for (slack, name, span) in sorted(boot) {
        let ready = span.end_ns.map_or(0, |end| boot.since_first(end)) as f64 / 1e9;
        let (took, slack) = (span.took_ns().unwrap_or(0) as f64 / 1e6, slack as f64 / 1e6);
        let _ = writeln!(text, "{ready:8.3} s {took:8.1} ms {slack:8.1} ms  {name}");
    }
    text
}

fn sorted(boot: &Boot) -> Vec<(u64, &str, &crate::timeline::Span)> {
    let spans = slack(boot).into_iter().filter_map(|(name, slack)| Some((slack, name, boot.spans.get(name)?)));
    let mut sorted: Vec<_> = spans.collect();
    sorted.sort_by_key(|(slack, name, span)| (*slack, span.end_ns, *name));
    sorted
}

fn as_json(boot: &Boot, all: bool) -> serde_json::Value {
    let slack = slack(boot);
    let names = if all { sorted(boot).into_iter().map(|(_, name, _)| name).collect() } else { path(boot) };
    let unit = |name: &str| {
        let span = boot.spans.get(name)?;
        let (ready_ns, took_ns) = (boot.since_first(span.end_ns?), span.took_ns()?);
        Some(object!({"unit": name, "ready_ns": ready_ns, "took_ns": took_ns, "slack_ns": slack.get(name)}))
    };
    let units: Vec<_> = names.into_iter().filter_map(unit).collect();
    object!({"v": 1, "boot": boot.id, "units": units})
}
