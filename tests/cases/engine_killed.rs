//! Whatever kills the engine, its successor reads the files and the processes and goes on.

use std::fs;
use std::time::Duration;

use tests::namespace::COMMAND;
use tests::{Layer, Namespace, programs};

use crate::support;

/// How often the engine is killed during one boot.
const KILLS: usize = 20;
/// One-shots that run one after the other. An engine that lives a quarter of a second ends at most three, so that there
/// is work left for twenty of them.
const COMMANDS: usize = 64;
/// How long that boot may take: twenty restarts a second apart and seven seconds of commands, ten times.
const LONG_BOOT: Duration = Duration::from_secs(300);

/// The engine, which somebody kills up to a quarter of a second after its start, twenty times.
const KILLED: &str = "\
#!/bin/sh
echo x >>/run/kills
if test $(wc -l </run/kills) -le 20; then
    delay=$(printf 0.%03d $(od -An -N1 -tu1 /dev/urandom))
    (sleep $delay; kill -9 $$) >/dev/null 2>&1 </dev/null &
fi
exec /usr/lib/sunup/bin/stage2.real \"$@\"
";

fn command(name: &str, previous: &str) -> String {
    let script = format!("  echo begin {name} >>/run/commands\n  sleep 0.1\n  echo end {name} >>/run/commands\n");
    format!("description: Command {name}\nkind: oneshot\nafter: [{previous}]\nstart: |\n{script}")
}

/// A boot whose engine is killed twenty times has every unit up that needs no interrupted command, and no command has
/// run twice.
#[test]
fn twenty_kills_cost_only_the_interrupted_commands() {
    if !support::can_boot_namespaces() {
        return;
    }
    let real = fs::read(programs::built().join("stage2")).expect("the real engine");
    let mut layer =
        Layer::new().program("/usr/lib/sunup/bin/stage2.real", &real).file("/usr/lib/sunup/bin/stage2", KILLED);
    let names: Vec<_> = (1..=COMMANDS).map(|number| format!("command-{number}")).collect();
    for (number, name) in names.iter().enumerate() {
        let previous = number.checked_sub(1).map_or("root-rw", |number| &names[number]);
        layer = layer.unit(name, &command(name, previous));
    }
    let mut guest = Namespace::boot(&layer);
    let console = &mut guest.console;
    // The last command begins when all kills are over: a kill may cost any line before it, and an engine that dies before
    // it has started a getty leaves the early one, whose session ends when a later engine starts the real one.
    console.expect(&format!("command-{COMMANDS}: "), LONG_BOOT);
    // The prompt has gone by: an empty name brings another.
    console.send("\n");
    support::log_in(console, LONG_BOOT, COMMAND);

    let starts = console.ok("wc -l </run/kills", COMMAND);
    assert!(starts.trim().parse::<usize>().is_ok_and(|starts| starts > KILLS), "the boot took only {starts} engines");
    let status = support::status(console, COMMAND);
    let runs = console.ok("cat /run/commands", COMMAND);
    for name in &names {
        let count = |word: &str| runs.lines().filter(|line| **line == format!("{word} {name}")).count();
        let (begun, ended) = (count("begin"), count("end"));
        assert!(begun <= 1, "{name} ran {begun} times after {KILLS} kills");
        let state = status[name]["state"].as_str().expect("a state");
        let interrupted = status[name]["reason"].as_str().is_some_and(|reason| reason.contains("interrupted"));
        assert!(state == "up" && ended == 1 || state == "failed" && interrupted, "{name}: {}\n{runs}", status[name]);
    }
    for (name, unit) in &status {
        let state = unit["state"].as_str().expect("a state");
        let reason = unit["reason"].as_str().unwrap_or_default();
        // Whom a unit needs or wants is one of those that this loop looks at.
        let excused = ["interrupted", "needs ", "wants "].iter().any(|excuse| reason.contains(excuse));
        assert!(matches!(state, "up" | "skipped" | "down") || excused, "{name}: {unit}; {}", console.tail());
    }
}
