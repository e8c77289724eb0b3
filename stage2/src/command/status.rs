//! `sunup status`: what every unit is now.

use std::io::Write;

use supervisor::state::State;
use supervisor::sys::time;
use units::{Bundles, UnitName, UnitSet};

use super::failure::{Failure, Outcome};
use super::states;
use crate::graph::{Catalogue, Entry};
use crate::record::state_file::StateFile;
use crate::system::places::Places;

/// What a tree says in which nothing was ever asked for.
const NOTHING: &str = "no unit has begun yet (sunup list shows all)\n";

/// Writes the states of `units` and of bundles' members, or of all. Exit 0 all asked for are up, 1 some are not (only when
/// there are names), 100 for a name that nothing has. Of a bundle, what does not apply here may be skipped.
pub fn run(places: &Places, units: &[String], json: bool, out: &mut dyn Write) -> Outcome {
    let all = states::of_running(places)?;
    let Chosen { states: chosen, are_there } = choose(places, all, units)?;
    let text = match json {
        true => json_text(&chosen)?,
        false if chosen.is_empty() => NOTHING.to_owned(),
        false => table(&chosen, time::since_boot()),
    };
    out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(u8::from(!are_there))
}

/// What was asked for.
struct Chosen {
    states: Vec<StateFile>,
    /// All that was named is where it should be.
    are_there: bool,
}

fn choose(places: &Places, all: Vec<StateFile>, names: &[String]) -> Result<Chosen, Failure> {
    if names.is_empty() {
        return Ok(Chosen { states: all, are_there: true });
    }
    let mut known = UnitSet::load_with(&places.unit_directories(), &places.reading());
    let bundles = Bundles::load(&places.bundle_directories(), &mut known);
    for name in names.iter().filter_map(|name| UnitName::new(name).ok()) {
        known.provide(&name);
    }
    let state_of =
        |name: &str| all.iter().find(|unit| unit.unit == name).cloned().or_else(|| never_begun(&known, name));
    let mut chosen = Chosen { states: Vec::new(), are_there: true };
    for name in names {
        // As for the verbs that ask, a unit goes before a bundle of its name.
        let bundle = bundles.get(name).filter(|_| matches!(known.find(name), Entry::Absent));
        let found: Vec<StateFile> = match bundle {
            Some(bundle) => bundle.members.iter().filter_map(|member| state_of(member.unit.as_str())).collect(),
            None => {
                let providers = known.providers(name).iter().filter_map(|unit| state_of(unit.as_str()));
                state_of(name).map_or_else(|| providers.collect(), |state| vec![state])
            }
        };
        if bundle.is_none() && found.is_empty() {
            return Err(Failure::usage(bundles.unknown(&known, name)));
        }
        let may_skip = bundle.is_some();
        chosen.are_there &= bundle.is_none_or(|bundle| found.len() == bundle.members.len());
        chosen.are_there &= found.iter().all(|it| it.state.is_up() || (may_skip && it.state == State::Skipped));
        chosen.states.extend(found);
    }
    Ok(chosen)
}

/// The state of what has no state file; `None`: no unit has this name.
fn never_begun(known: &UnitSet, name: &str) -> Option<StateFile> {
    match known.find(name) {
        Entry::Unit(unit) => Some(StateFile::new(name, unit.kind.name(), State::Down, 0)),
        Entry::Broken(error) => {
            Some(StateFile { reason: Some(error), ..StateFile::new(name, "broken", State::Down, 0) })
        }
        Entry::Absent => None,
    }
}

fn json_text(units: &[StateFile]) -> Result<String, Failure> {
    let text = serde_json::to_string_pretty(units).map_err(|e| Failure::unable("write JSON", e))?;
    Ok(text + "\n")
}

/// One line a unit: name, state, pid, since when, how often it died, why.
fn table(units: &[StateFile], now_ns: u64) -> String {
    let width = units.iter().map(|unit| unit.unit.len()).max().unwrap_or(0).max(4);
    // A column that would be empty is none.
    let deaths_width = units.iter().map(|unit| deaths(unit).len()).max().unwrap_or(0);
    let line = |unit: &StateFile| {
        let pid = unit.pid.map(|pid| format!("pid {pid}")).unwrap_or_default();
        // What has never begun is so since nobody knows when.
        let age = if unit.since_ns == 0 { String::new() } else { age(now_ns.saturating_sub(unit.since_ns)) };
        let reason = unit.reason.as_deref().unwrap_or_default();
        let deaths = format!("{:deaths_width$}", deaths(unit));
        let gap = if deaths_width > 0 { "  " } else { "" };
        let line = format!("{:width$}  {:8}  {pid:11}  {age:>7}{gap}{deaths}  {reason}", unit.unit, unit.state.name());
        line.trim_end().to_owned() + "\n"
    };
    units.iter().map(line).collect()
}

fn deaths(unit: &StateFile) -> String {
    match unit.deaths {
        0 => String::new(),
        1 => "1 death".to_owned(),
        deaths => format!("{deaths} deaths"),
    }
}

/// A duration as people say it, in one unit: `213 ms`, `12 s`, `3 min`, `5 h`, `9 d`.
pub(super) fn age(nanoseconds: u64) -> String {
    let ms = nanoseconds / 1_000_000;
    match ms {
        0..1_000 => format!("{ms} ms"),
        1_000..120_000 => format!("{} s", ms / 1_000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        7_200_000..172_800_000 => format!("{} h", ms / 3_600_000),
        _ => format!("{} d", ms / 86_400_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns line up, an empty reason leaves no trailing blanks, ages are in one unit.
    #[test]
    fn table_lines_up() {
        let units = [
            StateFile { pid: Some(431), ..StateFile::new("sshd", "longrun", State::Up, 1_000_000_000) },
            StateFile {
                reason: Some("in a container".into()),
                ..StateFile::new("udev-settle", "oneshot", State::Skipped, 200_000_000)
            },
        ];
        let expected = "sshd         up        pid 431          2 s\n\
                        udev-settle  skipped                    3 s  in a container\n";
        assert_eq!(table(&units, 3_200_000_000), expected);
        let mut units = units;
        units[0].deaths = 2;
        let expected = "sshd         up        pid 431          2 s  2 deaths\n\
            udev-settle  skipped                    3 s            in a container\n";
        assert_eq!(table(&units, 3_200_000_000), expected);
    }
}
