//! One property a test, as a short story.

use supervisor::state::State;

use super::script::Script;
use crate::engine::event::Event;

/// A unit is begun once what it needs is up, and not before.
#[test]
fn begins_in_order() {
    let mut script = Script::new("a\nb < a");
    assert_eq!(script.say("start b"), ["bring up a", "b: down → waiting for a"]);
    assert_eq!(script.say("run a"), ["a: starting → starting"]);
    assert_eq!(script.say("ready a"), ["a: starting → up", "bring up b"]);
    assert!(!script.engine.is_settled());
    assert_eq!(script.say("ready b"), ["b: starting → up"]);
    assert!(script.engine.is_settled());
}

/// What nothing is in the way of begins at once, and the longest remaining path first.
#[test]
fn longest_path_first() {
    let mut script = Script::new("a\nb\nc\nd < b");
    let milliseconds = [("a".to_owned(), 5), ("d".to_owned(), 90)].into();
    script.engine = script.engine.with_durations(&milliseconds);
    let answer = script.say("start a c d");
    assert_eq!(answer, ["bring up b", "bring up a", "bring up c", "d: down → waiting for b"]);
}

/// A failed unit costs what needs it, all the way, and what only wants it or comes after it goes on.
#[test]
fn failure_costs_those_that_need_it() {
    let mut script = Script::new("a\nb < a\nc < b\nd ~ a\ne > a");
    script.say("start a b c d e");
    let answer = script.say("fail a exit 3");
    let expected = [
        "a: starting → failed: exit 3",
        "b: waiting → failed: needs a, which failed",
        "c: waiting → failed: needs b, which failed",
        "bring up d",
        "bring up e",
    ];
    assert_eq!(answer, expected);
}

/// Skipped is not failed: what needs a skipped unit is begun.
#[test]
fn skipped_counts_as_up() {
    let mut script = Script::new("a\nb < a").after(&["start b"]);
    assert_eq!(script.say("skip a /dev/kvm is absent"), ["a: starting → skipped: /dev/kvm is absent", "bring up b"]);
}

/// Order counts between units that take part, and brings nothing in.
#[test]
fn order_brings_nothing_in() {
    let mut script = Script::new("a\nb > a\nc ^ b");
    assert_eq!(script.say("start b"), ["bring up b"]);
    let mut script = Script::new("a\nb > a\nc ^ b");
    let answer = script.say("start a b c");
    assert_eq!(answer, ["bring up a", "bring up c", "b: down → waiting for a c"]);
}

/// After 10 s the operator hears of a unit that is not ready; at its deadline it is given up.
#[test]
fn start_deadline() {
    let mut script = Script::new("a start=15\nb ~ a").after(&["start b"]);
    assert_eq!(script.engine.next_deadline(), Some(10_000_000_000));
    assert_eq!(script.pass(9), [""; 0]);
    assert_eq!(script.pass(1), ["a: starting → starting after 10 s: not ready after 10 s"]);
    let answer = script.pass(5);
    assert_eq!(answer, ["a: starting → failed after 15 s: not ready after 15 s", "abandon a", "bring up b"]);
    assert_eq!(script.say("ready a"), [""; 0]);
}

/// The deadline counts from when the command runs.
#[test]
fn deadline_counts_from_exec() {
    let mut script = Script::new("a start=5").after(&["start a"]);
    script.pass(4);
    script.say("run a");
    assert_eq!(script.pass(4), [""; 0]);
    assert_eq!(script.pass(1), ["a: starting → failed after 9 s: not ready after 5 s", "abandon a"]);
}

/// `start-timeout: none` is told of once, and never given up.
#[test]
fn no_deadline() {
    let mut script = Script::new("fsck start=none").after(&["start fsck"]);
    assert_eq!(script.pass(10), ["fsck: starting → starting after 10 s: not ready after 10 s"]);
    assert_eq!(script.engine.next_deadline(), None);
    assert_eq!(script.pass(100_000), [""; 0]);
}

/// A stop takes down first what needs the unit; what wants it stays.
#[test]
fn stop_takes_dependents_first() {
    let mut script = Script::new("a\nb < a\nc ~ a").after(&["start b c", "ready a", "ready b", "ready c"]);
    assert_eq!(script.say("stop a"), ["b: up → stopping", "take down b"]);
    assert_eq!(script.say("down b"), ["b: stopping → down", "a: up → stopping", "take down a"]);
    script.say("down a");
    assert_eq!(script.states(), "a down, b down, c up");
}

/// What does not stop in time is killed; what even then does not is failed, and holds up nobody.
#[test]
fn stop_deadline() {
    let mut script = Script::new("a\nb < a stop=1").after(&["start b", "ready a", "ready b", "stop a"]);
    assert_eq!(script.pass(1), ["kill b"]);
    assert_eq!(script.pass(1), [""; 0]);
    let answer = script.pass(1);
    assert_eq!(answer, ["b: stopping → failed after 3 s: does not stop", "a: up → stopping after 3 s", "take down a"]);
    script.say("down a");
    assert_eq!(script.say("start b"), ["b: waiting → failed: does not stop", "bring up a"]);
    assert_eq!(script.say("down b"), ["b: failed → down"]);
    script.say("ready a");
    assert_eq!(script.say("start b"), ["bring up b"]);
}

/// Everything goes down in reverse order; what waited is never begun, what was starting is stopped.
#[test]
fn stop_all_pre_empts() {
    let mut script = Script::new("a\nb ~ a\nc < b\nd > b").after(&["start a b c d", "ready a"]);
    let answer = script.say("stop-all");
    let expected = ["c: waiting → down", "d: waiting → down", "b: starting → stopping", "take down b"];
    assert_eq!(answer, expected);
    assert_eq!(script.say("ready b"), [""; 0]);
    assert_eq!(script.say("down b"), ["b: stopping → down", "a: up → stopping", "take down a"]);
    script.say("down a");
    assert!(script.engine.is_settled());
}

/// The order of a stop runs through units that were skipped.
#[test]
fn stop_order_runs_through_skipped_units() {
    let mut script = Script::new("local\nkeys < local\nsshd < keys");
    script = script.after(&["start sshd", "ready local", "skip keys", "ready sshd"]);
    assert_eq!(script.say("stop-all"), ["sshd: up → stopping", "take down sshd"]);
    assert_eq!(script.say("down sshd"), ["sshd: stopping → down", "local: up → stopping", "take down local"]);
    script.say("down local");
    assert_eq!(script.states(), "local down, keys skipped, sshd down");
}

/// A restart brings back everything that it took down, and only that.
#[test]
fn restart() {
    let mut script = Script::new("a\nb < a\nc < a").after(&["start b", "ready a", "ready b"]);
    let (a, b) = (script.unit("a"), script.unit("b"));
    assert_eq!(script.engine.affected(&[a]), [a, b]);
    script.say("restart a");
    assert_eq!(
        script.say("down b"),
        ["b: stopping → down", "a: up → stopping", "take down a", "b: down → waiting for a"]
    );
    assert_eq!(script.say("down a"), ["a: stopping → down", "bring up a"]);
    assert_eq!(script.say("ready a"), ["a: starting → up", "bring up b"]);
    script.say("ready b");
    assert_eq!(script.states(), "a up, b up, c down");
}

/// A start during a stop waits for its end: nothing is begun twice.
#[test]
fn start_while_stopping() {
    let mut script = Script::new("a").after(&["start a", "ready a", "stop a"]);
    assert_eq!(script.say("start a"), [""; 0]);
    assert_eq!(script.say("start a"), [""; 0]);
    assert_eq!(script.say("down a"), ["a: stopping → down", "bring up a"]);
}

/// The last request wins: a stop after a start that waits for a stop.
#[test]
fn stop_after_start_while_stopping() {
    let mut script = Script::new("a").after(&["start a", "ready a", "stop a", "start a", "stop a"]);
    assert_eq!(script.say("down a"), ["a: stopping → down"]);
    assert!(script.engine.is_settled());
}

/// A unit that ends for good takes down what needs it, which fails for that reason.
#[test]
fn end_for_good() {
    let mut script = Script::new("a\nb < a\nc < b\nd ~ a");
    script = script.after(&["start c d", "ready a", "ready b", "ready c", "ready d"]);
    let answer = script.say("fail a killed by signal 9");
    assert_eq!(
        answer,
        [
            "a: up → failed: killed by signal 9",
            "c: up → stopping",
            "d: up → degraded: wants a, which failed",
            "take down c"
        ]
    );
    let answer = script.say("down c");
    assert_eq!(answer, ["c: stopping → failed: needs b, which failed", "b: up → stopping", "take down b"]);
    assert_eq!(script.say("down b"), ["b: stopping → failed: needs a, which failed"]);
    assert_eq!(script.states(), "a failed, b failed, c failed, d degraded");
}

/// A unit that is to stop anyhow is down in the end, not failed, whatever becomes of what it needs.
#[test]
fn failure_during_a_stop() {
    let mut script = Script::new("a\nb < a\nc < b").after(&["start c", "ready a", "ready b", "ready c", "stop b"]);
    assert_eq!(script.say("fail a"), ["a: up → failed: exit 1"]);
    script = script.after(&["down c", "down b"]);
    assert_eq!(script.states(), "a failed, b down, c down");
}

/// A restart does not bring back what was being stopped before.
#[test]
fn restart_during_a_stop() {
    let mut script = Script::new("a\nb < a\nc < b").after(&["start c", "ready a", "ready b", "ready c", "stop b"]);
    script = script.after(&["restart a", "down c", "down b", "down a", "ready a"]);
    assert_eq!(script.states(), "a up, b down, c down");
    assert!(script.engine.is_settled());
}

/// A restart does not bring back what failed before, even if an earlier one did.
#[test]
fn restart_after_a_failure() {
    let mut script = Script::new("a\nb < a").after(&["start b", "ready a", "ready b"]);
    script = script.after(&["restart b", "down b", "ready b", "fail b", "restart a", "down a", "ready a"]);
    assert_eq!(script.states(), "a up, b failed");
}

/// What does not stop is not begun again by its restart.
#[test]
fn restart_that_does_not_stop() {
    let mut script = Script::new("a stop=5").after(&["start a", "ready a", "restart a"]);
    assert_eq!(script.pass(5), ["kill a"]);
    assert_eq!(script.pass(5), ["a: stopping → failed after 10 s: does not stop"]);
    assert!(script.engine.is_settled());
}

/// A doom that did not come to pass is forgotten.
#[test]
fn doom_of_a_skipped_unit() {
    let mut script = Script::new("a\nb < a\nc < a > b").after(&["start c", "ready a", "ready c", "start b"]);
    assert_eq!(script.say("fail a")[1..], ["c: up → stopping", "take down c"]);
    script = script.after(&["skip b", "down c"]);
    assert_eq!(script.states(), "a failed, b skipped, c failed");
    script = script.after(&["start b", "ready a", "ready b", "stop b", "down b"]);
    assert_eq!(script.states(), "a up, b down, c failed");
}

/// What is up is not begun again, and nothing is brought in through it.
#[test]
fn start_of_what_is_up() {
    let mut script = Script::new("a\nb ~ a").after(&["start b", "ready a", "ready b", "stop a", "down a"]);
    assert_eq!(script.say("start b"), [""; 0]);
    assert_eq!(script.states(), "a down, b up");
}

/// A start tries again what has failed; a resumption does not.
#[test]
fn retry() {
    let mut script = Script::new("a\nb < a").after(&["start b", "fail a"]);
    assert_eq!(script.say("resume a b"), [""; 0]);
    assert_eq!(script.say("start b"), ["bring up a", "b: failed → waiting for a"]);
}

/// After the engine's death its successor awaits what was under way, and goes on with the rest.
#[test]
fn adoption() {
    let mut script = Script::new("a\nb\nc < a b\nd < c\ne < f\nf");
    for (name, state) in [("a", State::Up), ("b", State::Starting), ("f", State::Failed)] {
        let unit = script.unit(name);
        script.engine.adopt(unit, state, 0);
    }
    let expected = ["e: waiting → failed: needs f, which failed", "d: down → waiting for c", "c: down → waiting for b"];
    assert_eq!(script.say("resume d e"), expected);
    assert_eq!(script.say("ready b"), ["b: starting → up", "bring up c"]);
}

/// A unit that needs what does not exist, or what has errors, fails with that reason, and nothing else does.
#[test]
fn broken_units() {
    let mut script = Script::new("a < nosuch\nb ~ nosuch\nc");
    assert_eq!(
        script.say("start a b c"),
        ["a: waiting → failed: needs nosuch, which does not exist", "bring up b", "bring up c"]
    );
}

/// Numbers that no unit has change nothing.
#[test]
fn unknown_units() {
    let mut script = Script::new("a");
    for event in [Event::Start(vec![7]), Event::Stop(vec![7]), Event::Ready(7), Event::Down(7)] {
        assert_eq!(script.engine.step(event, 0), []);
    }
}

/// Starting a unit stops what it conflicts with, whichever of the two says so, and begins once that is down.
#[test]
fn conflicting_units_take_turns() {
    let mut script = Script::new("a\nb ! a\nc < a").after(&["start c", "ready a", "ready c"]);
    assert_eq!(
        script.say("start b"),
        ["c: up → stopping", "take down c", "b: down → waiting"],
        "what needs it goes first"
    );
    assert_eq!(script.say("down c"), ["c: stopping → down", "a: up → stopping", "take down a"]);
    assert_eq!(script.say("down a"), ["a: stopping → down", "bring up b"]);
    script.say("ready b");
    assert_eq!(script.say("start a"), ["b: up → stopping", "take down b", "a: down → waiting"]);
    script.say("down b");
    script.say("ready a");
    assert_eq!(script.states(), "a up, b down, c down");
}

/// Of two conflicting units that one start asks for, one is refused and the other comes up.
#[test]
fn conflicting_units_in_one_start() {
    let mut script = Script::new("a\nb ! a");
    let answer = script.say("start a b");
    assert_eq!(answer, ["a: waiting → failed: conflicts with b, which is starting", "bring up b"]);
}

/// What conflicts with a unit that cannot be stopped is not begun beside it.
#[test]
fn conflicting_unit_lingers() {
    let mut script = Script::new("a stop=1\nb ! a").after(&["start a", "ready a", "start b"]);
    script.pass(1);
    let answer = script.pass(2);
    assert_eq!(
        answer,
        [
            "a: stopping → failed after 3 s: does not stop",
            "b: waiting → failed after 3 s: conflicts with a, which does not stop"
        ]
    );
}

/// Up and degraded as long as something wanted has failed, and up again with it.
#[test]
fn degraded() {
    let mut script = Script::new("a\nb ~ a");
    script.say("start b");
    assert_eq!(script.say("fail a exit 3"), ["a: starting → failed: exit 3", "bring up b"]);
    assert_eq!(script.say("ready b"), ["b: starting → degraded: wants a, which failed"]);
    assert_eq!(script.say("start a"), ["b: degraded → up", "bring up a"]);
    assert_eq!(script.say("ready a"), ["a: starting → up"]);
    let answer = script.say("fail a exit 1");
    assert_eq!(answer, ["a: up → failed: exit 1", "b: up → degraded: wants a, which failed"]);
    assert_eq!(script.states(), "a failed, b degraded");
}
