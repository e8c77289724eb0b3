//! What takes long, told on a terminal: one line on standard error that goes away.

use std::time::Duration;

use indicatif::ProgressBar;

/// How often the line is written.
const INTERVAL: Duration = Duration::from_millis(400);

/// The line. Dropping it clears it; where standard error is no terminal there is none.
#[derive(Debug)]
pub struct Progress(ProgressBar);

impl Progress {
    /// Begins with these words.
    pub fn begin(what: &'static str) -> Self {
        let bar = ProgressBar::new_spinner().with_message(what);
        // The line is written by a thread, which nobody needs who does not see it.
        if !bar.is_hidden() {
            bar.enable_steady_tick(INTERVAL);
        }
        Self(bar)
    }

    /// Other words from now on.
    pub fn tell(&self, what: &'static str) {
        self.0.set_message(what);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
