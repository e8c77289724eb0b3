//! Unit files that no unit comes of, because something else does their work here: what somebody should write there.

use super::calendar;
use super::file::{Setting, value};

/// What does the work of a kind of unit.
pub(super) struct Elsewhere {
    /// Why its directives are dropped.
    pub(super) reason: &'static str,
    /// What somebody should do instead.
    pub(super) decision: String,
}

/// What to do instead of a unit file; `suffix` is what its name ends with, `stem` all before.
pub(super) fn elsewhere(suffix: &str, stem: &str, settings: &[Setting]) -> Elsewhere {
    let (reason, decision) = match suffix {
        "timer" => ("nothing here starts units by the clock", crontab(stem, settings)),
        "path" => {
            let unit = started(value(settings, "Path", "Unit"), stem);
            ("nothing here starts units for a file", format!("have something else do it: sunup restart {unit}"))
        }
        "mount" | "swap" | "automount" => ("/etc/fstab is for this", fstab(suffix, settings)),
        "slice" => ("there are no slices: each unit has a control group of its own", "leave it out".into()),
        _ => ("its name is none of a unit file", "name it as systemd does, such as x.service".into()),
    };
    Elsewhere { reason, decision }
}

/// The unit that is started, as it is called here.
fn started(said: Option<&str>, stem: &str) -> String {
    let unit = said.map_or(stem, |unit| unit.strip_suffix(".service").unwrap_or(unit));
    unit.replace("@.", "@")
}

/// A one-shot that is up is not started again by a start, but by a restart.
fn crontab(stem: &str, settings: &[Setting]) -> String {
    let unit = started(value(settings, "Timer", "Unit"), stem);
    let times: Option<Vec<String>> = settings
        .iter()
        .filter(|one| one.section == "Timer" && one.key.starts_with("On") && !one.value.is_empty())
        .map(|one| (one.key == "OnCalendar").then(|| calendar::cron(&one.value)).flatten())
        .collect();
    match times.filter(|times| !times.is_empty()) {
        Some(times) => {
            let lines: Vec<String> = times.iter().map(|time| format!("{time} root sunup restart {unit}")).collect();
            format!("have cron do it, in /etc/cron.d: {}", lines.join("; "))
        }
        None => format!("have cron do it when it should be done: sunup restart {unit}"),
    }
}

fn fstab(suffix: &str, settings: &[Setting]) -> String {
    let section = if suffix == "swap" { "Swap" } else { "Mount" };
    let said = |key: &str, default| value(settings, section, key).unwrap_or(default);
    let place = if suffix == "swap" { Some("none") } else { value(settings, section, "Where") };
    let default = if suffix == "swap" { "swap" } else { "auto" };
    match (value(settings, section, "What"), place) {
        (Some(what), Some(place)) => {
            let line = [what, place, said("Type", default), said("Options", "defaults"), "0", "0"];
            format!("write into /etc/fstab: {}", line.map(|field| field.replace(' ', "\\040")).join(" "))
        }
        _ => "write it into /etc/fstab".into(),
    }
}
