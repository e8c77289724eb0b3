//! The steps of a stop, in order: the mirror image of stage 1. A step may fail; it says so, and the next one runs.

mod end;
mod filesystems;
mod loggers;
mod processes;
mod root;
mod services;
pub mod swap;
pub mod sync;
mod units;

use crate::mounts;
use crate::stop::Stop;
use crate::verb::Verb;
use std::time::Instant;
use supervisor::line::Mark;

/// One step.
struct Step {
    /// Its name in the timeline and in messages.
    name: &'static str,
    /// What is said when it has worked.
    done: &'static str,
    /// It is for the end of the kernel only.
    leaves_the_kernel: bool,
    /// What it does. The error says what was not reached.
    run: fn(&mut Stop) -> Result<(), String>,
}

/// The table. After `loggers` nothing reaches the log any more.
const STEPS: [Step; 8] = [
    Step { name: "units", done: "units stopped in reverse order", leaves_the_kernel: false, run: units::run },
    Step { name: "services", done: "supervises of services ended", leaves_the_kernel: false, run: services::run },
    Step { name: "processes", done: "other processes ended", leaves_the_kernel: false, run: processes::run },
    Step { name: "loggers", done: "loggers drained and ended", leaves_the_kernel: false, run: loggers::run },
    Step { name: "root", done: "moved to the run directory", leaves_the_kernel: true, run: root::run },
    Step { name: "swap", done: "swap is off", leaves_the_kernel: true, run: swap::run },
    Step { name: "filesystems", done: "filesystems unmounted", leaves_the_kernel: false, run: filesystems::run },
    Step { name: "sync", done: "disks are in step", leaves_the_kernel: false, run: sync::run },
];

/// What is only for those who may mount.
const MOUNTING: [&str; 3] = ["root", "swap", "filesystems"];

/// What fails here may have lost what no count shows.
const KEEPING: [&str; 2] = ["loggers", "sync"];

/// Runs every step, then ends the system. Returns only when the kernel refuses to.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    let stays = stop.verb == Verb::SoftReboot;
    for step in STEPS.iter().filter(|step| !(stays && step.leaves_the_kernel)) {
        run_one(stop, step);
    }
    end::run(stop)
}

fn run_one(stop: &mut Stop, step: &Step) {
    if MOUNTING.contains(&step.name) && !mounts::are_ours() {
        return;
    }
    stop.watchdog.alive();
    let start = Instant::now();
    let result = (step.run)(stop);
    let milliseconds = u64::try_from(start.elapsed().as_millis()).ok();
    match &result {
        Ok(()) => stop.report.line(Mark::Ok, step.done, milliseconds),
        Err(error) => {
            let text = format!("{}: {error}", step.name);
            stop.report.line(Mark::Fail, &text, milliseconds);
            stop.lost.extend(KEEPING.contains(&step.name).then_some(text));
        }
    }
    stop.report.step(step.name, result.as_ref().err().map(String::as_str));
}
