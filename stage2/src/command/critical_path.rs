//! `sunup critical-path`: the chain of units that the end of the boot waited for, from the timeline.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use serde_json::Value;
use supervisor::paths::run;

use super::failure::{Failure, Outcome};
use crate::system::places::Places;

/// What the timeline says of one unit's start.
#[derive(Clone, Debug, Default)]
struct Span {
    begin_ns: Option<u64>,
    end_ns: Option<u64>,
    waited_for: Vec<String>,
}

/// Writes the path of this boot.
pub fn show(places: &Places, out: &mut dyn Write) -> Outcome {
    let text = text(&places.run.join(run::TIMELINE)).map_err(Failure::system)?;
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}

/// The path as text, one unit a line: when it was ready, in seconds from stage 1's first step, and how long it took.
pub fn text(timeline: &Path) -> Result<String, String> {
    let events = read(timeline).map_err(|e| format!("unable to read {}: {e}", timeline.display()))?;
    let first = events.iter().filter_map(|event| event.get("t_ns")?.as_u64()).min().unwrap_or(0);
    let spans = spans(&events);
    let mut text = String::new();
    for name in path(&spans) {
        let Some(Span { begin_ns: Some(begin), end_ns: Some(end), .. }) = spans.get(name) else { continue };
        let ready = (end - first) as f64 / 1e9;
        let took = end.saturating_sub(*begin) as f64 / 1e6;
        let _ = writeln!(text, "  {ready:8.3} s  {took:+9.1} ms  {name}");
    }
    Ok(text)
}

/// How long units took to get up, by name; empty where there is no timeline.
pub fn milliseconds(timeline: &Path) -> BTreeMap<String, u64> {
    let spans = spans(&read(timeline).unwrap_or_default());
    let took = |span: &Span| Some(span.end_ns?.saturating_sub(span.begin_ns?) / 1_000_000);
    spans.iter().filter_map(|(name, span)| Some((name.clone(), took(span)?))).collect()
}

/// The events of a timeline. A line that is none is left out.
fn read(timeline: &Path) -> io::Result<Vec<Value>> {
    let text = fs::read_to_string(timeline)?;
    Ok(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}

/// The first start of every unit.
fn spans(events: &[Value]) -> BTreeMap<String, Span> {
    let mut spans: BTreeMap<String, Span> = BTreeMap::new();
    for event in events {
        let text = |key: &str| event.get(key).and_then(Value::as_str);
        let (Some(unit), Some(kind), Some(time)) =
            (text("unit"), text("event"), event.get("t_ns").and_then(Value::as_u64))
        else {
            continue;
        };
        let span = spans.entry(unit.to_owned()).or_default();
        match kind {
            "wait" if span.waited_for.is_empty() => {
                let names = event.get("for").and_then(Value::as_array).into_iter().flatten();
                span.waited_for = names.filter_map(Value::as_str).map(str::to_owned).collect();
            }
            "exec" => drop(span.begin_ns.get_or_insert(time)),
            "ready" | "failed" | "skipped" if span.end_ns.is_none() => {
                span.end_ns = Some(time);
                // How long it took in all: a service may have crashed and come back before it was ready.
                let took = event.get("ms").and_then(Value::as_u64).map(|ms| time.saturating_sub(ms * 1_000_000));
                span.begin_ns = took.into_iter().chain(span.begin_ns).min();
            }
            _ => {}
        }
    }
    spans
}

/// From the unit that was ready last, back along the predecessor that was ready last; in the order of time.
fn path(spans: &BTreeMap<String, Span>) -> Vec<&str> {
    let end = |name: &str| spans.get(name).and_then(|span| span.begin_ns.and(span.end_ns));
    let mut path: Vec<&str> = Vec::new();
    let mut next = spans.keys().map(String::as_str).filter(|name| end(name).is_some()).max_by_key(|name| end(name));
    while let Some(name) = next.filter(|name| !path.contains(name)) {
        path.push(name);
        let waited_for = spans.get(name).map(|span| span.waited_for.as_slice()).unwrap_or_default();
        next = waited_for.iter().map(String::as_str).filter(|name| end(name).is_some()).max_by_key(|name| end(name));
    }
    path.reverse();
    path
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// The path goes through the predecessor that was ready last, not through the first one named.
    #[test]
    fn goes_through_the_slowest() {
        let event = |t: u64, unit: &str, event: &str| json!({"t_ns": t, "unit": unit, "event": event});
        let mut wait = event(1, "c", "wait");
        wait["for"] = json!(["a", "b"]);
        let events = [
            wait,
            event(1, "a", "exec"),
            event(1, "b", "exec"),
            event(5, "a", "ready"),
            event(9, "b", "ready"),
            event(9, "c", "exec"),
            event(12, "c", "ready"),
        ];
        assert_eq!(path(&spans(&events)), ["b", "c"]);
    }
}
