//! What process 1 does on a signal: files in `.svscan/`, as the preset has them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use supervisor::paths::{run, scan};

use crate::boot::{self, Boot};
use crate::failure::{Failure, Trying};
use crate::preset::{self, Answer};
use crate::quote::quote;

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    let directory = boot.below_run(run::SCAN).join(scan::SVSCAN);
    fs::create_dir_all(&directory).trying(format_args!("make {}", directory.display()))?;
    fs::set_permissions(&directory, Permissions::from_mode(0o700)).trying("close .svscan to others")?;
    let handlers = preset::handlers(boot.settings.signals, boot::is_first());
    handlers.into_iter().try_for_each(|(signal, answer)| write(boot, signal, answer))
}

fn write(boot: &Boot, signal: &str, answer: Answer) -> Result<(), Failure> {
    let path = boot.below_run(run::SCAN).join(format!("{}{signal}", scan::HANDLER));
    fs::write(&path, text(boot, answer))
        .and_then(|()| fs::set_permissions(&path, Permissions::from_mode(0o755)))
        .trying(format_args!("write {}", path.display()))
}

fn text(boot: &Boot, answer: Answer) -> Vec<u8> {
    let bin = boot.below_run(run::BIN);
    match answer {
        // Stage 3 is the interpreter, so that the machine can be stopped when its shell is broken.
        Answer::Stop(words) => format!("#!{} {words}\n", bin.join("stage3").display()).into_bytes(),
        Answer::Script(script) => {
            let mut text = b"#!/bin/sh\nlib=".to_vec();
            quote(&mut text, boot.lib.join("bin").as_os_str());
            text.extend_from_slice(b" run=");
            quote(&mut text, bin.as_os_str());
            text.extend_from_slice(format!("\n{script}\n").as_bytes());
            text
        }
    }
}
