//! What process 1 does on a signal: files in the scanner's directory, as the preset has them.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use supervisor::paths::{run, scan};

use crate::boot::{self, Boot};
use crate::failure::{Failure, Trying};
use crate::other_scanner::{Handlers, Other};
use crate::preset::{self, Answer};
use crate::quote::quote;
use crate::replace;

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    let answers = preset::handlers(boot.settings.signals, boot::is_first());
    make_directory(boot, scan::SVSCAN)?;
    for (signal, answer) in &answers {
        write(boot, scan::HANDLER, signal, *answer)?;
    }
    let Some(others) = Other::chosen(boot.settings.scanner).and_then(|other| other.handlers) else { return Ok(()) };
    others_too(boot, others, &answers)
}

/// Another suite's scanner has its own, for the signals that it knows: what nobody has an answer for is answered by
/// nothing. If it should end all the same, process 1 becomes ours.
fn others_too(boot: &Boot, others: &Handlers, answers: &[(&str, Answer)]) -> Result<(), Failure> {
    make_directory(boot, others.directory)?;
    for signal in others.answerable {
        let answer = answers.iter().find(|(name, _)| name == signal);
        write(boot, others.handler, signal, answer.map_or(Answer::Script(""), |(_, answer)| *answer))?;
    }
    for heir in others.heirs {
        let (ours, link) = (boot.below_run(run::BIN).join("svscan"), boot.below_run(run::SCAN).join(heir));
        replace::link(&ours, &link).trying(format_args!("link {}", link.display()))?;
    }
    Ok(())
}

fn make_directory(boot: &Boot, name: &str) -> Result<(), Failure> {
    let directory = boot.below_run(run::SCAN).join(name);
    fs::create_dir_all(&directory).trying(format_args!("make {}", directory.display()))?;
    fs::set_permissions(&directory, Permissions::from_mode(0o700))
        .trying(format_args!("close {} to others", directory.display()))
}

fn write(boot: &Boot, handler: &str, signal: &str, answer: Answer) -> Result<(), Failure> {
    let path = boot.below_run(run::SCAN).join(format!("{handler}{signal}"));
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
