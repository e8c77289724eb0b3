//! The table of steps, in order. Each one is a guard (done already: leave it alone), an act, and the policy of this
//! loop: what fails is said, and the next step follows.

mod cgroups;
mod console;
mod dev;
mod handlers;
mod image;
mod kernel;
mod keys;
pub mod limits;
mod log;
mod main_service;
mod mqueue;
mod proc;
pub mod programs;
mod pts;
mod request;
mod run_directory;
mod runtime;
mod settings;
mod shm;
mod sys;

use crate::boot::Boot;
use crate::emergency;
use crate::failure::Failure;

/// One step.
struct Step {
    /// Its name in the timeline.
    name: &'static str,
    /// What it does. What it could not do in part it reports by itself.
    act: fn(&mut Boot) -> Result<(), Failure>,
}

/// /proc comes first, because the others look at it.
const STEPS: [Step; 20] = [
    Step { name: "proc", act: proc::act },
    Step { name: "sys", act: sys::act },
    Step { name: "dev", act: dev::act },
    Step { name: "console", act: console::act },
    Step { name: "settings", act: settings::act },
    Step { name: "pts", act: pts::act },
    Step { name: "shm", act: shm::act },
    Step { name: "mqueue", act: mqueue::act },
    Step { name: "run", act: runtime::act },
    Step { name: "run-directory", act: run_directory::act },
    Step { name: "kernel", act: kernel::act },
    Step { name: "cgroups", act: cgroups::act },
    Step { name: "limits", act: limits::act },
    Step { name: "keys", act: keys::act },
    Step { name: "programs", act: programs::act },
    Step { name: "image", act: image::act },
    Step { name: "handlers", act: handlers::act },
    Step { name: "log", act: log::act },
    Step { name: "main", act: main_service::act },
    Step { name: "request", act: request::act },
];

/// Does every step, whatever became of the one before. Whoever debugs a boot gets a shell between two of them.
pub fn run(boot: &mut Boot) {
    for step in &STEPS {
        let result = (step.act)(boot);
        if let Err(failure) = &result {
            boot.report.failure(failure);
        }
        boot.report.step(step.name, result.as_ref().err());
        if boot.options().debug.is_after(step.name) {
            boot.report.wait(&format!("a shell after the step {}, until it ends", step.name));
            emergency::shell();
        }
    }
}
