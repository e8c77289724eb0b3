//! `sunup what-if`: how much sooner a boot would have been done, and every login there.

use std::fmt::Write as _;
use std::io::Write;

use serde_json::json as object;

use super::failure::{Failure, Outcome};
use super::json;
use crate::system::places::Places;
use crate::timeline::{Alteration, Boot, Schedule, archive};

/// What is asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `UNIT:OTHER`: UNIT does not wait for OTHER.
    pub without: Vec<String>,
    /// `UNIT=TIME`: UNIT takes 50% of its time, or 200ms.
    pub takes: Vec<String>,
    /// Units whose time is told; those named getty-* and the end of the boot where none is named.
    pub units: Vec<String>,
    /// Which boot.
    pub boot: Option<String>,
    /// As an object.
    pub json: bool,
}

/// Writes one line for each unit and one for the end: when it was, when it would have been.
pub fn run(places: &Places, asked: &Asked, out: &mut dyn Write) -> Outcome {
    let boot = archive::find(places, asked.boot.as_deref())?;
    let alterations = alterations(asked)?;
    let named = alterations.iter().flat_map(Alteration::units).chain(asked.units.iter().map(String::as_str));
    if let Some(unknown) = named.into_iter().find(|name| !boot.spans.contains_key(*name)) {
        return Err(Failure::usage(format!("boot {} has no unit '{unknown}' (sunup blame shows all)", boot.id)));
    }
    for alteration in &alterations {
        refuse_no_edge(&boot, alteration)?;
    }
    let (was, would_be) = (Schedule::new(&boot, &[]), Schedule::new(&boot, &alterations));
    let mut ends: Vec<(String, u64, u64)> = told(&boot, asked)
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), was.end_of(name)?, would_be.end_of(name)?)))
        .collect();
    ends.push(("the end of the boot".into(), was.end(), would_be.end()));
    let ends = ends.into_iter().map(|(name, was, now)| (name, boot.since_first(was), boot.since_first(now)));
    if asked.json {
        let end = |(name, was, now)| object!({"unit": name, "was_ns": was, "would_be_ns": now});
        let ends: Vec<_> = ends.map(end).collect();
        return json::print(&object!({"v": 1, "boot": boot.id, "ends": ends}), out);
    }
    let mut text = String::new();
    for (name, was, now) in ends {
        let seconds = |ns: u64| ns as f64 / 1e9;
        let _ = writeln!(text, "{name}: {:.3} s instead of {:.3} s: {}", seconds(now), seconds(was), sooner(was, now));
    }
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}

/// The units that were named, else those at which somebody logs in.
fn told<'a>(boot: &'a Boot, asked: &'a Asked) -> Vec<&'a str> {
    if !asked.units.is_empty() {
        return asked.units.iter().map(String::as_str).collect();
    }
    let logins = boot.spans.iter().filter(|(name, span)| name.starts_with("getty") && span.begin_ns.is_some());
    logins.map(|(name, _)| name.as_str()).collect()
}

fn sooner(was: u64, now: u64) -> String {
    match was.abs_diff(now) as f64 / 1e6 {
        difference if difference < 0.05 => "no difference".into(),
        difference if now < was => format!("{difference:.1} ms sooner"),
        difference => format!("{difference:.1} ms later"),
    }
}

fn alterations(asked: &Asked) -> Result<Vec<Alteration>, Failure> {
    let edge = |text: &String| {
        let (unit, other) =
            text.split_once(':').ok_or_else(|| Failure::usage(format!("--without takes UNIT:OTHER, not '{text}'")))?;
        Ok(Alteration::Without { unit: unit.into(), other: other.into() })
    };
    asked.without.iter().map(edge).chain(asked.takes.iter().map(|text| time(text))).collect()
}

/// `UNIT=50%` or `UNIT=200ms`; also s.
fn time(text: &str) -> Result<Alteration, Failure> {
    let parsed = text.rsplit_once('=').and_then(|(unit, time)| {
        let number =
            |ending: &str| time.strip_suffix(ending)?.parse::<f64>().ok().filter(|n| *n >= 0.0 && n.is_finite());
        let unit = unit.to_owned();
        if let Some(percent) = number("%") {
            return Some(Alteration::Scaled(unit, percent / 100.0));
        }
        let ms = number("ms").or_else(|| Some(number("s")? * 1e3))?;
        Some(Alteration::Takes(unit, (ms * 1e6) as u64))
    });
    parsed.ok_or_else(|| Failure::usage(format!("--takes takes UNIT=50% or UNIT=200ms, not '{text}'")))
}

/// Taking away what is not there would look like an edge that costs nothing.
fn refuse_no_edge(boot: &Boot, alteration: &Alteration) -> Result<(), Failure> {
    let Alteration::Without { unit, other } = alteration else { return Ok(()) };
    let waited_for = boot.spans.get(unit).map(|span| span.waited_for.as_slice()).unwrap_or_default();
    if waited_for.contains(other) {
        return Ok(());
    }
    let others = if waited_for.is_empty() { "nobody".into() } else { waited_for.join(", ") };
    Err(Failure::usage(format!("'{unit}' did not wait for '{other}' (it waited for {others})")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Both ways to say a time, and what is neither.
    #[test]
    fn times() {
        assert_eq!(time("a=b=50%"), Ok(Alteration::Scaled("a=b".into(), 0.5)));
        assert_eq!(time("a=200ms"), Ok(Alteration::Takes("a".into(), 200_000_000)));
        assert_eq!(time("a=1.5s"), Ok(Alteration::Takes("a".into(), 1_500_000_000)));
        for text in ["a", "a=", "a=5", "a=-1s", "a=NaN%"] {
            assert_eq!(time(text).unwrap_err().code, 100, "{text}");
        }
    }
}
