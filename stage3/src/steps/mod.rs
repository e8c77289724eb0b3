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

use crate::filesystems::mounts;
use crate::stop::Stop;
use crate::verb::Verb;
use std::time::Instant;
use supervisor::line::Mark;

/// What a step does. The error says what was not reached.
type Run = fn(&mut Stop) -> Result<(), String>;

/// One step.
#[derive(Clone, Copy)]
struct Step {
    /// Its name in the timeline and in messages.
    name: &'static str,
    /// What is said when it has worked.
    done: &'static str,
    run: Run,
    /// It is for the end of the kernel only.
    leaves_the_kernel: bool,
    /// It is only for those who may mount.
    mounts: bool,
    /// What fails here may have lost what no count shows.
    keeps: bool,
}

impl Step {
    const fn new(name: &'static str, done: &'static str, run: Run) -> Self {
        Self { name, done, run, leaves_the_kernel: false, mounts: false, keeps: false }
    }

    const fn leaves_the_kernel(self) -> Self {
        Self { leaves_the_kernel: true, ..self }
    }

    const fn mounts(self) -> Self {
        Self { mounts: true, ..self }
    }

    const fn keeps(self) -> Self {
        Self { keeps: true, ..self }
    }
}

/// The table. After `loggers` nothing reaches the log any more.
const STEPS: [Step; 8] = [
    Step::new("units", "units stopped in reverse order", units::run),
    Step::new("services", "supervises of services ended", services::run),
    Step::new("processes", "other processes ended", processes::run),
    Step::new("loggers", "loggers drained and ended", loggers::run).keeps(),
    Step::new("root", "moved to the run directory", root::run).mounts().leaves_the_kernel(),
    Step::new("swap", "swap is off", swap::run).mounts().leaves_the_kernel(),
    Step::new("filesystems", "filesystems unmounted", filesystems::run).mounts(),
    Step::new("sync", "disks are in step", sync::run).keeps(),
];

/// Runs every step, then ends the system. Returns only when the kernel refuses to.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    let stays = stop.verb == Verb::SoftReboot;
    for step in STEPS.iter().filter(|step| !(stays && step.leaves_the_kernel)) {
        run_one(stop, step);
    }
    end::run(stop)
}

fn run_one(stop: &mut Stop, step: &Step) {
    if step.mounts && !mounts::are_ours() {
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
            stop.lost.extend(step.keeps.then_some(text));
        }
    }
    stop.report.step(step.name, result.as_ref().err().map(String::as_str));
}
