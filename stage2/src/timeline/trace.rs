//! A boot in the trace event format that Chrome and Perfetto read: complete events (`"ph":"X"`), times in µs, a row each.

use serde_json::{Value, json};

use super::{Boot, Ending, path};

/// The trace, as one JSON object.
pub fn trace(boot: &Boot) -> Value {
    let critical = path(boot);
    let micros = |ns: u64| boot.since_first(ns) as f64 / 1e3;
    let mut events = vec![named("process_name", 0, "boot")];
    let mut begin = boot.first_ns;
    for step in &boot.steps {
        events.push(complete(
            "stage 1",
            &step.name,
            0,
            micros(begin),
            micros(step.end_ns),
            json!({"error": step.error}),
        ));
        begin = step.end_ns;
    }
    events.push(named("thread_name", 0, "stage 1"));
    let mut spans: Vec<_> = boot.spans.iter().collect();
    spans.sort_by_key(|(name, span)| (span.asked_ns, span.begin_ns, *name));
    for (row, (name, span)) in (1..).zip(spans) {
        events.push(named("thread_name", row, name));
        let end = span.end_ns.unwrap_or_else(|| boot.end_ns());
        if let Some(asked) = span.asked_ns {
            let until = span.begin_ns.unwrap_or(end);
            let details = json!({"for": span.waited_for});
            events.push(complete("waiting", "waits", row, micros(asked), micros(until), details));
        }
        if let Some(begin) = span.begin_ns {
            let reason = match &span.ending {
                Some(Ending::Failed(reason) | Ending::Skipped(reason)) => Some(reason),
                _ => None,
            };
            let details = json!({"critical": critical.contains(&name.as_str()), "reason": reason});
            events.push(complete("starting", name, row, micros(begin), micros(end), details));
        }
    }
    json!({"displayTimeUnit": "ms", "otherData": {"boot": boot.id}, "traceEvents": events})
}

fn named(kind: &str, row: u32, name: &str) -> Value {
    json!({"ph": "M", "pid": 1, "tid": row, "name": kind, "args": {"name": name}})
}

fn complete(category: &str, name: &str, row: u32, begin: f64, end: f64, details: Value) -> Value {
    json!({"ph": "X", "pid": 1, "tid": row, "cat": category, "name": name, "ts": begin, "dur": end - begin, "args": details})
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each unit has a row with its waiting and its start, in µs from the first event.
    #[test]
    fn rows() {
        let boot = Boot::parse(
            r#"{"t_ns":1000,"boot":"ID","unit":"stage1","event":"step","step":"proc","error":null}
{"t_ns":2000,"unit":"a","event":"wait","for":["x"]}
{"t_ns":5000,"unit":"a","event":"exec"}
{"t_ns":9000,"unit":"a","event":"ready"}"#,
        );
        let trace = trace(&boot);
        let events: Vec<String> = trace["traceEvents"].as_array().unwrap().iter().map(ToString::to_string).collect();
        assert_eq!(events.len(), 6);
        assert_eq!(
            events[4],
            r#"{"args":{"for":["x"]},"cat":"waiting","dur":3.0,"name":"waits","ph":"X","pid":1,"tid":1,"ts":1.0}"#
        );
        assert_eq!(
            events[5],
            r#"{"args":{"critical":true,"reason":null},"cat":"starting","dur":4.0,"name":"a","ph":"X","pid":1,"tid":1,"ts":4.0}"#
        );
    }
}
