//! `sunup why UNIT`: the root cause of what a unit is, as a chain, and what it takes down with it.

mod cause;
mod said;

use std::io::Write;

use serde_json::json;
use supervisor::state::State;
use supervisor::sys::time;

use super::failure::{Failure, Outcome};
use super::status::age;
use crate::system::places::Places;
use cause::{Causes, Link};

/// Deaths from which on a service that is up is called flapping.
const FLAPPING: u32 = 3;

/// Writes why a unit is what it is. Exit 0 if it is up, 1 if not, 100 for an unknown name.
pub fn run(places: &Places, unit: &str, json: bool, out: &mut dyn Write) -> Outcome {
    let causes = Causes::read(places, unit)?;
    let chain = causes.chain(unit);
    let dependents = causes.dependents(unit);
    let now = time::since_boot();
    let text = match json {
        true => json_text(unit, &chain, &dependents),
        false => chain_text(&chain, now) + &dependents_text(&chain, &dependents),
    };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(u8::from(!chain.first().is_some_and(|link| link.file.state.is_up())))
}

/// A line for each link of the chain, from the unit to the root cause, then what the root cause said last.
fn chain_text(chain: &[Link], now: u64) -> String {
    let mut text = String::new();
    for (depth, link) in chain.iter().enumerate() {
        let file = &link.file;
        let indent = "  ".repeat(depth);
        let because = match depth.checked_sub(1).map(|above| chain[above].file.state) {
            None => "",
            // Either may have been stopped first.
            Some(State::Down) if file.state == State::Down => "and ",
            Some(_) => "because ",
        };
        let pid = file.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
        text += &format!("{indent}{because}{} {}{pid}", file.unit, predicate(link, now));
        if let Some(reason) = &file.reason {
            text += &format!(": {reason}");
        }
        text.push('\n');
        if let Some((place, why)) = &link.edge {
            text += &format!("{indent}  {place}: {why}\n");
        }
        for line in &link.output {
            text += &format!("{indent}       | {line}\n");
        }
    }
    text
}

/// What can be said of a unit: `has been up for 3 s after 1 death`.
fn predicate(link: &Link, now: u64) -> String {
    let (file, age) = (&link.file, age(now.saturating_sub(link.file.since_ns)));
    let state = file.state.name();
    let text = match file.state {
        _ if !link.has_begun => return format!("is {state}"),
        State::Failed => format!("failed {age} ago"),
        State::Skipped => format!("was skipped {age} ago"),
        State::Up | State::Degraded | State::Starting if file.deaths >= FLAPPING => {
            format!("is flapping: {state} for {age}")
        }
        _ => format!("has been {state} for {age}"),
    };
    match file.deaths {
        0 => text,
        1 => format!("{text} after 1 death"),
        deaths => format!("{text} after {deaths} deaths"),
    }
}

fn dependents_text(chain: &[Link], dependents: &[String]) -> String {
    let Some(first) = chain.first() else { return String::new() };
    let names = dependents.join(", ");
    match (dependents.is_empty(), first.file.state.is_up()) {
        (true, _) => "nothing needs it\n".to_owned(),
        (false, true) => format!("if it ends, it takes down {names}\n"),
        (false, false) => format!("without it there is no {names}\n"),
    }
}

fn json_text(unit: &str, chain: &[Link], dependents: &[String]) -> String {
    let link = |link: &Link| {
        let (place, why) = link.edge.clone().unzip();
        json!({"unit": link.file.unit, "state": link.file.state.name(), "since_ns": link.file.since_ns,
            "pid": link.file.pid, "reason": link.file.reason, "deaths": link.file.deaths, "place": place, "edge": why,
            "output": link.output, "is_flapping": link.file.deaths >= FLAPPING})
    };
    let chain: Vec<_> = chain.iter().map(link).collect();
    format!("{:#}\n", json!({"v": 1, "unit": unit, "chain": chain, "takes_down": dependents}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::state_file::StateFile;

    fn link(unit: &str, state: State, reason: &str) -> Link {
        let mut file = StateFile::new(unit, "longrun", state, 1_000_000_000);
        file.reason = (!reason.is_empty()).then(|| reason.to_owned());
        Link { file, has_begun: true, edge: None, output: Vec::new() }
    }

    /// The chain is read from the top: each line says why the one above is so; the root cause has its last words.
    #[test]
    fn chain() {
        let mut first = link("web", State::Failed, "needs db, which failed");
        first.edge = Some(("/u/web.yaml:3:9".into(), "web needs db".into()));
        let mut root = link("db", State::Failed, "exit 3");
        root.output = vec!["no space".into()];
        let expected = "web failed 4 s ago: needs db, which failed\n  /u/web.yaml:3:9: web needs db\n  \
            because db failed 4 s ago: exit 3\n         | no space\n";
        assert_eq!(chain_text(&[first, root], 5_000_000_000), expected);
    }

    /// Each state in its words; a service that is up again after many deaths is flapping.
    #[test]
    fn predicates() {
        let says = |link: &Link| predicate(link, 5_000_000_000);
        assert_eq!(says(&link("kvm", State::Skipped, "")), "was skipped 4 s ago");
        assert_eq!(says(&Link { has_begun: false, ..link("db", State::Down, "") }), "is down");
        let mut unsteady = link("db", State::Up, "");
        assert_eq!(says(&unsteady), "has been up for 4 s");
        unsteady.file.deaths = 1;
        assert_eq!(says(&unsteady), "has been up for 4 s after 1 death");
        unsteady.file.deaths = 7;
        assert_eq!(says(&unsteady), "is flapping: up for 4 s after 7 deaths");
        assert_eq!(dependents_text(&[unsteady], &["a".into(), "b".into()]), "if it ends, it takes down a, b\n");
    }
}
