//! `sunup schema`: the JSON Schema of units or of sunup.yaml, for editors.

use std::io::Write;

use super::failure::{Failure, Outcome};

/// What there is a schema of.
pub const SUBJECTS: [&str; 2] = ["unit", "sunup.yaml"];

/// Writes the schema of one of [`SUBJECTS`].
pub fn run(subject: &str, out: &mut dyn Write) -> Outcome {
    let schema = if subject == "unit" { units::unit_schema() } else { units::settings_schema() };
    let text = serde_json::to_string_pretty(&schema).map_err(|error| Failure::unable("write", error))?;
    out.write_all(text.as_bytes()).and_then(|()| out.write_all(b"\n")).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}
