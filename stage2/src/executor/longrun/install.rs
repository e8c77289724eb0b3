//! A longrun's service directory: made, linked into the scan directory, told to the scanner.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use supervisor::control::scanner;
use supervisor::paths::run;
use supervisor::paths::service::{LOG, RUN};
use units::{Kind, Log, Longrun, Unit};

use super::{Doing, MAKES_ROOM_WITHIN, Starting};
use crate::engine::event::{Nanoseconds, UnitIndex};
use crate::executor::activity::LINES_KEPT;
use crate::executor::context::confine;
use crate::executor::{Executor, Interest};
use crate::readiness::Probe;
use crate::service::{Logger, ServiceDirectory, Settings, compile, last_lines, log_directory};
use crate::system::clock::{monotonic, realtime, tai};
use crate::system::command_lookup::beside;
use crate::system::look::{Question, glance};
use crate::system::replace::replace_link;
use crate::system::scout::Scout;

/// How long a log that is not at hand may take to be read, in ms.
const LOG_WITHIN: u16 = 1000;
/// The engine's own service, which wants to hear of a unit that ended for good.
const ENGINE: &str = "engine";

impl Executor {
    /// Makes the service directory, watches it, links it, and has its supervise told.
    pub(super) fn install(
        &mut self,
        unit: UnitIndex,
        text: &Unit,
        longrun: &Longrun,
        links: ServiceDirectory,
    ) -> Result<(), String> {
        let cgroup = self.leaf(unit, &longrun.context)?;
        let has_own = links.has_inside(LOG);
        let logger = self.log_place(text).filter(|_| !has_own).map(|_| self.logger());
        let settings = Settings {
            cgroup,
            logger,
            confine: confine().into(),
            wakes: Some(self.config.places.service(ENGINE)).filter(|engine| engine.is_dir()),
        };
        let unable = |error: io::Error| format!("unable to make its service directory: {error}");
        self.make_directory(unit, longrun, text.name.as_str(), compile(text, longrun, &settings, links)).map_err(unable)
    }

    fn make_directory(
        &mut self,
        unit: UnitIndex,
        longrun: &Longrun,
        name: &str,
        compiled: ServiceDirectory,
    ) -> io::Result<()> {
        let service = self.service(unit);
        let former_logger = self.put(&service, name, compiled)?;
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

    /// Where a longrun's logger writes, if it gets one from us: it does not where its `servicedir` has one.
    pub(in crate::executor) fn log_place(&self, text: &Unit) -> Option<PathBuf> {
        let Kind::Longrun(longrun) = &text.kind else { return None };
        let has_logger = match longrun.log {
            Log::None => false,
            Log::Directory { .. } => true,
            Log::Auto => self.config.places.is_user || self.target.is_after_local(&text.name),
        };
        has_logger.then(|| log_directory(&self.config.places.log, text.name.as_str(), &longrun.log))
    }

    /// What a longrun has said in a span of time that ends now, where it has a log of its own that can be read at once.
    pub(in crate::executor) fn said_for(&self, unit: UnitIndex, span: Nanoseconds) -> Vec<String> {
        let program = self.service(unit).directory().join(LOG).join(RUN);
        let is_ours = fs::symlink_metadata(program).is_ok_and(|program| program.is_file());
        let Some(directory) = self.unit(unit).and_then(|text| self.log_place(text)).filter(|_| is_ours) else {
            return Vec::new();
        };
        let read = || last_lines(&directory, tai(realtime().saturating_sub(span)), LINES_KEPT);
        match glance(&directory.join("current"), Question::Exists) {
            Some(_) => read(),
            None => Scout::send(read).ok().and_then(|scout| scout.within(LOG_WITHIN)).unwrap_or_default(),
        }
    }

    /// The one that runs from memory; where stage 1 has not put it there, the one that came with this program.
    fn logger(&self) -> Logger {
        let program = match self.config.places.run.join(run::BIN).join("svlog").exists() {
            true => "../../../bin/svlog".into(),
            false => beside("svlog").map_or("svlog".into(), |program| program.display().to_string()),
        };
        Logger { program, directory: self.config.places.log.clone() }
    }

    /// Has the scanner look, ours or s6's: once for everything that was linked. One without a control FIFO looks by itself.
    pub(in crate::executor) fn scan(&self) {
        if let Ok(mut fifo) = self.config.places.scanner() {
            let _ = fifo.write_all(&[scanner::SCAN]);
        }
    }
}
