//! The boot's request, which the engine finds when it is upped.

use std::fs;

use supervisor::json::Quoted;
use supervisor::paths::{requests, run};

use crate::boot::Boot;
use crate::cmdline::BUNDLES;
use crate::failure::{Failure, Trying};

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    let options = boot.options();
    let level = options.level.filter(|level| boot.etc.join(BUNDLES).join(level).is_dir());
    let bundle = level.unwrap_or(options.bundle);
    let main = if boot.command.is_empty() { "" } else { ",\"main\"" };
    let directory = boot.below_run(run::REQUESTS);
    let new = directory.join(format!(".{}.new", requests::BOOT));
    fs::write(&new, format!("{{\"v\":1,\"verb\":\"boot\",\"units\":[{}{main}]}}\n", Quoted(&bundle)))
        .and_then(|()| fs::rename(&new, directory.join(requests::BOOT)))
        .trying("ask for the boot")
}
