//! `tmpfiles`: the files and directories that tmpfiles.d asks for.
//!
//! First everything that is to go goes, then everything else is made, in the order of its paths, so that directories
//! come before what is in them; last what only changes existing files. What is asked for once a boot (`!`, and the
//! emptying of `D`) is done once, however often the step runs.
//!
//! One bad line costs itself and nothing else: it is printed. So is a kind of line that we do not know, once. Cleaning by
//! age is not a step of the boot.

mod act;
mod glob;
mod line;
mod remove;
mod specifier;
mod words;

use std::collections::BTreeSet;
use std::fs;

use line::{Kind, Line};

use super::failures::warn;
use super::root::Root;
use super::{StepError, fragments};

/// Says that what is for the boot alone has been done.
const BOOTED: &str = "/run/sunup/engine/tmpfiles";

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    let lines = read(root);
    let is_boot = !root.has(BOOTED);
    let lines: Vec<&Line> = lines.iter().filter(|line| is_boot || !line.boot_only).collect();
    let each = |wanted: fn(Kind) -> bool, act: fn(&Root, &Line) -> Result<(), StepError>| {
        for line in lines.iter().filter(|line| wanted(line.kind)) {
            if let Err(error) = act(root, line) {
                tell(line, &error);
            }
        }
    };
    if is_boot {
        each(Kind::removes, remove::run);
    }
    each(Kind::makes, act::run);
    each(Kind::changes, act::run);
    // Without a run directory (a root that is looked at from outside) there is no boot to remember.
    let _ = fs::write(root.path(BOOTED), "");
    Ok(())
}

fn tell(line: &Line, error: &StepError) {
    if !line.optional {
        warn(&StepError::plain(format_args!("{}: {error}", line.place)));
    }
}

/// Every line by path; of two for the same path the first counts.
fn read(root: &Root) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut unknown = BTreeSet::new();
    for file in fragments::list(root, "tmpfiles.d") {
        let Ok(text) = fs::read(&file) else { continue };
        for (number, text) in String::from_utf8_lossy(&text).lines().enumerate() {
            let place = format!("{}:{}", file.display(), number + 1);
            match Line::parse(root, place, text) {
                Ok(Some(line)) => lines.push(line),
                Ok(None) => {}
                Err(line::Fault::UnknownKind(kind)) if !unknown.insert(kind) => {}
                Err(fault) => warn(&StepError::plain(format_args!("{}:{}: {fault}", file.display(), number + 1))),
            }
        }
    }
    let mut seen = BTreeSet::new();
    lines.retain(|line| line.kind.may_repeat() || seen.insert(line.path.clone()));
    lines.sort_by(|a, b| a.path.cmp(&b.path));
    lines
}

#[cfg(test)]
mod tests;
