//! A longrun's service directory: made, linked into the scan directory, told to the scanner.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use supervisor::control::scanner;
use supervisor::paths::run;
use supervisor::paths::service::LOG;
use units::{Kind, Log, Longrun, Program, Unit};

use super::{Doing, MAKES_ROOM_WITHIN, Starting};
use crate::engine::event::{Nanoseconds, UnitIndex};
use crate::executor::activity::LINES_KEPT;
use crate::executor::context::confine;
use crate::executor::{Executor, Interest};
use crate::readiness::Probe;
use crate::service::{Logger, Settings, compile, last_lines, log_directory};
use crate::system::clock::{monotonic, realtime, tai};
use crate::system::command_lookup::beside;
use crate::system::replace::replace_link;

/// The engine's own service, which wants to hear of a unit that ended for good.
const ENGINE: &str = "engine";

impl Executor {
    /// Makes the service directory, watches it, links it, and has its supervise told.
    pub(super) fn install(&mut self, unit: UnitIndex, text: &Unit, longrun: &Longrun) -> Result<(), String> {
        let cgroup = self.leaf(unit, &longrun.context)?;
        let unable = |error: io::Error| format!("unable to make its service directory: {error}");
        self.make_directory(unit, text, longrun, cgroup).map_err(unable)
    }

    fn make_directory(
        &mut self,
        unit: UnitIndex,
        text: &Unit,
        longrun: &Longrun,
        cgroup: Option<PathBuf>,
    ) -> io::Result<()> {
        let name = text.name.as_str();
        let service = self.service(unit);
        let settings = self.settings(text, longrun, cgroup);
        let log = log_directory(&self.config.places.log, name, &longrun.log);
        if settings.logger.is_some() {
            let _ = fs::create_dir_all(log);
        }
        let former_logger = self.put(&service, name, compile(text, longrun, &settings)?)?;
        self.watches.add(&service.supervise(), Interest::Status(unit))?;
        if former_logger.is_some() {
            self.watches.add(&service.logger().supervise(), Interest::Status(unit))?;
            self.disobeyed.insert(unit, monotonic().saturating_add(MAKES_ROOM_WITHIN));
        }
        self.activities[unit].doing = Doing::Starting(Starting {
            before: service.status(),
            former_logger,
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

    fn has_logger(&self, text: &Unit, longrun: &Longrun) -> bool {
        let own = |directory: &PathBuf| directory.join(LOG).is_dir();
        if matches!(&longrun.program, Program::ServiceDirectory(directory) if own(directory)) {
            return false;
        }
        match longrun.log {
            Log::None => false,
            Log::Directory { .. } => true,
            Log::Auto => self.config.places.is_user || self.target.is_after_local(&text.name),
        }
    }

    /// What a longrun has said in a span of time that ends now, where it has a log of its own.
    pub(in crate::executor) fn said_for(&self, unit: UnitIndex, span: Nanoseconds) -> Vec<String> {
        let Some((text, Kind::Longrun(longrun))) = self.unit(unit).map(|text| (text, &text.kind)) else {
            return Vec::new();
        };
        if !self.has_logger(text, longrun) {
            return Vec::new();
        }
        let directory = log_directory(&self.config.places.log, text.name.as_str(), &longrun.log);
        last_lines(&directory, tai(realtime().saturating_sub(span)), LINES_KEPT)
    }

    fn settings(&self, text: &Unit, longrun: &Longrun, cgroup: Option<PathBuf>) -> Settings {
        let has_logger = self.has_logger(text, longrun);
        let logger = || Logger { program: self.logger_program(), directory: self.config.places.log.clone() };
        Settings {
            cgroup,
            logger: has_logger.then(logger),
            confine: confine().into(),
            wakes: Some(self.config.places.service(ENGINE)).filter(|engine| engine.is_dir()),
        }
    }

    /// The one that runs from memory; where stage 1 has not put it there, the one that came with this program.
    fn logger_program(&self) -> String {
        if self.config.places.run.join(run::BIN).join("svlog").exists() {
            return "../../../bin/svlog".into();
        }
        beside("svlog").map_or("svlog".into(), |program| program.display().to_string())
    }

    /// Has the scanner look, ours or s6's: once for everything that was linked. One without a control FIFO looks by itself.
    pub(in crate::executor) fn scan(&self) {
        if let Ok(mut fifo) = self.config.places.scanner() {
            let _ = fifo.write_all(&[scanner::SCAN]);
        }
    }
}
