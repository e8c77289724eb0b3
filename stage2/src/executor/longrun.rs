//! Longruns: their service directory is compiled and linked into the scan directory; then their supervise is told what
//! to do, and its status record says what became of it.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::libc::O_NONBLOCK;
use nix::sys::epoll::{EpollEvent, EpollFlags};
use supervisor::control::{scanner, supervise};
use supervisor::paths::{run, scan};
use supervisor::status::{LastExit, Phase, Status, Want};
use units::{Command, Log, Longrun, Readiness, Unit};

use super::activity::{Doing, Starting};
use super::{Executor, Interest};
use crate::cgroup;
use crate::command_lookup::look_up;
use crate::compile::{Logger, ServiceDirectory, Settings};
use crate::engine::event::{Event, Nanoseconds, UnitIndex};
use crate::readiness::{Probe, Verdict};
use crate::replace::replace_link;
use crate::supervised_service::SupervisedService;

/// A longrun that cannot say when it is ready is up once it runs; an end with [`NOT_RUN`] until then was none.
const PROBATION: Nanoseconds = 1_000_000_000;
/// Exit codes of a shell that could not run a command.
const NOT_RUN: std::ops::RangeInclusive<u8> = 126..=127;
/// Service directories that stage 1 brings: no unit may have their names.
const RESERVED: [&str; 3] = ["catch-all", "engine", "getty-early"];
/// The service that has the console's terminal until a getty of the units wants it.
pub(super) const GETTY_EARLY: &str = "getty-early";
/// Units whose names begin so are gettys.
pub(super) const GETTY: &str = "getty-";

impl Executor {
    pub(super) fn start_longrun(&mut self, unit: UnitIndex, text: &Unit, longrun: &Longrun) {
        if RESERVED.contains(&text.name.as_str()) {
            return self.fail(unit, "the name is taken by a service of stage 1".into(), None);
        }
        if let Command::Argv(words) = &longrun.run
            && let Some(Err(reason)) = words.first().map(|word| look_up(word))
        {
            return self.fail(unit, reason, None);
        }
        if self.must_wait_for_terminal(unit) {
            return;
        }
        match self.install(unit, text, longrun) {
            Ok(()) => self.look_at(unit),
            Err(error) => self.fail(unit, format!("unable to make its service directory: {error}"), None),
        }
    }

    /// Makes the service directory, watches it, links it, and has its supervise told.
    fn install(&mut self, unit: UnitIndex, text: &Unit, longrun: &Longrun) -> io::Result<()> {
        let name = text.name.as_str();
        let service = self.service(unit);
        let settings = self.settings(text, longrun);
        if let Some(Logger { directory, .. }) = &settings.logger {
            let _ = fs::create_dir_all(directory);
        }
        ServiceDirectory::compile(text, longrun, &settings).install(service.directory())?;
        self.watches.add(&service.supervise(), Interest::Status(unit))?;
        self.activities[unit].doing = Doing::Starting(Starting {
            before: service.status(),
            is_told: false,
            is_executed: false,
            probe: longrun.ready.as_ref().and_then(Probe::new),
        });
        let link = self.config.places.scan.join(name);
        let target = self.link_target(name);
        if fs::read_link(&link).ok().as_deref() != Some(&target) {
            replace_link(&link, &target)?;
        }
        self.is_scan_wanted |= !service.is_supervised();
        Ok(())
    }

    /// `../service/NAME` from RUN/scan; from another scan directory the whole path.
    fn link_target(&self, name: &str) -> PathBuf {
        let places = &self.config.places;
        match places.scan == places.run.join(run::SCAN) {
            true => Path::new("..").join(run::SERVICE).join(name),
            false => places.service(name),
        }
    }

    fn settings(&self, text: &Unit, longrun: &Longrun) -> Settings {
        let name = text.name.as_str();
        let has_logger = match longrun.log {
            Log::None => false,
            Log::Directory { .. } => true,
            Log::Auto => self.target.is_after_local(&text.name),
        };
        let logger = || Logger { program: self.logger_program(), directory: self.config.places.log.clone() };
        Settings {
            cgroup: self.config.cgroups.as_ref().and_then(|root| root.make_leaf(name).ok()),
            logger: has_logger.then(logger),
        }
    }

    /// The one that runs from memory; where stage 1 has not put it there, the one that came with this program.
    fn logger_program(&self) -> String {
        if self.config.places.run.join(run::BIN).join("svlog").exists() {
            return "../../../bin/svlog".into();
        }
        let beside = std::env::current_exe().ok().map(|program| program.with_file_name("svlog"));
        beside.filter(|program| program.exists()).map_or("svlog".into(), |program| program.display().to_string())
    }

    /// Has the scanner look: once for everything that was linked. A scanner without a control FIFO looks by itself.
    pub(super) fn scan(&self) {
        let control = self.config.places.scan.join(scan::CONTROL);
        if let Ok(mut fifo) = OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(control) {
            let _ = fifo.write_all(&[scanner::SCAN]);
        }
    }

    /// A longrun's status record may say something new.
    pub(super) fn look_at(&mut self, unit: UnitIndex) {
        let service = self.service(unit);
        let Some(activity) = self.activities.get_mut(unit) else { return };
        match &mut activity.doing {
            Doing::Starting(starting) => {
                if !service.is_supervised() {
                    return;
                }
                let status = service.status();
                if !starting.is_told
                    && status.is_none_or(|status| status.want != Want::Up || status.phase == Phase::Down)
                {
                    starting.is_told = service.control(&[supervise::UP]).is_ok();
                }
                let is_news = |status: &Status| Some(*status) != starting.before || runs(status);
                if let Some(status) = status.filter(is_news) {
                    self.on_starting(unit, &status);
                }
            }
            Doing::Up { probation } => {
                let is_probed = probation.is_some();
                if let Some(status) = service.status() {
                    self.on_up(unit, &status, is_probed);
                }
            }
            Doing::Stopping => self.on_stopping(unit, &service),
            Doing::Nothing | Doing::Oneshot(_) => {}
        }
    }

    fn on_starting(&mut self, unit: UnitIndex, status: &Status) {
        if let Some(reason) = end_for_good(status, true) {
            return self.fail_longrun(unit, reason, status);
        }
        if !runs(status) {
            return;
        }
        let Some(units::Kind::Longrun(longrun)) = self.unit(unit).map(|unit| unit.kind.clone()) else { return };
        let activity = &mut self.activities[unit];
        let Doing::Starting(starting) = &mut activity.doing else { return };
        activity.pid = Some(status.pid);
        if !starting.is_executed {
            starting.is_executed = true;
            self.events.push_back(Event::Executed { unit, pid: Some(status.pid) });
        }
        match longrun.ready {
            None => self.become_up(unit, Some(self.now() + PROBATION)),
            Some(Readiness::Descriptor(_)) if status.ready => self.become_up(unit, None),
            Some(Readiness::Descriptor(_)) => {}
            Some(_) => self.ask_probe(unit),
        }
    }

    fn on_up(&mut self, unit: UnitIndex, status: &Status, is_on_probation: bool) {
        if let Some(reason) = end_for_good(status, is_on_probation) {
            self.fail_longrun(unit, reason, status);
        } else if status.want == Want::Once && status.phase == Phase::Down && status.pid == 0 {
            self.activities[unit].doing = Doing::Nothing;
            self.activities[unit].pid = None;
            self.events.push_back(Event::Down(unit));
        }
    }

    fn on_stopping(&mut self, unit: UnitIndex, service: &SupervisedService) {
        let is_down = |status: Status| status.phase == Phase::Down && status.pid == 0 && status.want != Want::Up;
        if !service.is_supervised() || service.status().is_some_and(is_down) {
            self.activities[unit].doing = Doing::Nothing;
            self.activities[unit].pid = None;
            self.events.push_back(Event::Down(unit));
        }
    }

    fn become_up(&mut self, unit: UnitIndex, probation: Option<Nanoseconds>) {
        self.activities[unit].doing = Doing::Up { probation };
        self.stop_probing(unit);
        self.events.push_back(Event::Ready(unit));
    }

    /// It ended and is not worth trying again; its supervise is told.
    fn fail_longrun(&mut self, unit: UnitIndex, reason: String, status: &Status) {
        let _ = self.service(unit).control(&[supervise::DOWN]);
        self.activities[unit].doing = Doing::Nothing;
        self.activities[unit].pid = None;
        self.stop_probing(unit);
        self.fail(unit, reason, exit_number(status.last_exit));
    }

    pub(super) fn stop_longrun(&mut self, unit: UnitIndex) {
        let service = self.service(unit);
        self.stop_probing(unit);
        self.held.retain(|held| *held != unit);
        self.activities[unit].doing = Doing::Stopping;
        let _ = self.watches.add(&service.supervise(), Interest::Status(unit));
        if service.control(&[supervise::DOWN]).is_err() {
            // Without its supervise it must not come up again with the next one.
            let _ = fs::remove_file(self.config.places.scan.join(self.name(unit)));
        }
        self.look_at(unit);
    }

    pub(super) fn kill_longrun(&mut self, unit: UnitIndex) {
        let _ = self.service(unit).control(&[supervise::DOWN, supervise::KILL]);
        self.kill_leaf(unit);
        self.look_at(unit);
    }

    pub(super) fn abandon_longrun(&mut self, unit: UnitIndex) {
        self.activities[unit].doing = Doing::Nothing;
        self.activities[unit].pid = None;
        self.stop_probing(unit);
        self.held.retain(|held| *held != unit);
        let _ = self.service(unit).control(&[supervise::DOWN, supervise::KILL]);
        self.kill_leaf(unit);
    }

    /// Everything that a longrun has started, unless only its main process is to be reached.
    fn kill_leaf(&self, unit: UnitIndex) {
        let Some(units::Kind::Longrun(longrun)) = self.unit(unit).map(|unit| &unit.kind) else { return };
        if let (Some(root), units::KillMode::Cgroup) = (&self.config.cgroups, longrun.kill_mode) {
            cgroup::kill_all(&root.leaf(self.name(unit)));
        }
    }

    /// Asks whether a unit is ready, if that is being found out.
    pub(super) fn ask_probe(&mut self, unit: UnitIndex) {
        let now = self.now();
        let Some(Doing::Starting(starting)) = self.activities.get_mut(unit).map(|activity| &mut activity.doing) else {
            return;
        };
        let Some(probe) = starting.probe.as_mut().filter(|_| starting.is_executed) else { return };
        self.probing.insert(unit);
        let mut verdict = probe.ask(now);
        if verdict != Verdict::Ready
            && let Some(directory) = probe.directory()
        {
            // What appeared before the watch was there is seen by asking again.
            let _ = self.watches.add(directory, Interest::Readiness(unit));
            verdict = probe.ask(now);
        }
        if let Some(descriptor) = probe.descriptor() {
            let _ = self.epoll.add(descriptor, EpollEvent::new(EpollFlags::EPOLLOUT, unit as u64 * 2 + 1));
        }
        if verdict == Verdict::Ready {
            self.become_up(unit, None);
        }
    }

    pub(super) fn ask_all_probes(&mut self) {
        for unit in self.probing.clone() {
            self.ask_probe(unit);
        }
    }

    pub(super) fn ask_due_probes(&mut self) {
        let now = self.now();
        let is_due = |unit: &UnitIndex| self.probe_time(*unit).is_some_and(|time| time <= now);
        let due: Vec<UnitIndex> = self.probing.iter().copied().filter(is_due).collect();
        due.into_iter().for_each(|unit| self.ask_probe(unit));
    }

    /// When the next probe is due.
    pub(super) fn next_probe(&self) -> Option<Nanoseconds> {
        self.probing.iter().filter_map(|unit| self.probe_time(*unit)).min()
    }

    fn probe_time(&self, unit: UnitIndex) -> Option<Nanoseconds> {
        match &self.activities[unit].doing {
            Doing::Starting(starting) => starting.probe.as_ref().and_then(Probe::next),
            _ => None,
        }
    }

    fn stop_probing(&mut self, unit: UnitIndex) {
        if self.probing.remove(&unit) {
            self.watches.remove(Interest::Readiness(unit));
        }
    }

    /// A getty gets the terminal only once the early one has left it.
    fn must_wait_for_terminal(&mut self, unit: UnitIndex) -> bool {
        if !self.name(unit).starts_with(GETTY) || !self.has_early_getty() {
            return false;
        }
        let early = SupervisedService::new(self.config.places.service(GETTY_EARLY));
        let is_watched = self.watches.add(&early.supervise(), Interest::GettyEarly).is_ok();
        // HUP as well: an interactive shell takes no notice of TERM.
        let is_told = early.control(&[supervise::DOWN, supervise::HANGUP]).is_ok();
        if is_watched && is_told && self.has_early_getty() {
            self.held.push(unit);
            return true;
        }
        false
    }

    fn has_early_getty(&self) -> bool {
        let early = SupervisedService::new(self.config.places.service(GETTY_EARLY));
        early.is_supervised() && early.status().is_some_and(|status| status.pid != 0)
    }

    /// The early getty may be gone: then whoever waited for it begins.
    pub(super) fn release_gettys(&mut self) {
        if !self.has_early_getty() {
            for unit in std::mem::take(&mut self.held) {
                self.bring_up(unit);
            }
        }
    }
}

/// Its command runs, as its supervise wants.
fn runs(status: &Status) -> bool {
    status.phase == Phase::Run && status.pid != 0 && status.want != Want::Down
}

/// Why a longrun that ended will not be tried again.
fn end_for_good(status: &Status, is_new: bool) -> Option<String> {
    let was_not_run =
        is_new && status.phase != Phase::Run && status.last_exit.code().is_some_and(|code| NOT_RUN.contains(&code));
    (was_not_run || status.ended_for_good).then(|| describe(status.last_exit))
}

fn describe(exit: LastExit) -> String {
    match (exit.code(), exit.signal()) {
        (Some(code), _) => format!("exit {code}"),
        (None, Some(signal)) => match nix::sys::signal::Signal::try_from(i32::from(signal)) {
            Ok(signal) => format!("killed by {signal}"),
            Err(_) => format!("killed by signal {signal}"),
        },
        (None, None) => "ended".into(),
    }
}

fn exit_number(exit: LastExit) -> Option<u32> {
    exit.code().map(u32::from).or(exit.signal().map(|signal| 128 + u32::from(signal)))
}
