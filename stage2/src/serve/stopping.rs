//! The stop of the system: every unit in reverse order, then the `shutdown` bundle.

use std::io;

use supervisor::state::State;

use crate::engine::event::Event;
use crate::request::Answer;
use crate::request::target::Target;
use crate::request::verdict;
use crate::serve::supervised::Supervised;
use crate::system::replace::replace;

/// What is started after everything else was stopped.
const SHUTDOWN: &str = "shutdown";

impl Supervised {
    /// Stops every unit in reverse order, then runs the `shutdown` bundle. `is_begun`: the executor's units are those
    /// that a cut-off request was working on.
    pub(super) fn stop_all(&mut self, id: &str, was_running: bool, is_begun: bool) -> io::Result<()> {
        if !was_running {
            self.queue.take(id)?;
        }
        self.executor.watch_essential(false);
        self.executor.tell_progress(Some(self.queue.progress(id)));
        let all_stopped = self.queue.directory().join(".stopped");
        let mut stuck = Vec::new();
        if !all_stopped.exists() {
            let others = self.executor.active_units();
            if !is_begun && let Ok(target) = Target::load(&self.sources, &[], &others) {
                self.executor.begin(target);
            }
            // What had not come up has nothing to stop.
            let failed_before = self.failed();
            self.executor.tell(Event::StopAll);
            while !self.executor.run()? {}
            stuck = self.failed();
            stuck.retain(|unit| !failed_before.contains(unit));
            // Without the note a successor stops what is down already.
            let _ = replace(&all_stopped, b"", 0o600);
        }
        stuck.append(&mut self.run_shutdown_bundle(was_running)?);
        self.executor.tell_progress(None);
        // Once more, with the stop in it.
        self.remember();
        let is_clean = stuck.is_empty();
        let units = stuck.into_iter().map(|unit| (unit, State::Failed.name().to_owned())).collect();
        self.queue.answer(id, &Answer::finished(is_clean, units))
    }

    fn failed(&self) -> Vec<String> {
        verdict::failed(self.executor.target(), self.executor.engine())
    }

    /// Answers which units of it failed.
    fn run_shutdown_bundle(&mut self, was_running: bool) -> io::Result<Vec<String>> {
        let Ok(target) = Target::load(&self.sources, &[SHUTDOWN.to_owned()], &[]) else { return Ok(Vec::new()) };
        self.executor.begin(target);
        let units = self.executor.target().units();
        self.executor.tell(if was_running { Event::Resume(units) } else { Event::Start(units) });
        while !self.executor.run()? {}
        Ok(self.failed())
    }
}
