//! Objects for programs: every verb's `--json`.

use std::io::Write;

use serde::Serialize;

use super::failure::{Failure, Outcome};

/// Writes one value and a newline. Exit 0.
pub fn print(value: &impl Serialize, out: &mut dyn Write) -> Outcome {
    let text = serde_json::to_string_pretty(value).map_err(|e| Failure::unable("write JSON", e))?;
    writeln!(out, "{text}").map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}
