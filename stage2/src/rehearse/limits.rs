//! What a rehearsal could not show.

use supervisor::state::State;

use crate::record::state_file::StateFile;

/// Units that were skipped, each with its reason: they were not rehearsed, whatever happened to the rest.
pub fn not_rehearsed(states: &[StateFile]) -> Vec<String> {
    let skipped = states.iter().filter(|unit| unit.state == State::Skipped);
    skipped.map(|unit| format!("{}: {}", unit.unit, unit.reason.as_deref().unwrap_or("skipped"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A skipped unit is listed with its reason; one that is up is not.
    #[test]
    fn skipped_units_are_listed() {
        let states = [
            StateFile { reason: Some("in a container".into()), ..StateFile::new("swap", "oneshot", State::Skipped, 0) },
            StateFile::new("local", "milestone", State::Up, 0),
        ];
        assert_eq!(not_rehearsed(&states), ["swap: in a container"]);
    }
}
