//! `sunup diff`: what was otherwise in another boot.

use std::fmt::Write as _;
use std::io::Write;

use serde_json::json as object;

use super::failure::{Failure, Outcome};
use super::json;
use crate::system::places::Places;
use crate::timeline::{Boot, Change, archive, differences};

/// Below this nobody notices, and two boots of the same machine differ by as much: 5 ms.
const NOTICED_NS: i64 = 5_000_000;

/// Compares two boots, an earlier and a later one; without names the one before with this one. Exit 1 if a unit that was up
/// in the earlier one was not in the later one.
pub fn run(places: &Places, boots: &[String], json: bool, out: &mut dyn Write) -> Outcome {
    let (earlier, later) = match boots {
        [] => ("-1", None),
        [earlier] => (earlier.as_str(), None),
        [earlier, later] => (earlier.as_str(), Some(later.as_str())),
        _ => return Err(Failure::usage("name two boots at most: an earlier and a later one")),
    };
    let earlier = archive::find(places, Some(earlier))?;
    let later = archive::find(places, later)?;
    let changes = differences(&earlier, &later);
    let worse = changes.iter().any(|change| change.earlier == Some("up") && change.later != Some("up"));
    if json {
        json::print(&as_json(&earlier, &later, &changes), out)?;
    } else {
        out.write_all(text(&earlier, &later, &changes).as_bytes()).map_err(|e| Failure::unable("write", e))?;
    }
    Ok(u8::from(worse))
}

fn length(boot: &Boot) -> u64 {
    boot.since_first(boot.end_ns())
}

fn text(earlier: &Boot, later: &Boot, changes: &[Change]) -> String {
    let (before, after) = (length(earlier) as f64 / 1e9, length(later) as f64 / 1e9);
    let mut text =
        format!("boot {} in {before:.3} s, boot {} in {after:.3} s: {:+.3} s\n", earlier.id, later.id, after - before);
    for change in changes {
        if change.earlier != change.later {
            let word = |word: Option<&'static str>| word.unwrap_or("not asked for");
            let _ = writeln!(text, "{}: {} before, {} now", change.unit, word(change.earlier), word(change.later));
        } else if change.longer_ns().abs() >= NOTICED_NS {
            let time = |ns: Option<u64>| ns.unwrap_or(0) as f64 / 1e6;
            let (longer, before, now) =
                (change.longer_ns() as f64 / 1e6, time(change.earlier_ns), time(change.later_ns));
            let _ = writeln!(text, "{}: {longer:+.1} ms ({before:.1} before, {now:.1} now)", change.unit);
        }
    }
    text
}

fn as_json(earlier: &Boot, later: &Boot, changes: &[Change]) -> serde_json::Value {
    let of = |boot: &Boot| object!({"boot": boot.id, "ns": length(boot)});
    let unit = |change: &Change| {
        let state = |word: Option<&str>, ns: Option<u64>| object!({"state": word, "took_ns": ns});
        let (before, now) = (state(change.earlier, change.earlier_ns), state(change.later, change.later_ns));
        object!({"unit": change.unit, "earlier": before, "later": now})
    };
    let units: Vec<_> = changes.iter().map(unit).collect();
    object!({"v": 1, "earlier": of(earlier), "later": of(later), "units": units})
}
