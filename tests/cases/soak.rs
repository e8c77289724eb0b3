//! A short run of `make soak`, as part of every test run: 300 kills, the same ones every time.

use std::process::Command;

use tests::{command, programs, require};

/// Nothing is amiss after 300 kills of services, supervises, scanners and loggers.
#[test]
fn short_soak() {
    if !require::root() {
        return;
    }
    let mut soak = Command::new(programs::built().join("soak"));
    soak.args(["--kills", "300", "--services", "30", "--seed", "1"]);
    let (code, text) = command::output(&mut soak);
    assert_eq!(code, Some(0), "{text}");
    assert_eq!(text.matches("nothing is amiss").count(), 3, "{text}");
}
