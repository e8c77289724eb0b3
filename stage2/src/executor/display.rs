//! What a terminal shows below the lines while a boot waits, and the keys that are read there.
//!
//! The display has no clock of its own: while something is awaited it is a deadline of the loop, once a second; while
//! nothing is, it costs nothing. From the start of the first getty on it is gone.

use std::time::Duration;

use nix::sys::epoll::{EpollEvent, EpollFlags};
use supervisor::state::State;

use super::{Executor, TOKEN_KEYBOARD};
use crate::engine::event::{Nanoseconds, UnitIndex};
use crate::record::console::awaited::{Awaited, Display};
use crate::record::console::keyboard::{Key, Keyboard};

const SECOND: Nanoseconds = 1_000_000_000;

/// The display, while there is one.
#[derive(Debug)]
pub(super) struct OpenDisplay {
    keyboard: Option<Keyboard>,
    has_details: bool,
    /// Something is on it: only then do keys count.
    is_shown: bool,
}

impl Executor {
    /// Shows, on a terminal that nobody has taken, what is waited for.
    pub fn begin_display(&mut self) {
        if self.has_early_getty() {
            return;
        }
        let Some(keyboard) = self.console.begin_display() else { return };
        let interest = EpollEvent::new(EpollFlags::EPOLLIN, TOKEN_KEYBOARD);
        let keyboard = keyboard.ok().filter(|keyboard| self.epoll.add(keyboard, interest).is_ok());
        self.display = Some(OpenDisplay { keyboard, has_details: false, is_shown: false });
    }

    /// Leaves the terminal as it was found.
    pub fn end_display(&mut self) {
        if self.display.take().is_some() {
            self.console.end_display();
        }
    }

    /// Brings the display up to date. Answers when it has to be again.
    pub(super) fn refresh_display(&mut self) -> Option<Nanoseconds> {
        let (has_details, has_keys) = self.display.as_ref().map(|it| (it.has_details, it.keyboard.is_some()))?;
        let now = self.now();
        let starting = self.starting();
        let age = starting.first().map(|unit| now.saturating_sub(self.engine.since(*unit)));
        let is_shown = age.is_some_and(|age| age >= SECOND);
        if is_shown {
            let awaited: Vec<Awaited> = starting.iter().map(|unit| self.awaited(*unit, now)).collect();
            let is_waiting = |unit: &UnitIndex| self.engine.state(*unit) == State::Waiting;
            let waiting = (0..self.activities.len()).filter(is_waiting).count();
            if !self.console.show(&Display { awaited: &awaited, waiting, has_details, has_keys }) {
                self.end_display();
                return None;
            }
        } else {
            self.console.hide();
        }
        if let Some(display) = &mut self.display {
            display.is_shown = is_shown;
        }
        age.map(|age| now + SECOND - age % SECOND)
    }

    /// Units that are starting, the one that began first first.
    fn starting(&self) -> Vec<UnitIndex> {
        let is_starting = |unit: &UnitIndex| self.engine.state(*unit) == State::Starting;
        let mut units: Vec<UnitIndex> = (0..self.activities.len()).filter(is_starting).collect();
        units.sort_by_key(|unit| (self.engine.since(*unit), *unit));
        units
    }

    fn awaited(&self, unit: UnitIndex, now: Nanoseconds) -> Awaited {
        let activity = &self.activities[unit];
        Awaited {
            unit: self.name(unit).to_owned(),
            description: self.unit(unit).map(|unit| unit.description.clone()).unwrap_or_default(),
            age: Duration::from_nanos(now.saturating_sub(self.engine.since(unit))),
            limit: self.target.graph.vertex(unit).start_timeout(),
            pid: activity.pid,
            said: activity.lines.back().cloned(),
        }
    }

    /// A key may have been pressed. Where no terminal is left, none ever will be.
    pub(super) fn on_keyboard(&mut self) {
        let Some(display) = &mut self.display else { return };
        let Some(keyboard) = &mut display.keyboard else { return };
        match keyboard.read() {
            Err(_) => display.keyboard = None,
            Ok(Some(Key::Details)) if display.is_shown => display.has_details = !display.has_details,
            Ok(Some(Key::Skip)) if display.is_shown => self.give_up_first(),
            Ok(Some(Key::Rescue)) if display.is_shown => self.rescue("rescue was asked for at the console".to_owned()),
            Ok(_) => {}
        }
    }

    /// The unit that is awaited longest has failed, as if its time were over.
    fn give_up_first(&mut self) {
        if let Some(unit) = self.starting().first().copied() {
            self.abandon(unit);
            self.fail(unit, "given up at the console".into(), None);
        }
    }
}
