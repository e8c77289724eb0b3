//! Histories of services that end again and again.

use super::action::{Action, Program, Warning};
use super::event::{Event, SECOND};
use super::machine_tests::{History, RUN};
use crate::status::LastExit;

/// A loop is slowed down, and said so from the second rest on; `u` begins at once and forgets it.
#[test]
fn loops_back_off() {
    let mut history = History::new(true);
    history.step(Event::Begin);
    for (pid, rest) in [(5, 1), (6, 2), (7, 4), (8, 8)] {
        history.run(pid);
        let exit = LastExit::Status(1 << 8);
        let said = if rest > 1 { vec![Action::Warn(Warning::Loops(exit, rest))] } else { vec![] };
        assert_eq!(history.end(pid, 1 << 8), said);
        assert_eq!(history.machine.deadline(), Some(history.now + rest * SECOND));
        history.now += rest * SECOND;
        assert_eq!(history.step(Event::Time), [RUN]);
    }
    history.run(9);
    history.end(9, 1 << 8);
    assert_eq!(history.letter(b'u'), [RUN]);
    history.run(10);
    history.end(10, 1 << 8);
    assert_eq!(history.machine.deadline(), Some(history.now + SECOND));
}

/// An end that was asked for is no loop: it is made good at once.
#[test]
fn asked_ends_are_no_loop() {
    let mut history = History::new(true);
    history.step(Event::Begin);
    for pid in 5..9 {
        history.run(pid);
        history.letter(b't');
        assert_eq!(history.end(pid, 15), [RUN]);
    }
    assert_eq!(history.machine.status().deaths, 0);
}

/// One death too many ends the service for good, which is said; `u` gives it another chance with a new tally.
#[test]
fn too_many_deaths() {
    let mut history = History::new(true);
    history.step(Event::Begin);
    history.run(5);
    let exit = LastExit::Status(9);
    let actions = history.step(Event::Ended { pid: 5, exit, is_last: true });
    let finish = Action::Start(Program::Finish { exit, group: 5 });
    assert_eq!(actions, [Action::Warn(Warning::TooManyDeaths(exit)), Action::Wake, finish]);
    assert_eq!(history.step(Event::NoFinish), []);
    assert!(history.machine.status().ended_for_good);
    assert_eq!(history.machine.deadline(), None);
    assert_eq!(history.letter(b'u'), [Action::ClearTally, RUN]);
    history.run(6);
    history.letter(b'd');
    let finish = Action::Start(Program::Finish { exit, group: 6 });
    assert_eq!(history.step(Event::Ended { pid: 6, exit, is_last: true }), [finish], "an asked end is no death");
}
