//! Where everything is: the run directory, the administrator's and the distribution's files, the logs.
//!
//! Names inside are [`supervisor::paths`]'; this only joins them to the directories of this run of the program.

use std::env;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use nix::libc::O_NONBLOCK;
use nix::unistd::Uid;
use supervisor::paths::{self, run, scan};
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
    /// A person's own services, not the system's.
    pub is_user: bool,
}

/// The directory of units in ETC and LIB.
pub const UNITS: &str = "units";
/// The directory of bundles in ETC and LIB.
pub const BUNDLES: &str = "bundles";
/// The global settings in ETC.
pub const SETTINGS: &str = "sunup.yaml";
/// What is below LIB for user trees.
const USER: &str = "user";

impl Places {
    /// The system's: as the environment says, else as installed.
    pub fn from_environment() -> Self {
        let run = place(paths::RUN_VARIABLE, || paths::RUN.into());
        Self {
            scan: run.join(run::SCAN),
            lib: place(paths::LIB_VARIABLE, || paths::LIB.into()),
            etc: place(paths::ETC_VARIABLE, || paths::ETC.into()),
            log: place(paths::LOG_VARIABLE, || paths::LOG.into()),
            var: place(paths::VAR_VARIABLE, || paths::VAR.into()),
            run,
            is_user: false,
        }
    }

    /// Those of whoever runs this: as the environment says, else below the home directory. The error says why there
    /// are none.
    pub fn of_user() -> Result<Self, String> {
        let absolute = |variable| env::var_os(variable).map(PathBuf::from).filter(|path| path.is_absolute());
        let home = absolute("HOME").ok_or("there is no HOME in the environment")?;
        let config = absolute("XDG_CONFIG_HOME").unwrap_or_else(|| home.join(".config"));
        let state = absolute("XDG_STATE_HOME").unwrap_or_else(|| home.join(".local/state")).join("sunup");
        let runtime = absolute("XDG_RUNTIME_DIR").or_else(|| Some(format!("/run/user/{}", Uid::current()).into()));
        let runtime = runtime.filter(|directory| is_own_directory(directory));
        let run = place(paths::RUN_VARIABLE, || runtime.map_or_else(|| state.join("run"), |own| own.join("sunup")));
        let lib = place(paths::LIB_VARIABLE, || paths::LIB.into());
        Ok(Self {
            scan: run.join(run::SCAN),
            lib: lib.join(USER),
            etc: place(paths::ETC_VARIABLE, || config.join("sunup")),
            log: place(paths::LOG_VARIABLE, || state.join("log")),
            var: place(paths::VAR_VARIABLE, || state),
            run,
            is_user: true,
        })
    }

    /// Moves the run directory, and the scan directory with it.
    pub fn with_run(mut self, run: &Path) -> Self {
        self.run = run.into();
        self.scan = run.join(run::SCAN);
        self
    }

    /// Directories of units, the winning one first. The last is stage 1's: units of this boot alone.
    pub fn unit_directories(&self) -> Vec<PathBuf> {
        vec![self.etc.join(UNITS), self.lib.join(UNITS), self.run.join(run::UNITS)]
    }

    /// Directories of bundles, the winning one first.
    pub fn bundle_directories(&self) -> Vec<PathBuf> {
        vec![self.etc.join(BUNDLES), self.lib.join(BUNDLES)]
    }

    /// ETC/sunup.yaml, and what is wrong with it.
    pub fn settings(&self) -> (Settings, Vec<Diagnostic>) {
        Settings::load(&self.etc.join(SETTINGS))
    }

    /// What units are read with. Init scripts are the machine's.
    pub fn reading(&self) -> Reading {
        let reading = self.settings().0.reading();
        if self.is_user { Reading { init_scripts: None, ..reading } } else { reading }
    }

    /// What the scanner reads its orders from, ours or s6's; an error as well where none does.
    pub fn scanner(&self) -> io::Result<File> {
        let open = |control| OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(self.scan.join(control));
        open(scan::CONTROL).or_else(|_| open(scan::S6_CONTROL))
    }

    /// Where the boot state is: of the system on the root filesystem, because VAR may come later.
    pub fn boot_state(&self) -> &Path {
        if self.is_user { &self.var } else { &self.etc }
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

    /// What became of unit files, for the next reading.
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

fn place(variable: &str, default: impl FnOnce() -> PathBuf) -> PathBuf {
    env::var_os(variable).map_or_else(default, PathBuf::from)
}

/// It is there, and nobody else's.
fn is_own_directory(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == Uid::current().as_raw())
}
