//! The engine in the foreground: it brings one target up and ends. It needs a scanner of somebody's, and nothing else
//! of a booted system.

use std::fs::{self, File};
use std::io;

use nix::fcntl::{Flock, FlockArg};
use supervisor::paths::run;

use crate::engine::event::Event;
use crate::executor::{Config, Executor};
use crate::record::boot_log::BootLog;
use crate::record::console::Console;
use crate::request::problems;
use crate::request::target::{Sources, Target};
use crate::request::verdict::{self, Goals};
use crate::system::replace::{remove, replace};

/// What is being brought up, for a successor.
const MARK: &str = "foreground";

/// Why nothing was done.
#[derive(Debug)]
pub enum Refusal {
    /// There is no such target.
    Usage(String),
    /// The system does not let us.
    System(String),
}

/// Brings `name` up. Answers whether everything of it is up (or skipped).
pub fn run(config: Config, sources: &Sources, name: &str) -> Result<bool, Refusal> {
    let run_directory = config.places.run.clone();
    let unable = |what: &str, error: io::Error| Refusal::System(format!("unable to {what}: {error}"));
    for directory in [&run_directory, &config.places.services(), &config.places.scan] {
        fs::create_dir_all(directory).map_err(|error| unable(&format!("make {}", directory.display()), error))?;
    }
    let lock = run_directory.join(run::ENGINE_LOCK);
    let file = File::create(&lock).map_err(|error| unable(&format!("open {}", lock.display()), error))?;
    let _lock = Flock::lock(file, FlockArg::LockExclusiveNonblock)
        .map_err(|(_, errno)| unable(&format!("lock {}", lock.display()), errno.into()))?;
    let colour = config.places.settings().0.console.colour;
    let console = Console::standard_output(BootLog::open(&run_directory.join(run::BOOT_LOG)).ok(), colour);
    let mut executor = Executor::new(config, console, &[]).map_err(|error| unable("begin", error))?;
    let others = executor.active_units();
    let target = Target::load(sources, &[name.to_owned()], &others).map_err(Refusal::Usage)?;
    executor.begin(target);
    problems::report(&mut executor);
    let up = executor.target().units();
    // One that was killed in the middle of this is continued: what it has interrupted is not run again unasked.
    let mark = executor.places().engine().join(MARK);
    let is_resumed = std::fs::read_to_string(&mark).is_ok_and(|target| target == name);
    let _ = replace(&mark, name.as_bytes(), 0o600);
    executor.tell(if is_resumed { Event::Resume(up.clone()) } else { Event::Start(up.clone()) });
    while !executor.run().map_err(|error| unable("go on", error))? {}
    let _ = remove(&mark);
    let goals = Goals { up, ..Goals::default() };
    let answer = verdict::answer(&goals, executor.target(), executor.engine());
    Ok(answer.exit == 0 && verdict::failed(executor.target(), executor.engine()).is_empty())
}
