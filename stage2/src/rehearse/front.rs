//! The front of a rehearsal: starts the sandbox, watches the boot, reports, stops it, judges.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use supervisor::paths;

use super::console_watch::Seen;
use super::not_rehearsed;
use super::process_tree::ProcessTree;
use super::protocol::Said;
use super::sandbox::Sandbox;
use crate::command::{critical_path, states};

/// No boot may take longer; a unit's own deadline ends its wait long before.
const BOOT_LIMIT: Duration = Duration::from_secs(600);
/// The stop: the engine's 90 s and stage 3's own bounds.
const STOP_LIMIT: Duration = Duration::from_secs(180);
/// Process 1 powers off on this real-time signal, RTMIN + 4.
const POWER_OFF: u8 = 38;
/// The signal that a parent sees of a process 1 that powered off.
const POWERED_OFF: i32 = 2;
/// The last line of a stop that left nothing.
const CLEAN: &str = "clean stop: 0 processes, 0 mounts left";

/// What to rehearse.
#[derive(Debug)]
pub struct Options {
    /// A bundle's or a unit's name.
    pub target: String,
    /// The root to try, usually `/`.
    pub root: PathBuf,
    /// A tree laid over the root, such as `make install DESTDIR=` makes.
    pub overlay: Option<PathBuf>,
    /// Unit directories that win over the installed ones; the first wins over the next.
    pub units: Vec<PathBuf>,
    /// A directory of bundles that win over the installed ones.
    pub bundles: Option<PathBuf>,
}

/// Rehearses and writes everything to `out`. True: it booted, everything came up, and it stopped cleanly.
pub fn run(options: &Options, out: &mut dyn Write) -> Result<bool, String> {
    let mut sandbox = Sandbox::start(options)?;
    let booted = match sandbox.watch.watch(out, BOOT_LIMIT, true)? {
        Seen::BootDone => report(&sandbox, out)?,
        Seen::Said(said) => return Err(format!("the sandbox ended during the boot: {}", said.explain())),
        Seen::Late => return Err(format!("the boot did not end within {} s", BOOT_LIMIT.as_secs())),
    };
    sandbox.signal(POWER_OFF)?;
    match sandbox.watch.watch(out, STOP_LIMIT, false)? {
        Seen::Said(Said::EndedBySignal(POWERED_OFF)) => Ok(booted && sandbox.watch.last_line() == CLEAN),
        Seen::Said(said) => Err(format!("process 1 did not power off: {}", said.explain())),
        Seen::Late | Seen::BootDone => Err(format!("the stop did not end within {} s", STOP_LIMIT.as_secs())),
    }
}

/// The running tree, the boot's critical path, and what was not rehearsed. True if every unit came up.
fn report(sandbox: &Sandbox, out: &mut dyn Write) -> Result<bool, String> {
    let run = sandbox.path(paths::RUN);
    let name = [paths::requests::BOOT, paths::requests::DONE].concat();
    let answer = fs::read_to_string(run.join(paths::run::REQUESTS).join(name)).unwrap_or_default();
    let answer: Value = serde_json::from_str(&answer).unwrap_or_default();
    let states = states::read_all(&run.join(paths::run::STATE));
    let text = format!(
        "\nprocesses\n{}\ncritical path\n{}\nnot rehearsed\n{}\n",
        ProcessTree::read(&sandbox.path("/proc")),
        critical_path::text(&run.join(paths::run::TIMELINE))?,
        list(&not_rehearsed(&states)),
    );
    out.write_all(text.as_bytes()).map_err(|e| format!("unable to write: {e}"))?;
    Ok(answer.get("exit").and_then(Value::as_i64) == Some(0))
}

fn list(lines: &[String]) -> String {
    match lines {
        [] => "  nothing: every unit ran\n".to_owned(),
        lines => lines.iter().map(|line| format!("  {line}\n")).collect(),
    }
}
