//! Histories of services whose supervise has died: the successor goes on with what it finds in the record.

use super::action::{Action, Target};
use super::event::{Event, SECOND, Settings};
use super::machine::Machine;
use super::machine_tests::{History, RUN, ended};
use crate::status::LastExit;
use crate::sys::signal::SIGKILL;

/// The same service under a successor, a second later.
fn succeeded(before: History) -> History {
    let mut after = History { machine: Machine::from_status(*before.machine.status()), ..before };
    after.now += SECOND;
    assert_eq!(after.step(Event::Adopted(after.settings)), []);
    after
}

/// A predecessor's process is followed; its unseen end is a death with unknown status.
#[test]
fn adoption() {
    let mut before = History::new(true);
    before.step(Event::Begin);
    before.run(5);
    let mut history = succeeded(before);
    history.now += SECOND;
    history.step(ended(5, LastExit::Unknown));
    assert_eq!(history.step(Event::NoFinish), [RUN]);
    assert_eq!((history.machine.status().last_exit, history.machine.status().deaths), (LastExit::Unknown, 1));
}

/// A stop that the predecessor has begun is no death, and ends with KILL where it would have.
#[test]
fn stop_goes_on() {
    let mut before = History::new(true);
    before.settings.kill_after = 3 * SECOND;
    before.step(Event::Begin);
    before.run(5);
    before.letter(b'd');
    let mut history = succeeded(before);
    history.now += 3 * SECOND;
    assert_eq!(history.machine.deadline(), Some(history.now));
    assert_eq!(history.step(Event::Time), [Action::Signal(SIGKILL, Target::Main)]);
    assert_eq!(history.end(5, 9), []);
    assert_eq!((history.machine.status().deaths, history.machine.deadline()), (0, None));
}

/// TERM alone, or a restart, has no KILL behind it that the record tells of; but the end was asked for.
#[test]
fn terminated() {
    let mut before = History::new(true);
    before.settings.kill_after = 3 * SECOND;
    before.step(Event::Begin);
    before.run(5);
    before.letter(b't');
    let mut history = succeeded(before);
    assert_eq!(history.machine.deadline(), None);
    assert_eq!(history.end(5, 15), [RUN]);
    assert_eq!(history.machine.status().deaths, 0);
}

/// A finish gets no more time than its limit.
#[test]
fn finish_is_bounded() {
    let mut before = History::new(true);
    before.step(Event::Begin);
    before.run(5);
    before.step(ended(5, LastExit::Status(0)));
    before.step(Event::Forked(6, 1, before.settings));
    let mut history = succeeded(before);
    history.now += Settings::DEFAULT.finish_limit;
    assert_eq!(history.machine.deadline(), Some(history.now));
    assert_eq!(history.step(Event::Time), [Action::Signal(SIGKILL, Target::Main)]);
}

/// A service that was ready has to go on giving signs of life.
#[test]
fn silence() {
    let mut before = History::new(true);
    before.settings.watchdog = 5 * SECOND;
    before.step(Event::Begin);
    before.run(5);
    before.step(Event::Ready);
    let history = succeeded(before);
    assert_eq!(history.machine.deadline(), Some(history.now + 5 * SECOND));
}
