//! `sunup chart`: a boot as a picture, or as a trace for a viewer.

use std::io::Write;
use std::path::Path;

use super::failure::{Failure, Outcome};
use crate::system::places::Places;
use crate::system::replace::replace;
use crate::timeline::{archive, chart, trace};

/// Writes the chart of a boot: `svg`, or `trace` for Perfetto and Chrome; to a file, or to `out`.
pub fn run(places: &Places, boot: Option<&str>, format: &str, file: Option<&Path>, out: &mut dyn Write) -> Outcome {
    let boot = archive::find(places, boot)?;
    let text = if format == "trace" { format!("{}\n", trace(&boot)) } else { chart::svg(&boot) };
    match file {
        Some(path) => replace(path, text.as_bytes(), 0o644)
            .map_err(|e| Failure::unable(format!("write {}", path.display()), e))?,
        None => out.write_all(text.as_bytes()).map_err(|e| Failure::unable("write", e))?,
    }
    Ok(0)
}
