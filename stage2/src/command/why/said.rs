//! What a unit said last: under its line in boot.log, else in its own log.

use std::fs;

use supervisor::line::Output;
use supervisor::paths::run;
use supervisor::tai::Tai64n;
use units::{Kind, UnitSet};

use crate::record::state_file::StateFile;
use crate::service::{last_lines, log_directory};
use crate::system::places::Places;

/// Lines that are shown.
const LINES: usize = 5;

/// Where words are found.
#[derive(Clone, Debug)]
pub(super) struct Said(Places);

impl Said {
    /// In these places.
    pub fn new(places: Places) -> Self {
        Self(places)
    }

    /// A unit's last words.
    pub fn last(&self, set: &UnitSet, file: &StateFile) -> Vec<String> {
        let log = fs::read(self.0.run.join(run::BOOT_LOG)).unwrap_or_default();
        let found = under_its_line(&String::from_utf8_lossy(&log), &file.unit);
        if !found.is_empty() {
            return found;
        }
        let kind = set.get(&file.unit).map(|unit| &unit.kind);
        let Some(Kind::Longrun(longrun)) = kind else { return Vec::new() };
        last_lines(&log_directory(&self.0.log, &file.unit, &longrun.log), Tai64n::NEVER, LINES)
    }
}

/// The output under the last `[fail]` line of a unit, if that is its last line.
fn under_its_line(log: &str, unit: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut is_its = false;
    let mark = Output("").to_string();
    for line in log.lines() {
        let Some((_, text)) = line.trim_start().split_once(' ') else { continue };
        if let Some(said) = text.strip_prefix(mark.as_str()) {
            if is_its {
                found.push(said.to_owned());
            }
            continue;
        }
        let subject = text.get(7..).and_then(|text| text.split_once(": ")).map(|(subject, _)| subject);
        is_its = text.starts_with("[fail] ") && subject == Some(unit);
        if subject == Some(unit) {
            found.clear();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only the words under its own last failure, however long the machine is up.
    #[test]
    fn words() {
        let log = "   10.000000 [fail] db: exit 3 (4 ms)\n   10.000000        | old\n\
            10011.000000 [fail] db: exit 3 (4 ms)\n10011.000000        | no space\n10011.000000        | left\n\
            10012.000000 [fail] dbus: exit 1 (1 ms)\n10012.000000        | other\n";
        assert_eq!(under_its_line(log, "db"), ["no space", "left"]);
        assert_eq!(under_its_line(log, "dbus"), ["other"]);
        let well = format!("{log}10013.000000 [ ok ] db: db (4 ms)\n");
        assert!(under_its_line(&well, "db").is_empty());
    }
}
