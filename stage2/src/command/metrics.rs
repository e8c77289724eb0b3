//! `sunup metrics`: states and boot times in the OpenMetrics text format, for a node exporter's textfile collector.
//!
//! That one reads Prometheus' own format and refuses a file with a type that it does not know. So there are gauges and counters
//! only, where OpenMetrics has `stateset` and `info` as well.

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
    let units = states::of_running(places)?;
    let boot = archive::find(places, None).ok();
    out.write_all(text(&units, boot.as_ref()).as_bytes()).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}

fn text(units: &[StateFile], boot: Option<&Boot>) -> String {
    let mut text = String::new();
    family(&mut text, "sunup_unit_state", "gauge", None, "What the unit is: 1 for its state, 0 for all others.");
    for unit in units {
        for state in State::ALL {
            let (name, word) = (label(&unit.unit), state.name());
            let value = u8::from(unit.state == state);
            let _ = writeln!(text, "sunup_unit_state{{unit=\"{name}\",state=\"{word}\"}} {value}");
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
    if let Some(boot) = boot {
        boot_text(&mut text, boot);
    }
    text.push_str("# EOF\n");
    text
}

fn boot_text(text: &mut String, boot: &Boot) {
    let help = "How long the unit's start took at this boot.";
    family(text, "sunup_unit_start_seconds", "gauge", Some("seconds"), help);
    for (name, took) in boot.spans.iter().filter_map(|(name, span)| Some((name, span.took_ns()?))) {
        let _ = writeln!(text, "sunup_unit_start_seconds{{unit=\"{}\"}} {}", label(name), took as f64 / 1e9);
    }
    let help = "From the first step of stage 1 to the last unit of the boot.";
    family(text, "sunup_boot_seconds", "gauge", Some("seconds"), help);
    let _ = writeln!(text, "sunup_boot_seconds {}", boot.since_first(boot.end_ns()) as f64 / 1e9);
    family(text, "sunup_boot_info", "gauge", None, "This boot.");
    let _ = writeln!(text, "sunup_boot_info{{id=\"{}\"}} 1", label(&boot.id));
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

    /// The text is as both formats want it: families are whole, their type is known to both, names end as type and unit say, and
    /// `# EOF` is last.
    #[test]
    fn is_open_metrics() {
        let units = [
            StateFile { deaths: 2, ..StateFile::new("a\"b", "longrun", State::Up, 1_500_000_000) },
            StateFile::new("once", "oneshot", State::Failed, 0),
        ];
        let line = r#"{"t_ns":5,"boot":"ID","unit":"once","event":"ready","ms":0}"#;
        let text = text(&units, Some(&Boot::parse(line)));
        let (mut family, mut kind) = ("", "");
        let mut seen: Vec<&str> = Vec::new();
        for line in text.lines() {
            if let Some(rest) = line.strip_prefix("# TYPE ") {
                (family, kind) = rest.split_once(' ').unwrap();
                assert!(["gauge", "counter"].contains(&kind) && !seen.contains(&family), "{line}");
                seen.push(family);
            } else if let Some(rest) = line.strip_prefix("# UNIT ") {
                let (name, unit) = rest.split_once(' ').unwrap();
                assert!(name == family && name.ends_with(&format!("_{unit}")), "{line}");
            } else if let Some(rest) = line.strip_prefix("# HELP ") {
                assert!(rest.split_once(' ').is_some_and(|(name, _)| name == family), "{line}");
            } else if line != "# EOF" {
                let name = line.split(['{', ' ']).next().unwrap();
                assert_eq!(name.strip_prefix(family), Some(if kind == "counter" { "_total" } else { "" }), "{line}");
                assert!(line.rsplit_once(' ').unwrap().1.parse::<f64>().is_ok(), "{line}");
            }
        }
        assert!(text.contains("sunup_unit_state{unit=\"a\\\"b\",state=\"up\"} 1\n"));
        assert!(
            text.contains("sunup_unit_deaths_total{unit=\"a\\\"b\"} 2\n") && !text.contains("total{unit=\"once\"}")
        );
        assert!(text.ends_with("sunup_boot_info{id=\"ID\"} 1\n# EOF\n"));
    }

    /// Of a boot that nobody has written down nothing is said.
    #[test]
    fn without_a_boot() {
        let text = text(&[], None);
        assert!(!text.contains("boot") && text.ends_with("# EOF\n"), "{text}");
    }
}
