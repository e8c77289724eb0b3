//! The boot: the default bundle, and what is left when it does not work.
//!
//! An essential unit that fails sends the boot to the `rescue` bundle at once. A default bundle that fails for the third
//! boot in a row is followed, in the same boot, by the unit set that worked last; if boots do not even get that far, the
//! next one begins with it.

use std::fs;
use std::io;

use supervisor::state::State;

use super::boot_state::{BootState, FILE};
use super::supervised::{DEFAULT, Pause, Supervised};
use crate::engine::event::{Event, UnitIndex};
use crate::generation::{Generations, Snapshot};
use crate::record::kept_log;
use crate::request::target::{Sources, Target};
use crate::request::verdict::{self, Goals};
use crate::request::{Answer, Request, problems};
use crate::system::replace::{remove, replace};
use crate::timeline::archive;

/// What is left of a boot whose essential unit has failed.
const RESCUE: &str = "rescue";

impl Supervised {
    /// Brings the default bundle up, or what stands in for it.
    pub(super) fn boot(&mut self, id: &str, was_running: bool, request: &Request) -> io::Result<()> {
        if let Some(reason) = fs::read_to_string(self.note(id, RESCUE)).ok().filter(|_| was_running) {
            return self.rescue(id, &reason, true);
        }
        let mut state = self.count_boot(was_running);
        let (sources, is_good) = self.boot_sources(&mut state);
        let names = if request.units.is_empty() { vec![DEFAULT.to_owned()] } else { request.units.clone() };
        let others = self.executor.active_units();
        let mut target = match Target::load(&sources, &names, &others) {
            Ok(target) => target,
            Err(error) => {
                self.say(&format!("stage2: error: unable to boot: {error}"));
                return self.queue.answer(id, &Answer::refused(error));
            }
        };
        if !was_running {
            self.queue.take(id)?;
        }
        self.resolve_clashes(&mut target);
        self.executor.tell_progress(Some(self.queue.progress(id)));
        self.executor.watch_essential(true);
        self.executor.begin(target);
        self.executor.begin_display();
        if !was_running {
            problems::report(&mut self.executor);
        }
        let goals = self.goals(request);
        self.ask(id, &goals, was_running);
        let pause = self.run()?;
        self.executor.end_display();
        self.executor.watch_essential(false);
        match pause {
            Pause::Stop => self.cut_short(id, &goals),
            Pause::Rescue(reason) => self.rescue(id, &reason, false),
            Pause::Settled if is_good => {
                let answer = verdict::answer(&goals, self.executor.target(), self.executor.engine());
                self.remember();
                self.conclude(id, &answer)
            }
            Pause::Settled => self.settle_boot(id, state, &goals),
        }
    }

    /// Counts this boot, once.
    fn count_boot(&mut self, was_running: bool) -> BootState {
        let mut state = BootState::read(self.executor.places().boot_state());
        if !was_running {
            state.count();
            self.write_boot_state(&state);
        }
        state
    }

    fn write_boot_state(&mut self, state: &BootState) {
        let directory = self.executor.places().boot_state().to_owned();
        if directory.is_dir() {
            self.executor.write_when_possible(directory.join(FILE), state.text());
        }
    }

    /// The unit set to boot: the one that worked last, if this one has failed too often and is as it was.
    fn boot_sources(&mut self, state: &mut BootState) -> (Sources, bool) {
        let generations = self.generations();
        let good = state
            .begins_with_good()
            .and_then(|number| Some((number, generations.sources(number, &self.sources.reading)?)));
        let Some((number, sources)) = good else { return (self.sources.clone(), false) };
        if state.bad.is_some_and(|bad| !generations.holds(bad, &self.snapshot())) {
            state.forgive();
            self.write_boot_state(state);
            return (self.sources.clone(), false);
        }
        let _ = generations.put_in_force(number);
        let boots = state.failed - 1;
        self.say(&format!(
            "stage2: warning: THE LAST {boots} BOOTS FAILED: BOOTING THE UNIT SET THAT WORKED LAST (GENERATION {number})"
        ));
        (sources, true)
    }

    /// At boot one of two units that cannot be up together comes up in any case.
    fn resolve_clashes(&mut self, target: &mut Target) {
        for clash in target.graph.clashes(&target.units()) {
            self.say(&format!("stage2: warning: {}", clash.diagnostic));
            target.graph.give_way(&clash);
        }
    }

    /// The default bundle has got somewhere: that was a good boot, or a bad one, or one too many.
    fn settle_boot(&mut self, id: &str, mut state: BootState, goals: &Goals) -> io::Result<()> {
        let mut answer = verdict::answer(goals, self.executor.target(), self.executor.engine());
        self.executor.keep_durations();
        // Even where nothing can be kept, nothing is lost but the way back.
        if let Ok(number) = self.keep_generation(state.good) {
            state.judge(number, answer.exit == 0);
            self.write_boot_state(&state);
        }
        let generations = self.generations();
        let good = state.falls_back().filter(|_| answer.exit != 0);
        if let Some((number, sources)) =
            good.and_then(|number| Some((number, generations.sources(number, &self.sources.reading)?)))
        {
            self.say(&format!(
                "stage2: warning: THE THIRD BOOT IN A ROW HAS FAILED: STARTING THE UNIT SET THAT WORKED LAST (GENERATION {number})"
            ));
            answer = self.start_other(&sources, DEFAULT)?.unwrap_or(answer);
        }
        self.remember();
        self.conclude(id, &answer)
    }

    /// Keeps what this boot has done and said, beyond RUN. One that cannot be remembered is no worse for it.
    pub(super) fn remember(&self) {
        let _ = archive::keep(self.executor.places());
        let _ = kept_log::keep(self.executor.places());
    }

    fn keep_generation(&self, good: Option<u64>) -> io::Result<u64> {
        let generations = self.generations();
        let in_use: Vec<u64> = good.into_iter().collect();
        let number = generations.keep(&self.snapshot(), &in_use)?;
        generations.put_in_force(number)?;
        Ok(number)
    }

    /// Gives up what is not up, and starts the rescue bundle.
    fn rescue(&mut self, id: &str, reason: &str, was_running: bool) -> io::Result<()> {
        // Without the note only a successor would begin with the boot again.
        let _ = replace(&self.note(id, RESCUE), reason.as_bytes(), 0o600);
        self.say(&format!("stage2: error: {reason}: starting {RESCUE} instead"));
        if !was_running {
            let engine = self.executor.engine();
            let is_under_way = |unit: &UnitIndex| matches!(engine.state(*unit), State::Waiting | State::Starting);
            let rest: Vec<UnitIndex> = (0..engine.graph().len()).filter(is_under_way).collect();
            self.executor.tell(Event::Stop(rest));
            while !self.executor.run()? {}
        }
        let sources = self.sources.clone();
        let answer = self.start_other(&sources, RESCUE)?;
        let units = answer.map(|answer| answer.units).unwrap_or_default();
        let error = Some(reason.to_owned());
        let _ = remove(&self.note(id, RESCUE));
        self.remember();
        self.conclude(id, &Answer { error, ..Answer::finished(false, units) })
    }

    /// Starts something else than what the request named; nothing where it does not exist.
    fn start_other(&mut self, sources: &Sources, name: &str) -> io::Result<Option<Answer>> {
        let others = self.executor.active_units();
        let target = match Target::load(sources, &[name.to_owned()], &others) {
            Ok(target) => target,
            Err(error) => {
                self.say(&format!("stage2: error: unable to start {name}: {error}"));
                return Ok(None);
            }
        };
        self.executor.begin(target);
        let up = self.executor.target().units();
        self.executor.tell(Event::Start(up.clone()));
        self.run()?;
        let goals = Goals { up, ..Goals::default() };
        Ok(Some(verdict::answer(&goals, self.executor.target(), self.executor.engine())))
    }

    /// The files of today.
    fn snapshot(&self) -> Snapshot {
        Snapshot::take(&self.sources, &self.executor.places().etc)
    }

    fn generations(&self) -> Generations {
        Generations::new(self.executor.places().generations())
    }

    fn say(&mut self, text: &str) {
        self.executor.console().plain(text);
    }
}
