//! What a verb's terminal shows below the lines while it follows a request: which units are on their way, and since when.
//!
//! Everything comes from the request's progress; nothing here writes, waits or looks at a clock. There are no keys: the
//! engine belongs to all who ask.

use std::collections::BTreeMap;
use std::io::stdout;
use std::os::fd::AsFd;
use std::time::Duration;

use serde_json::Value;
use supervisor::sys::terminal::Size;

use super::awaited::{Awaited, Display};
use super::is_dumb;
use super::live::{Live, display_size};

/// In ns; what ends sooner is not shown.
const SECOND: u64 = 1_000_000_000;

/// How large the terminal on standard output is; `None`: that is none to show a display on.
pub fn standard_output_size() -> Option<Size> {
    display_size(stdout().as_fd()).filter(|_| !is_dumb())
}

/// The line.
#[derive(Debug, Default)]
pub struct Followed {
    live: Live,
    /// Units that are starting or stopping, since when, in ns of CLOCK_MONOTONIC.
    begun: BTreeMap<String, u64>,
}

impl Followed {
    /// On standard output; `None`: that is no terminal to show it on.
    pub fn on_standard_output() -> Option<Self> {
        standard_output_size().map(|_| Self::default())
    }

    /// Takes in an entry of the progress.
    pub fn take_in(&mut self, entry: &Value) {
        let [unit, event] = ["unit", "event"].map(|key| entry.get(key).and_then(Value::as_str));
        let (Some(unit), Some(event)) = (unit, event) else { return };
        match event {
            "exec" | "stop" => {
                let begin = entry.get("t_ns").and_then(Value::as_u64).unwrap_or_default();
                self.begun.insert(unit.to_owned(), begin);
            }
            "ready" | "failed" | "skipped" | "stopped" => drop(self.begun.remove(unit)),
            _ => {}
        }
    }

    /// The bytes that bring the terminal up to date.
    pub fn draw(&mut self, now: u64) -> Vec<u8> {
        match standard_output_size().filter(|_| self.age(now).is_some_and(|age| age >= SECOND)) {
            Some(size) => {
                let awaited = self.awaited(now);
                let display = Display { awaited: &awaited, waiting: 0, has_details: false, has_keys: false };
                self.live.show(&display.text(size), size)
            }
            None => self.live.clear(),
        }
    }

    /// The bytes that take it away, so that a line can be written.
    pub fn clear(&mut self) -> Vec<u8> {
        self.live.clear()
    }

    /// After what time it is to be drawn again.
    pub fn pause(&self, now: u64) -> Option<Duration> {
        self.age(now).map(|age| Duration::from_nanos(SECOND - age % SECOND))
    }

    /// How long the unit that has been on its way for longest has been so.
    fn age(&self, now: u64) -> Option<u64> {
        self.begun.values().min().map(|begin| now.saturating_sub(*begin))
    }

    /// The one that has been on its way for longest first.
    fn awaited(&self, now: u64) -> Vec<Awaited> {
        let mut units: Vec<(&String, u64)> = self.begun.iter().map(|(unit, begin)| (unit, *begin)).collect();
        units.sort_by_key(|(_, begin)| *begin);
        let awaited = |(unit, begin): (&String, u64)| {
            let age = Duration::from_nanos(now.saturating_sub(begin));
            Awaited { unit: unit.clone(), age, ..Awaited::default() }
        };
        units.into_iter().map(awaited).collect()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Who has begun and is not there yet is awaited, the longest first; after each full second it is drawn again.
    #[test]
    fn who_is_awaited() {
        let mut followed = Followed::default();
        for (second, unit, event) in
            [(1, "disk", "exec"), (1, "web", "wait"), (2, "old", "stop"), (3, "quick", "exec"), (3, "quick", "ready")]
        {
            followed.take_in(&json!({"t_ns": second * SECOND, "unit": unit, "event": event}));
        }
        let now = 5 * SECOND + SECOND / 4;
        let awaited = followed.awaited(now);
        let said: Vec<(&str, u64)> = awaited.iter().map(|unit| (unit.unit.as_str(), unit.age.as_secs())).collect();
        assert_eq!(said, [("disk", 4), ("old", 3)]);
        assert_eq!(followed.pause(now), Some(Duration::from_millis(750)));
        followed.take_in(&json!({"unit": "disk", "event": "failed"}));
        followed.take_in(&json!({"unit": "old", "event": "stopped"}));
        assert_eq!((followed.awaited(now), followed.pause(now)), (Vec::new(), None));
    }
}
