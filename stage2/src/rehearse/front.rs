//! The front of a rehearsal: starts the sandbox, watches the boot, reports, stops it, judges.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use supervisor::paths;
use supervisor::state::State;
use supervisor::sys::signal::RTMIN;

use super::console_watch::Seen;
use super::not_rehearsed;
use super::process_tree::ProcessTree;
use super::protocol::Said;
use super::sandbox::Sandbox;
use crate::command::{critical_path, states};
use crate::record::state_file::StateFile;
use crate::request::target::{Sources, Target};
use crate::system::places::Places;

/// No boot may take longer; a unit's own deadline ends its wait long before.
const BOOT_LIMIT: Duration = Duration::from_secs(600);
/// The stop: shutdown(8) says that its bounds add up to four minutes.
const STOP_LIMIT: Duration = Duration::from_secs(300);
/// Process 1 powers off on this real-time signal.
const POWER_OFF: u32 = RTMIN + 4;
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

impl Options {
    /// Finds what cannot work before anything is started: directories that are not there, a target that nothing is.
    pub fn check(&self) -> Result<(), String> {
        let named = self.units.iter().chain(&self.bundles).chain(&self.overlay).chain([&self.root]);
        if let Some(absent) = named.into_iter().find(|directory| !directory.is_dir()) {
            return Err(format!("{} is not a directory", absent.display()));
        }
        let places = Places::from_environment();
        let overlaid = |directories: Vec<PathBuf>| {
            let below =
                |overlay: &PathBuf, directory: &PathBuf| overlay.join(directory.strip_prefix("/").unwrap_or(directory));
            let laid: Vec<PathBuf> =
                self.overlay.iter().flat_map(|o| directories.iter().map(move |d| below(o, d))).collect();
            [laid, directories].concat()
        };
        let sources = Sources {
            units: [self.units.clone(), overlaid(places.unit_directories())].concat(),
            bundles: [self.bundles.iter().cloned().collect(), overlaid(places.bundle_directories())].concat(),
            reading: places.reading(),
            cache: None,
        };
        Target::load(&sources, std::slice::from_ref(&self.target), &[]).map(drop)
    }
}

/// Rehearses what was checked, and writes everything to `out`. True: it booted, everything came up, and it stopped cleanly.
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
    let is_up = answer.get("exit").and_then(Value::as_i64) == Some(0);
    let text = format!(
        "\nprocesses\n{}\ncritical path\n{}\nnot rehearsed\n{}\n{}\n\n",
        ProcessTree::read(&sandbox.path("/proc")),
        critical_path::text(&run.join(paths::run::TIMELINE))?,
        list(&not_rehearsed(&states)),
        verdict(&states, is_up),
    );
    out.write_all(text.as_bytes()).map_err(|e| format!("unable to write: {e}"))?;
    Ok(is_up)
}

/// Whether the boot would have worked; the stop speaks for itself in its last line.
fn verdict(states: &[StateFile], is_up: bool) -> String {
    let failed: Vec<&str> =
        states.iter().filter(|unit| unit.state == State::Failed).map(|unit| unit.unit.as_str()).collect();
    match (is_up, failed.is_empty()) {
        (true, true) => "this boot would have worked".to_owned(),
        (true, false) => format!("this boot would have worked, but for: {}", failed.join(" ")),
        (false, _) => format!("this boot would not have worked: {}", failed.join(" ")),
    }
}

fn list(lines: &[String]) -> String {
    match lines {
        [] => "  nothing: every unit ran\n".to_owned(),
        lines => lines.iter().map(|line| format!("  {line}\n")).collect(),
    }
}
