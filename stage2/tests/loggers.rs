//! What becomes of a unit's logger when the unit says something else about its log.

mod system;

use system::{System, until};

/// A service that says a word whenever it starts.
fn says(word: &str, log: &str) -> String {
    format!("kind: longrun\nrun: 'echo {word}; exec sleep 1000'\nlog: {log}\n")
}

/// A restart has the logger log as the unit says now. Whether there is one is the scanner's affair as long as it has the
/// service: that is told, and no line gets lost.
#[test]
fn changes() {
    let system = System::new(&[("a", &says("one", "{size: 64K}")), ("b", &says("one", "none"))]);
    system.supervise_engine();
    assert_eq!(system.operate(&["start", "a", "b"]).0, Some(0));
    until("a log", || system.read("log/a/current").contains("one"));
    let elsewhere = format!("{{dir: {}, size: 64K}}", system.path("elsewhere").display());
    for (unit, word, log, place, is_told) in [
        ("a", "two", elsewhere.as_str(), "elsewhere/current", false),
        ("a", "three", "none", "elsewhere/current", true),
        ("a", "four", "{size: 64K}", "log/a/current", false),
        ("b", "five", "{size: 64K}", "scanner.log", true),
    ] {
        let told =
            || system.read("run/boot.log").matches(&format!("stage2 {unit}: warning: what \"log\" says")).count();
        let before = told();
        system.add_unit(unit, &says(word, log));
        assert_eq!(system.operate(&["restart", unit]).0, Some(0), "{log}");
        until(&format!("{word} in {place}"), || system.read(place).contains(word));
        assert_eq!(told() > before, is_told, "{log}");
    }
}
