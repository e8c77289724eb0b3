//! Everything the engine starts has the same clean parent, at boot or by hand, and what has no edge runs at once.

use serde_json::Value;
use tests::namespace::{BOOT, COMMAND};
use tests::{Layer, Namespace};

use crate::support;

/// Writes all that a command inherits. Descriptors by number: what they lead to is another pipe every time.
const PROBE: &str = "\
description: Shows what it inherits
kind: oneshot
needs: [local]
start: |
  {
    echo parent $(cat /proc/$PPID/comm) of $(tr '\\0' ' ' </proc/$PPID/cmdline)
    env | sort
    umask
    ulimit -a
    pwd
    ls /proc/$$/fd
    cat /proc/$$/cgroup /proc/$$/oom_score_adj
    grep -E '^(Sig(Pnd|Blk|Ign|Cgt)|Cap|Groups|NoNewPrivs)' /proc/self/status
    cut -d ' ' -f 7 /proc/$$/stat
  } >>/run/probe
";

fn sleeper(name: &str) -> String {
    format!("description: Sleeper {name}\nkind: oneshot\nneeds: [local]\nstart: [/bin/sleep, \"1\"]\n")
}

/// What a one-shot inherits at boot is what it inherits by `sunup start`, whatever the asker's shell looks like.
#[test]
fn a_command_inherits_the_same_at_boot_and_by_hand() {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = Layer::new().unit("probe", PROBE);
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    let at_boot = guest.console.ok("cat /run/probe; rm /run/probe", COMMAND);
    guest.console.ok("sunup stop probe", COMMAND);
    guest.console.ok("umask 077; ulimit -n 77; export STRAY=1; cd /tmp; exec 7</dev/null", COMMAND);
    guest.console.ok("sunup start probe", COMMAND);
    assert_eq!(guest.console.ok("cat /run/probe", COMMAND), at_boot);
    assert!(at_boot.lines().count() > 20, "{at_boot}");
}

/// Two units of a second each, without an edge between them, overlap in the timeline.
#[test]
fn units_without_an_edge_overlap() {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = Layer::new().unit("left", &sleeper("left")).unit("right", &sleeper("right"));
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    let text = guest.console.ok("cat /run/sunup/timeline.jsonl", COMMAND);
    let events: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("an event")).collect();
    let time = |unit: &str, event: &str| {
        let found = events.iter().find(|one| one["unit"] == unit && one["event"] == event);
        found.and_then(|one| one["t_ns"].as_u64()).unwrap_or_else(|| panic!("no {event} of {unit} in {text}"))
    };
    let (begun, ended) =
        (time("left", "exec").max(time("right", "exec")), time("left", "ready").min(time("right", "ready")));
    assert!(begun < ended, "left and right ran one after the other: {text}");
}
