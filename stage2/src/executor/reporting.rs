//! What became of a unit, for everyone who wants to know: state file, timeline, console, boot.log, the asker.
//!
//! Everything but states that pass gathers during a turn and is written at its end: first what people read, then the state files, then the
//! one-shots' notes go. So an engine that is killed in between says a line twice at worst, and never loses one.

use supervisor::line::{Line, Mark};
use supervisor::state::State;

use super::Executor;
use crate::engine::event::{Report, UnitIndex};
use crate::record::state_file::StateFile;
use crate::record::timeline::Happening;
use crate::system::clock::boottime;
use crate::system::processors;

impl Executor {
    pub(super) fn report(&mut self, report: &Report) {
        let now = self.now();
        let ms = now.saturating_sub(report.since) / 1_000_000;
        let is_notice = report.state == State::Starting && report.reason.is_some();
        if !is_notice {
            self.note_state(report);
        }
        if report.from.is_up() && report.state.is_up() {
            return;
        }
        let name = self.name(report.unit).to_owned();
        self.notice_essential(report, &name);
        self.is_up_news |= report.state.is_up();
        if report.from == State::Starting && report.state.is_up() {
            self.durations.learn(&name, ms);
            self.learn_appetite(report.unit, &name);
        }
        let reason = report.reason.clone().unwrap_or_default();
        let line = self.write_line(report, &name, &reason, ms);
        let happening = match report.state {
            State::Waiting => Happening::Wait { r#for: self.names(&report.waits_for) },
            State::Starting if is_notice => return self.timeline.progress(now, &name, "wait", line.as_deref()),
            State::Starting => Happening::Exec { pid: self.activities[report.unit].pid },
            State::Up | State::Degraded => Happening::Ready { ms },
            State::Stopping => Happening::Stop {},
            State::Failed => Happening::Failed { reason },
            State::Skipped => Happening::Skipped { reason },
            State::Down => Happening::Stopped { ms, reason: report.reason.clone() },
        };
        self.timeline.record(now, &name, &happening);
        self.timeline.progress(now, &name, happening.name(), line.as_deref());
    }

    /// Remembers whether a start has kept a processor busy. What it could have had of one is less than how long it took, where
    /// others wanted one as well.
    fn learn_appetite(&mut self, unit: UnitIndex, name: &str) {
        let activity = &self.activities[unit];
        let used = if self.is_longrun(unit) { activity.pid.and_then(processors::used) } else { activity.used };
        if let Some(used) = used {
            self.durations.learn_appetite(name, used, self.engine.share_of(unit));
        }
    }

    fn names(&self, units: &[usize]) -> Vec<String> {
        units.iter().map(|unit| self.name(*unit).to_owned()).collect()
    }

    fn note_state(&mut self, report: &Report) {
        let mut file = StateFile::new(self.name(report.unit), self.kind_name(report.unit), report.state, boottime());
        file.pid = match report.state {
            State::Down | State::Waiting | State::Failed | State::Skipped => None,
            State::Starting | State::Up | State::Stopping | State::Degraded => self.activities[report.unit].pid,
        };
        file.reason = report.reason.clone();
        file.exit = report.exit;
        file.deaths = if self.is_longrun(report.unit) {
            self.service(report.unit).status().map_or(0, |status| status.deaths)
        } else {
            0
        };
        let now = self.now();
        self.states.insert_after(report.from, report.unit, file, now);
    }

    /// Writes everything, states that pass too: whoever comes next reads the files.
    pub(super) fn write_all(&mut self) {
        self.states.hurry();
        self.write_out();
    }

    /// Writes what has gathered.
    pub(super) fn write_out(&mut self) {
        if std::mem::take(&mut self.is_up_news) {
            self.write_postponed();
        }
        self.timeline.flush();
        self.console.flush();
        let directory = self.config.places.states();
        for file in self.states.take(self.now()) {
            if let Err(error) = file.write(&directory) {
                self.console.plain(&format!("stage2: error: unable to write the state of {}: {error}", file.unit));
                // Then the note is what a successor has to go on from.
                self.ended.retain(|ended| *ended != file.unit);
            }
        }
        for unit in std::mem::take(&mut self.ended) {
            self.noted.remove(&unit);
            let _ = self.notes.forget(&unit);
        }
    }

    /// The console's line, if this change has one.
    fn write_line(&mut self, report: &Report, name: &str, reason: &str, ms: u64) -> Option<String> {
        let description = self.unit(report.unit).map_or(name, |unit| unit.description.as_str()).to_owned();
        let took = matches!(report.from, State::Starting | State::Stopping).then_some(ms);
        let (mark, text, milliseconds) = match (report.state, report.from) {
            (State::Up | State::Degraded, _) => (Mark::Ok, description.as_str(), Some(ms)),
            (State::Failed, _) => (Mark::Fail, reason, took),
            (State::Skipped, _) => (Mark::Skip, reason, None),
            (State::Starting, _) if !reason.is_empty() => (Mark::Wait, reason, None),
            (State::Down, State::Stopping) if reason.is_empty() => (Mark::Ok, "stopped", Some(ms)),
            (State::Down, State::Stopping) => (Mark::Ok, reason, Some(ms)),
            (State::Starting | State::Waiting | State::Stopping | State::Down, _) => return None,
        };
        let output: Vec<String> = match report.state {
            State::Failed if self.is_longrun(report.unit) => {
                self.said_for(report.unit, self.now().saturating_sub(report.since))
            }
            State::Failed => self.activities[report.unit].lines.iter().cloned().collect(),
            _ => Vec::new(),
        };
        Some(self.console.line(Line { mark, unit: name, text, milliseconds }, &output))
    }
}
