//! What an operator asks of a unit that changes no state: to reload, or to take a signal.

use std::sync::Arc;
use std::time::Duration;

use units::{Command, Kind, Signal, Unit};

use super::Executor;
use super::context::refuse_at_a_glance;
use crate::engine::event::{Nanoseconds, UnitIndex};
use crate::oneshot::{Job, JobNumber, Order, Outcome};
use crate::plan::NOBODY;
use crate::service::Reach;
use crate::system::cgroup;

/// How notes and control groups of reloads begin: no unit has such a name.
pub(super) const RELOAD_NOTE: char = '-';
/// How long a reload that was killed may take to end, in ns: what hangs in the kernel has nobody wait for it.
const MORTAL: Nanoseconds = 2_000_000_000;

impl Executor {
    /// What became of the last request that changes no state: what failed, and what else is to be told.
    pub fn take_findings(&mut self) -> (Vec<String>, Vec<String>) {
        (std::mem::take(&mut self.complaints), self.signalled.take_notes())
    }

    /// Has a unit that is up read its configuration again.
    pub fn reload(&mut self, unit: UnitIndex) {
        if let Err(reason) = self.try_reload(unit) {
            self.complain(unit, &reason);
        }
    }

    pub(super) fn complain(&mut self, unit: UnitIndex, reason: &str) {
        let complaint = format!("{}: {reason}", self.name(unit));
        self.complaints.push(complaint);
    }

    fn try_reload(&mut self, unit: UnitIndex) -> Result<(), String> {
        if !self.engine.state(unit).is_up() {
            return Err(format!("it is {}, and only what is up can reload", self.engine.state(unit).name()));
        }
        let text = self.unit(unit).cloned().ok_or("its file is gone")?;
        match &text.kind {
            Kind::Milestone => Err("a milestone has nothing to reload".into()),
            Kind::Longrun(longrun) => match longrun.reload.clone() {
                Some(command) => self.launch_reload(unit, &text, &command),
                None => self.signal_to_reload(unit),
            },
            Kind::Oneshot(oneshot) => {
                let command = oneshot.reload.clone().ok_or("it has no \"reload\"")?;
                self.launch_reload(unit, &text, &command)
            }
        }
    }

    /// It runs where the unit's command does, but in a control group of its own: it may be cut off, and the unit must not.
    fn launch_reload(&mut self, unit: UnitIndex, text: &Unit, command: &Command) -> Result<(), String> {
        let unable = |error: std::io::Error| format!("unable to start: {error}");
        let name = self.name(unit).to_owned();
        let note = format!("{RELOAD_NOTE}{name}");
        let mut context = self.context(unit);
        if self.is_longrun(unit) {
            Arc::make_mut(&mut context).directory.get_or_insert_with(|| self.service(unit).directory().into());
        }
        refuse_at_a_glance(&context, command)?;
        self.notes.forget(&note).map_err(unable)?;
        let words = match command {
            Command::Argv(words) => words.clone(),
            Command::Script(script) => self.script_words(&note, script).map_err(unable)?,
        };
        let command = self.confined(&context, words);
        let cgroup = self.config.cgroups.as_ref().and_then(|root| root.make_leaf(&note).ok());
        self.hire_keeper().map_err(unable)?;
        self.last_job += 1;
        let number = self.last_job;
        self.order(&Order::Run(Job {
            number,
            unit: name,
            note,
            is_stop: false,
            after: Vec::new(),
            steps: Vec::new(),
            command,
            cgroup,
        }));
        let end = text.start_timeout.map(|timeout| self.now().saturating_add(nanoseconds(timeout)));
        self.reloads.insert(number, (unit, end));
        Ok(())
    }

    pub(super) fn on_reloaded(&mut self, job: JobNumber, outcome: Outcome) {
        let Some((unit, end)) = self.reloads.remove(&job) else { return };
        let note = format!("{RELOAD_NOTE}{}", self.name(unit));
        if let Some(root) = &self.config.cgroups {
            cgroup::remove(&root.leaf(&note));
        }
        self.ended.push(note);
        let is_late = end.is_some_and(|end| end <= self.now());
        let reason = if is_late { Some("its reload did not end in time".into()) } else { outcome.reason };
        if let Some(reason) = reason {
            let said: String = outcome.output.iter().map(|line| format!("\n       | {line}")).collect();
            self.complain(unit, &format!("{reason}{said}"));
        }
    }

    /// When the next reload has taken too long, or hangs although it was killed.
    pub(super) fn next_reload_end(&self) -> Option<Nanoseconds> {
        let ends = self.reloads.values().filter_map(|(_, end)| *end);
        let ends = ends.flat_map(|end| [end, end.saturating_add(MORTAL)]).filter(|end| *end > self.now());
        ends.chain(self.signalled.next_end()).min()
    }

    pub(super) fn end_late_reloads(&mut self) {
        self.look_at_signalled();
        let now = self.now();
        let ends = self.reloads.iter().filter_map(|(job, (_, end))| Some((*job, (*end)?)));
        let late: Vec<(JobNumber, Nanoseconds)> = ends.filter(|(_, end)| *end <= now).collect();
        for (job, end) in late {
            self.order(&Order::Kill(job));
            if end.saturating_add(MORTAL) <= now {
                self.on_reloaded(job, Outcome::default());
            }
        }
    }

    /// The time of every reload is over: something else matters more.
    pub fn end_reloads(&mut self) {
        let now = self.now();
        self.reloads.values_mut().for_each(|(_, end)| *end = Some(now));
        self.signalled.end_at(now);
    }

    /// Sends a signal to a unit's processes: all of them, unless its `kill-mode` is main.
    pub fn send_signal(&mut self, unit: UnitIndex, signal: Signal) {
        if let Err(reason) = self.try_signal(unit, signal) {
            self.complain(unit, &reason);
        }
    }

    fn try_signal(&self, unit: UnitIndex, signal: Signal) -> Result<(), String> {
        let leaf = self.config.cgroups.as_ref().map(|root| root.leaf(self.name(unit)));
        let service = self.is_longrun(unit).then(|| self.service(unit));
        let reach = Reach::find(self.unit(unit), leaf.as_deref(), service.as_ref()).ok_or(NOBODY)?;
        reach.send(signal).map_err(|errno| errno.to_string())
    }
}

pub(super) fn nanoseconds(duration: Duration) -> Nanoseconds {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}
