//! `sunup blame`: what took how long at a boot, the slowest first.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::Write;

use serde_json::json as object;

use super::failure::{Failure, Outcome};
use super::json;
use crate::system::places::Places;
use crate::timeline::{Boot, Ending, Span, archive, path};

/// Writes every unit that was begun. A unit of the critical path has a `*`: only that one makes the boot shorter.
pub fn run(places: &Places, boot: Option<&str>, json: bool, out: &mut dyn Write) -> Outcome {
    let boot = archive::find(places, boot)?;
    let critical = path(&boot);
    let mut units: Vec<(&String, &Span, u64)> =
        boot.spans.iter().filter_map(|(name, span)| Some((name, span, span.took_ns()?))).collect();
    units.retain(|(_, span, _)| !matches!(span.ending, Some(Ending::Skipped(_))));
    units.sort_by_key(|(name, _, took)| (Reverse(*took), *name));
    if json {
        let unit = |(name, span, took): &(&String, &Span, u64)| {
            let failed = matches!(span.ending, Some(Ending::Failed(_)));
            object!({"unit": name, "took_ns": took, "critical": critical.contains(&name.as_str()), "failed": failed})
        };
        let units: Vec<_> = units.iter().map(unit).collect();
        return json::print(&object!({"v": 1, "boot": boot.id, "stage1_ns": stage1(&boot), "units": units}), out);
    }
    let mut text = String::new();
    // A person's own tree has none.
    if !boot.steps.is_empty() {
        let _ = writeln!(text, "{:10.1} ms    stage 1", stage1(&boot) as f64 / 1e6);
    }
    for (name, span, took) in units {
        let mark = if critical.contains(&name.as_str()) { '*' } else { ' ' };
        let failed =
            if let Some(Ending::Failed(reason)) = &span.ending { format!("  failed: {reason}") } else { String::new() };
        let _ = writeln!(text, "{:10.1} ms  {mark} {name}{failed}", took as f64 / 1e6);
    }
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}

/// How long stage 1 took from its first step's end, in ns.
fn stage1(boot: &Boot) -> u64 {
    boot.steps.last().map_or(0, |step| boot.since_first(step.end_ns))
}
