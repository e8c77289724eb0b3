//! /etc/sunup/sunup.yaml: the few global settings.
//!
//! A damaged file costs nothing but itself: what can be read of it holds, everything else is as if it were not written.

use std::path::{Path, PathBuf};
use std::time::Duration;

pub use supervisor::settings::{CgroupLayout, Scanner, SignalPreset};

use crate::check::{START_TIMEOUT, STOP_TIMEOUT, check_settings};
use crate::source::Source;
use crate::{Diagnostic, Reading, Variables};

/// How long all units together may take to stop, where nothing else is said.
const SHUTDOWN: Duration = Duration::from_secs(90);

/// Where Debian's init scripts are.
const INIT_SCRIPTS: &str = "/etc/init.d";

/// What `processors` may be.
pub(crate) const PROCESSORS: (i64, i64) = (1, 65_536);

/// The global settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// `scanner`
    pub scanner: Scanner,
    /// `cgroup`
    pub cgroup: CgroupLayout,
    /// `signals`
    pub signals: SignalPreset,
    /// `deadlines`
    pub deadlines: Deadlines,
    /// `processors`: how many units that keep one busy may be starting at once; `None`: as many as there are.
    pub processors: Option<usize>,
    /// `console`
    pub console: Console,
    /// `init-scripts`; `None`: `none`.
    pub init_scripts: Option<PathBuf>,
    /// `vars`
    pub variables: Variables,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scanner: Scanner::default(),
            cgroup: CgroupLayout::default(),
            signals: SignalPreset::default(),
            deadlines: Deadlines::default(),
            processors: None,
            console: Console::default(),
            init_scripts: Some(INIT_SCRIPTS.into()),
            variables: Variables::default(),
        }
    }
}

impl Settings {
    /// Reads the file, with everything that is wrong with it. One that is not there says nothing.
    pub fn load(file: &Path) -> (Self, Vec<Diagnostic>) {
        match Source::read(file) {
            Ok(source) => check_settings(&source),
            Err(_) if !file.is_symlink() && !file.exists() => (Self::default(), Vec::new()),
            Err(error) => (Self::default(), vec![error]),
        }
    }

    /// Takes a text as if it were the file.
    pub fn from_text(file: &Path, text: &str) -> (Self, Vec<Diagnostic>) {
        match Source::from_bytes(file.into(), text.as_bytes().to_vec()) {
            Ok(source) => check_settings(&source),
            Err(error) => (Self::default(), vec![error]),
        }
    }

    /// What units are read with.
    pub fn reading(&self) -> Reading {
        Reading {
            variables: self.variables.clone(),
            init_scripts: self.init_scripts.clone(),
            start_timeout: self.deadlines.start,
            stop_timeout: self.deadlines.stop,
        }
    }
}

/// `deadlines`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// `start`: `start-timeout` of units that do not say.
    pub start: Duration,
    /// `stop`: `stop-timeout` of units that do not say.
    pub stop: Duration,
    /// `shutdown`: for all units together, when the machine stops.
    pub shutdown: Duration,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { start: START_TIMEOUT, stop: STOP_TIMEOUT, shutdown: SHUTDOWN }
    }
}

/// `console`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Console {
    /// `colour`
    pub colour: Colour,
    /// `live`: what is being waited for is shown on a terminal.
    pub live: bool,
    /// `kmsg`: lines also go to the kernel's log.
    pub kmsg: bool,
}

impl Default for Console {
    fn default() -> Self {
        Self { colour: Colour::default(), live: true, kmsg: false }
    }
}

/// `colour`
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Colour {
    /// On a terminal that has colours.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

impl Colour {
    /// Every choice with its word.
    pub const ALL: [(Self, &'static str); 3] = [(Self::Auto, "auto"), (Self::Always, "always"), (Self::Never, "never")];
}
