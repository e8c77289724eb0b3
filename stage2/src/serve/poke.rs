//! Requests that change no state: reload and kill.
//!
//! Neither is done again by the engine's successor: nobody can tell whether it was done, and twice is not once.

use std::collections::BTreeMap;
use std::io;

use nix::sys::signal::Signal;

use crate::request::target::Target;
use crate::request::{Answer, Request, Verb};
use crate::serve::refusal::refuse_broken;
use crate::serve::supervised::{Pause, Supervised};
use supervisor::paths::requests::STOP;

impl Supervised {
    /// Has units reload, or sends them a signal.
    pub(super) fn poke(&mut self, id: &str, was_running: bool, request: &Request) -> io::Result<()> {
        let others = self.executor.active_units();
        let target = Target::load_to_stop(&self.sources, &request.units, &others);
        let target = target.and_then(|target| Ok((target, signal(request)?))).map_err(Answer::refused);
        let checked = target.and_then(|(target, signal)| Ok((refuse_broken(request, target)?, signal)));
        let (target, signal) = match checked {
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

/// The signal of a `kill`: TERM where none is named.
fn signal(request: &Request) -> Result<Signal, String> {
    let text = request.signal.as_deref().unwrap_or("TERM");
    let number = supervisor::sys::signal::parse(text.to_ascii_uppercase().as_bytes());
    let signal = number.and_then(|number| Signal::try_from(number.cast_signed()).ok());
    signal.ok_or_else(|| format!("no signal is named '{text}'"))
}
