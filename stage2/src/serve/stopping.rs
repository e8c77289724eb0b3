//! The stop of the system: every unit in reverse order, then the `shutdown` bundle.

use std::collections::BTreeMap;
use std::io;

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
        let mut is_clean = true;
        if !all_stopped.exists() {
            let others = self.executor.active_units();
            if !is_begun && let Ok(target) = Target::load(&self.sources, &[], &others) {
                self.executor.begin(target);
            }
            self.executor.tell(Event::StopAll);
            while !self.executor.run()? {}
            is_clean = verdict::failed(self.executor.target(), self.executor.engine()).is_empty();
            replace(&all_stopped, b"", 0o600)?;
        }
        is_clean &= self.run_shutdown_bundle(was_running)?;
        self.executor.tell_progress(None);
        // Once more, with the stop in it.
        self.remember();
        self.queue.answer(id, &Answer::finished(is_clean, BTreeMap::new()))
    }

    fn run_shutdown_bundle(&mut self, was_running: bool) -> io::Result<bool> {
        let Ok(target) = Target::load(&self.sources, &[SHUTDOWN.to_owned()], &[]) else { return Ok(true) };
        self.executor.begin(target);
        let units = self.executor.target().units();
        self.executor.tell(if was_running { Event::Resume(units) } else { Event::Start(units) });
        while !self.executor.run()? {}
        Ok(verdict::failed(self.executor.target(), self.executor.engine()).is_empty())
    }
}
