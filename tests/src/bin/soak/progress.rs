//! How far the run is, on standard error: as it goes on a terminal, now and then elsewhere.

use std::io::{IsTerminal, Write, stderr};
use std::time::{Duration, Instant};

use crate::scenario::Settings;

/// Between two lines where nobody sees them come.
const QUIET: Duration = Duration::from_secs(20);
/// Between two on a terminal.
const LIVELY: Duration = Duration::from_millis(500);

/// The display.
#[derive(Debug)]
pub struct Progress {
    settings: Settings,
    begin: Instant,
    shown: Instant,
    is_terminal: bool,
}

impl Progress {
    /// Of a run that begins.
    pub fn new(settings: Settings) -> Self {
        let now = Instant::now();
        Self { settings, begin: now, shown: now, is_terminal: stderr().is_terminal() }
    }

    /// So many kills are done.
    pub fn tell(&mut self, kills: usize) {
        if self.shown.elapsed() < if self.is_terminal { LIVELY } else { QUIET } {
            return;
        }
        self.shown = Instant::now();
        let (scenario, whole) = (self.settings.scenario, self.settings.kills);
        let (first, last) = if self.is_terminal { ("\r", "") } else { ("", "\n") };
        let seconds = self.begin.elapsed().as_secs();
        let _ = write!(stderr(), "{first}soak: {scenario}: {kills} of {whole} kills, {seconds} s{last}");
    }

    /// Seconds since the beginning; the terminal's line is free again.
    pub fn end(&self) -> f64 {
        if self.is_terminal {
            let _ = write!(stderr(), "\r\x1b[K");
        }
        self.begin.elapsed().as_secs_f64()
    }
}
