//! One property a test, as a short story.

use super::script::Script;

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
