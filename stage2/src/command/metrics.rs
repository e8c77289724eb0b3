//! `sunup metrics`: states and boot times in the OpenMetrics text format, for a node exporter's textfile collector.

use std::fmt::Write as _;
use std::io::Write;

use supervisor::state::State;

use super::failure::{Failure, Outcome};
use super::states;
use crate::record::state_file::StateFile;
use crate::system::places::Places;
use crate::timeline::{Boot, archive};

/// Writes them.
pub fn run(places: &Places, out: &mut dyn Write) -> Outcome {
    let units = states::read_all_now(places);
    if units.is_empty() {
        let place = places.states();
        return Err(Failure::system(format!("no unit has a state in {}: sunup does not run here", place.display())));
    }
    let boot = archive::find(places, None).unwrap_or_default();
    out.write_all(text(&units, &boot).as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}

fn text(units: &[StateFile], boot: &Boot) -> String {
    let mut text = String::new();
    family(&mut text, "sunup_unit_state", "stateset", None, "What the unit is: 1 for its state, 0 for all others.");
    for unit in units {
        for state in State::ALL {
            let (name, word) = (label(&unit.unit), state.name());
            let value = u8::from(unit.state == state);
            let _ = writeln!(text, "sunup_unit_state{{unit=\"{name}\",sunup_unit_state=\"{word}\"}} {value}");
        }
    }
    family(&mut text, "sunup_unit_deaths", "counter", None, "Unasked ends of the unit's process.");
    for unit in units.iter().filter(|unit| unit.kind == "longrun") {
        let _ = writeln!(text, "sunup_unit_deaths_total{{unit=\"{}\"}} {}", label(&unit.unit), unit.deaths);
    }
    let help = "When the state last changed, on the clock of the machine's uptime.";
    family(&mut text, "sunup_unit_changed_seconds", "gauge", Some("seconds"), help);
    for unit in units {
        let seconds = unit.since_ns as f64 / 1e9;
        let _ = writeln!(text, "sunup_unit_changed_seconds{{unit=\"{}\"}} {seconds}", label(&unit.unit));
    }
    let help = "How long the unit's start took at this boot.";
    family(&mut text, "sunup_unit_start_seconds", "gauge", Some("seconds"), help);
    for (name, took) in boot.spans.iter().filter_map(|(name, span)| Some((name, span.took_ns()?))) {
        let _ = writeln!(text, "sunup_unit_start_seconds{{unit=\"{}\"}} {}", label(name), took as f64 / 1e9);
    }
    let help = "From the first step of stage 1 to the last unit of the boot.";
    family(&mut text, "sunup_boot_seconds", "gauge", Some("seconds"), help);
    let _ = writeln!(text, "sunup_boot_seconds {}", boot.since_first(boot.end_ns()) as f64 / 1e9);
    family(&mut text, "sunup_boot", "info", None, "This boot.");
    let _ = writeln!(text, "sunup_boot_info{{id=\"{}\"}} 1", label(&boot.id));
    text.push_str("# EOF\n");
    text
}

/// What stands before the samples of a family: its type, its unit, its meaning.
fn family(text: &mut String, name: &str, kind: &str, unit: Option<&str>, help: &str) {
    let _ = writeln!(text, "# TYPE {name} {kind}");
    if let Some(unit) = unit {
        let _ = writeln!(text, "# UNIT {name} {unit}");
    }
    let _ = writeln!(text, "# HELP {name} {help}");
}

/// A label's value: backslash, quote and newline are escaped.
fn label(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text is as the format wants it: families are whole, names and labels end as their type says, `# EOF` is last.
    #[test]
    fn is_open_metrics() {
        let units = [
            StateFile { deaths: 2, ..StateFile::new("a\"b", "longrun", State::Up, 1_500_000_000) },
            StateFile::new("once", "oneshot", State::Failed, 0),
        ];
        let line = r#"{"t_ns":5,"boot":"ID","unit":"once","event":"ready","ms":0}"#;
        let text = text(&units, &Boot::parse(line));
        let mut family = "";
        let mut seen: Vec<&str> = Vec::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                family = rest.split_once(' ').unwrap().0;
                assert!(!seen.contains(&family), "{family} comes twice");
                seen.push(family);
            } else if !line.starts_with('#') {
                let name = line.split(['{', ' ']).next().unwrap();
                let suffix = name.strip_prefix(family).unwrap();
                assert!(["", "_total", "_info"].contains(&suffix), "{line}");
                let (labels, value) = line.rsplit_once(' ').unwrap();
                assert!(value.parse::<f64>().is_ok() && !labels.contains('\n'), "{line}");
            }
        }
        assert!(text.contains("sunup_unit_state{unit=\"a\\\"b\",sunup_unit_state=\"up\"} 1\n"));
        assert!(
            text.contains("sunup_unit_deaths_total{unit=\"a\\\"b\"} 2\n") && !text.contains("total{unit=\"once\"}")
        );
        assert!(text.ends_with("sunup_boot_info{id=\"ID\"} 1\n# EOF\n"));
    }
}
