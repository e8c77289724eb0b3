//! Where everything is: the run directory, the administrator's and the distribution's files, the logs.
//!
//! Names inside are [`supervisor::paths`]'; this only joins them to the directories of this run of the program.

use std::env;
use std::path::{Path, PathBuf};

use supervisor::paths::{self, run};
use units::{Diagnostic, Reading, Settings};

/// The directories of one run of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// RUN.
    pub run: PathBuf,
    /// The scan directory; RUN/scan unless it is somebody else's.
    pub scan: PathBuf,
    /// LIB.
    pub lib: PathBuf,
    /// ETC.
    pub etc: PathBuf,
    /// LOG.
    pub log: PathBuf,
    /// VAR: what is remembered from boot to boot.
    pub var: PathBuf,
}

impl Places {
    /// As the environment says, else as installed.
    pub fn from_environment() -> Self {
        let place = |variable, default: &str| env::var_os(variable).map_or_else(|| default.into(), PathBuf::from);
        let run = place(paths::RUN_VARIABLE, paths::RUN);
        Self {
            scan: run.join(run::SCAN),
            lib: place(paths::LIB_VARIABLE, paths::LIB),
            etc: place(paths::ETC_VARIABLE, paths::ETC),
            log: place(paths::LOG_VARIABLE, paths::LOG),
            var: place(paths::VAR_VARIABLE, paths::VAR),
            run,
        }
    }

    /// Moves the run directory, and the scan directory with it.
    pub fn with_run(mut self, run: &Path) -> Self {
        self.run = run.into();
        self.scan = run.join(run::SCAN);
        self
    }

    /// Directories of units, the winning one first.
    pub fn unit_directories(&self) -> Vec<PathBuf> {
        vec![self.etc.join("units"), self.lib.join("units")]
    }

    /// Directories of bundles, the winning one first.
    pub fn bundle_directories(&self) -> Vec<PathBuf> {
        vec![self.etc.join("bundles"), self.lib.join("bundles")]
    }

    /// ETC/sunup.yaml, and what is wrong with it.
    pub fn settings(&self) -> (Settings, Vec<Diagnostic>) {
        Settings::load(&self.etc.join("sunup.yaml"))
    }

    /// What units are read with.
    pub fn reading(&self) -> Reading {
        self.settings().0.reading()
    }

    /// RUN/service.
    pub fn services(&self) -> PathBuf {
        self.run.join(run::SERVICE)
    }

    /// The service directory of a unit.
    pub fn service(&self, unit: &str) -> PathBuf {
        self.services().join(unit)
    }

    /// How long units took in earlier boots.
    pub fn durations(&self) -> PathBuf {
        self.var.join("durations")
    }

    /// Unit sets that were in force.
    pub fn generations(&self) -> PathBuf {
        self.var.join("generations")
    }

    /// What was parsed of unit files, for the next reading.
    pub fn units_cache(&self) -> PathBuf {
        self.var.join("units.cache")
    }

    /// RUN/state.
    pub fn states(&self) -> PathBuf {
        self.run.join(run::STATE)
    }

    /// RUN/requests.
    pub fn requests(&self) -> PathBuf {
        self.run.join(run::REQUESTS)
    }

    /// What the engine remembers for its own successor, and nobody else reads.
    pub fn engine(&self) -> PathBuf {
        self.run.join("engine")
    }
}
