//! `sunup boot-log`: the rc-style log of this boot, from stage 1's first line.

use std::fs;
use std::io::Write;

use supervisor::paths::run;

use super::failure::{Failure, Outcome};
use crate::system::places::Places;

/// Writes it as it is.
pub fn show(places: &Places, out: &mut dyn Write) -> Outcome {
    let path = places.run.join(run::BOOT_LOG);
    let text = fs::read(&path).map_err(|e| Failure::unable(format!("read {}", path.display()), e))?;
    out.write_all(&text).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}
