//! Requests that change no state: reload and kill.
//!
//! Neither is done again by the engine's successor: nobody can tell whether it was done, and twice is not once.

use std::collections::BTreeMap;
use std::io;

use crate::request::{Answer, Request, Verb, refusal};
use crate::serve::supervised::{Pause, Supervised};
use supervisor::paths::requests::STOP;

impl Supervised {
    /// Has units reload, or sends them a signal.
    pub(super) fn poke(&mut self, id: &str, was_running: bool, request: &Request) -> io::Result<()> {
        let others = self.executor.active_units();
        let target = refusal::resolve(request, &self.sources, &others, was_running);
        let (target, signal) = match target.and_then(|target| Ok((target, request.signal().map_err(Answer::refused)?)))
        {
            Ok(both) => both,
            Err(answer) => return self.queue.answer(id, &answer),
        };
        if was_running {
            let error = "interrupted by the engine's death; it is not done again unasked";
            return self.queue.answer(id, &Answer { exit: 1, ..Answer::refused(error) });
        }
        self.queue.take(id)?;
        self.executor.begin(target);
        for unit in self.executor.target().units() {
            match request.verb {
                Verb::Kill => self.executor.send_signal(unit, signal),
                _ => self.executor.reload(unit),
            }
        }
        let pause = self.run()?;
        if pause == Pause::Stop {
            self.executor.end_reloads();
            while !self.executor.run()? {}
        }
        let (complaints, notes) = self.executor.take_findings();
        let engine = self.executor.engine();
        let state = |unit: usize| (engine.graph().name(unit).to_owned(), engine.state(unit).name().to_owned());
        let units: BTreeMap<String, String> = self.executor.target().units().into_iter().map(state).collect();
        let error = (!complaints.is_empty()).then(|| complaints.join("\n"));
        let answer = Answer { error, notes, ..Answer::finished(complaints.is_empty(), units) };
        self.queue.answer(id, &answer)?;
        if pause == Pause::Stop { self.stop_all(STOP, false, true) } else { Ok(()) }
    }
}
