//! Who may keep a processor busy, as short stories. A unit whose name begins with b does so.

use supervisor::state::State;

use super::script::Script;

const MILLISECOND: u64 = 1_000_000;

fn script(text: &str, processors: usize) -> Script {
    let mut script = Script::new(text);
    script.engine = script.engine.with_processors(processors, |name| name.starts_with('b'));
    script
}

/// As many as there are processors, the longest remaining path first; the next one's turn comes with the end of another.
#[test]
fn as_many_as_processors() {
    let mut script = script("b1 work\nb2 work\nb3 work\nb4 work < b3", 2);
    let answer = script.say("start b1 b2 b3 b4");
    assert_eq!(answer, ["bring up b3", "bring up b1", "b4: down → waiting for b3", "b2: down → waiting"]);
    assert_eq!(script.say("ready b3"), ["b3: starting → up", "bring up b2"]);
    assert_eq!(script.say("fail b1"), ["b1: starting → failed: exit 1", "bring up b4"]);
}

/// Who waits for something else, or has nothing to do, takes nobody's turn, and waits for none.
#[test]
fn who_waits_does_not_count() {
    let mut script = script("b1 work\nb2 work\nw1 work\nw2 work\nb3\nb4 work < w1", 1);
    let answer = script.say("start b1 b2 w1 w2 b3");
    assert_eq!(answer, ["bring up w1", "bring up b1", "bring up w2", "bring up b3", "b2: down → waiting"]);
    assert_eq!(script.say("ready w1"), ["w1: starting → up"]);
}

/// Nobody is held up for ever: after 10 s, whoever is at work counts no more.
#[test]
fn turns_come() {
    let mut script = script("b1 work start=none\nb2 work\nb3 work", 1).after(&["start b1 b2 b3"]);
    assert_eq!(script.pass(10)[1..], ["bring up b2"]);
    assert_eq!(script.say("ready b1"), ["b1: starting → up after 10 s"], "it was not waited for any more");
    assert_eq!(script.say("ready b2"), ["b2: starting → up", "bring up b3"]);
}

/// Who waits for a processor is let go of by a stop, and fails with what it needs.
#[test]
fn turns_are_given_up() {
    let mut script = script("b1 work\nb2 work\nc\nb3 work < c", 1).after(&["start b1 b2 b3", "ready c"]);
    assert_eq!(script.states(), "b1 starting, b2 waiting, c up, b3 waiting");
    assert_eq!(script.say("fail c"), ["c: up → failed: exit 1", "b3: waiting → failed: needs c, which failed"]);
    assert_eq!(script.say("stop b2"), ["b2: waiting → down"]);
    assert_eq!(script.say("ready b1"), ["b1: starting → up"]);
    assert!(script.engine.is_settled());
}

/// A start that an engine's successor finds under way counts as well.
#[test]
fn adopted() {
    let mut script = script("b1 work\nb2 work", 1);
    script.engine.adopt(0, State::Starting, 0);
    assert_eq!(script.say("resume b2"), ["b2: down → waiting"]);
    assert_eq!(script.say("ready b1"), ["b1: starting → up", "bring up b2"]);
}

/// What a unit could have had of a processor: all of one while there are enough, its part while there are not.
#[test]
fn shares() {
    use crate::engine::event::Event::{Ready, Start, Tick};
    let mut engine = script("a work\nc work\nd work\ne work\nm", 2).engine;
    engine.step(Start(vec![0, 4]), 0);
    engine.step(Start(vec![1, 2, 3]), 100 * MILLISECOND);
    assert_eq!([0, 1].map(|unit| engine.share_of(unit) / MILLISECOND), [100, 0]);
    engine.step(Ready(0), 200 * MILLISECOND);
    assert_eq!([0, 1].map(|unit| engine.share_of(unit) / MILLISECOND), [150, 50]);
    engine.step(Tick, 230 * MILLISECOND);
    assert_eq!(engine.share_of(1) / MILLISECOND, 70);
}
