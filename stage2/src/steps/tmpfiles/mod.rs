//! `tmpfiles`: the files and directories that tmpfiles.d asks for.
//!
//! First everything that is to go goes, what is in a directory before that; then everything else is made, in the order of
//! its paths, so that directories come before what is in them; last what only changes existing files. What is asked for
//! once a boot (`!`, and the emptying of `D`) is done once, however often the step runs.
//!
//! One bad line costs itself and nothing else: it is printed. So is a kind of line that we do not know, once. Cleaning by
//! age is not a step of the boot.

mod act;
mod adjust;
mod copy;
mod line;
mod remove;
mod specifier;
mod way;
mod words;

use std::collections::BTreeSet;
use std::fs;

use line::Line;
use supervisor::paths::{RUN, RUN_VARIABLE};

use super::error::Trying;
use super::root::Root;
use super::say::warn;
use super::{StepError, fragments};

/// Closes the machine to users until another init, which is not running, opens it again.
const NOT_OURS: &str = "systemd-nologin.conf";
/// Below the run directory: says that what is for the boot alone has been done.
const DONE: &str = "engine/tmpfiles";
/// Below the run directory: says that there is a boot. Stage 1 writes it, and without it nothing is removed, so that an
/// engine on a machine that has long been up does not empty its /tmp.
const BOOT: &str = "boot-id";

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    let run = std::env::var(RUN_VARIABLE).unwrap_or_else(|_| RUN.to_owned());
    let is_boot = root.has(&format!("{run}/{BOOT}")) && !root.has(&format!("{run}/{DONE}"));
    let lines = read(root, is_boot);
    let does = |line: &Line, act: fn(&Root, &Line) -> Result<(), StepError>| {
        if root.does(format_args!("{} {} ({})", line.kind.verb(), line.path, line.place))
            && let Err(error) = act(root, line)
        {
            tell(line, &error);
        }
    };
    if is_boot {
        lines.iter().rev().filter(|line| line.kind.removes()).for_each(|line| does(line, remove::run));
    }
    lines.iter().filter(|line| line.kind.makes()).for_each(|line| does(line, act::run));
    lines.iter().filter(|line| line.kind.changes()).for_each(|line| does(line, act::run));
    if is_boot && !root.is_dry() {
        fs::write(root.path(format!("{run}/{DONE}")), "").trying("remember that the boot's part is done")?;
    }
    Ok(())
}

fn tell(line: &Line, error: &StepError) {
    if !line.optional {
        warn(&StepError::plain(format_args!("{}: {error}", line.place)));
    }
}

/// Every line that counts now, by path; of two for the same path the first counts.
fn read(root: &Root, is_boot: bool) -> Vec<Line> {
    let mut lines: Vec<Line> = Vec::new();
    let mut unknown = BTreeSet::new();
    let files = fragments::list(root, "tmpfiles.d");
    for file in files.iter().filter(|file| file.file_name().is_none_or(|name| name != NOT_OURS)) {
        let Ok(text) = fs::read(file) else { continue };
        for (number, text) in String::from_utf8_lossy(&text).lines().enumerate() {
            let place = format!("{}:{}", file.display(), number + 1);
            match Line::parse(root, place, text) {
                Ok(Some(line)) if is_boot || !line.boot_only => lines.push(line),
                Ok(_) => {}
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
