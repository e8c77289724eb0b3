//! The supervised engine: it takes requests, answers them, and goes down; killed, it goes on.

mod system;

use serde_json::{Value, json};
use system::{System, until, without_times};

const SERVER: &str = "kind: longrun\nrun: [sleep, '1000']\nlog: none\n";

fn is_down(system: &System) -> bool {
    system.pid("engine") == 0
}

/// Boot, status files, stop, start, restart, stop-all: each answered as docs/formats.md says, and the engine goes down.
#[test]
fn serves_requests() {
    let system = System::new(&[
        ("server", &format!("description: a server\n{SERVER}")),
        ("client", &format!("{SERVER}needs: [server]\n")),
        ("setup", "kind: oneshot\nstart: 'echo up >>ROOT/setup'\nstop: 'echo down >>ROOT/setup'\n"),
        ("saved", "kind: oneshot\nstart: 'cat ROOT/setup >ROOT/saved'\n"),
    ]);
    std::fs::remove_file(system.path("bundles/default/saved")).unwrap();
    system.add_member("shutdown", "saved");
    system.supervise_engine();
    let all_up = json!({"server": "up", "client": "up", "setup": "up"});
    let answer = system.request("boot", "boot", &["default"]);
    assert_eq!(answer, json!({"v": 1, "exit": 0, "error": null, "units": all_up}));
    until("the engine's end", || is_down(&system));
    let mut lines = without_times(&system.read("console"));
    lines.sort();
    assert_eq!(lines, ["[ ok ] client: client (N ms)", "[ ok ] server: a server (N ms)", "[ ok ] setup: setup (N ms)"]);
    let progress = system.lines("run/requests/boot.progress");
    let ready: Vec<Value> = progress.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ready = ready.iter().find(|entry| entry["unit"] == "server" && entry["event"] == "ready").unwrap();
    assert!(ready["line"].as_str().unwrap().starts_with("[ ok ] server: a server ("), "{ready}");

    let answer = system.request("00000000000000000001-1", "stop", &["server"]);
    assert_eq!(answer, json!({"v": 1, "exit": 0, "error": null, "units": {"server": "down"}}));
    assert_eq!((system.pid("server"), system.pid("client")), (0, 0));
    assert_eq!(system.state("client")["state"], "down");
    let answer = system.request("00000000000000000002-1", "start", &["client"]);
    assert_eq!(answer["exit"], 0);
    let before = (system.pid("server"), system.pid("client"));
    assert_eq!(system.request("00000000000000000003-1", "restart", &["server"])["exit"], 0);
    let after = (system.pid("server"), system.pid("client"));
    assert!(before.0 != after.0 && before.1 != after.1 && after.0 != 0 && after.1 != 0, "{before:?} {after:?}");

    let answer = system.request("00000000000000000004-1", "start", &["nobody"]);
    assert_eq!((&answer["exit"], &answer["error"]), (&json!(100), &json!("no unit or bundle is named 'nobody'")));
    system.write_request("00000000000000000005-1", "{\"v\":1}");
    let answer = system.answer("00000000000000000005-1");
    assert_eq!(answer["exit"], 100);
    assert!(answer["error"].as_str().unwrap().starts_with("bad request: missing field `verb`"), "{answer}");

    assert_eq!(system.request("stop", "stop-all", &[])["exit"], 0);
    assert_eq!(system.lines("saved"), ["up", "down"]);
    assert_eq!((system.pid("server"), system.pid("client")), (0, 0));
    let answer = system.request("00000000000000000006-1", "start", &["server"]);
    assert_eq!((&answer["exit"], &answer["error"]), (&json!(100), &json!("the system is being stopped")));
    until("the engine's end", || is_down(&system));
}

/// How long each unit took is remembered for the next boot: its own time, not that of the whole boot.
#[test]
fn remembers_what_takes_long() {
    let [instant, slow] =
        ["start: [/bin/true]", "needs: [a]\nstart: [sleep, '0.3']"].map(|keys| format!("kind: oneshot\n{keys}\n"));
    let system = System::new(&[("a", &instant), ("z", &slow)]);
    system.supervise_engine();
    let begin = std::time::Instant::now();
    assert_eq!(system.request("boot", "boot", &[])["exit"], 0);
    let whole_boot = begin.elapsed().as_millis();
    let learned: Value = serde_json::from_str(&system.read("var/durations")).unwrap();
    let [a, z] = ["a", "z"].map(|unit| u128::from(learned["ms"][unit].as_u64().unwrap()));
    assert!(z >= 300 && a + z <= whole_boot, "{learned}, and {whole_boot} ms in all");
}

/// The stop goes before whatever is being done, which is answered.
#[test]
fn the_stop_comes_first() {
    let system = System::new(&[
        ("server", SERVER),
        ("slow", "kind: oneshot\nneeds: [server]\nstart: 'touch ROOT/slow; exec sleep 1000'\n"),
    ]);
    system.supervise_engine();
    system.ask("boot", "boot", &[]);
    until("the slow one", || system.path("slow").exists());
    system.ask("00000000000000000001-1", "start", &["server"]);
    assert_eq!(system.request("stop", "stop-all", &[])["exit"], 0);
    let answer = system.answer("boot");
    assert_eq!((&answer["exit"], &answer["error"]), (&json!(1), &json!("cut short: the system is being stopped")));
    assert_eq!(system.answer("00000000000000000001-1")["exit"], 100);
    assert_eq!(system.pid("server"), 0);
    let states = system.states();
    assert_eq!((states["server"].as_str(), states["slow"].as_str()), ("down", "down"));
}

/// A one-shot has the same parent's name, environment, umask, limits, session and descriptors at boot and later.
#[test]
fn one_shots_have_one_world() {
    let world = "kind: oneshot\nstart: |\n  env | grep -v '^_=' | sort\n  umask\n  ulimit -a\n  pwd\n  cat /proc/$PPID/comm\n  \
        cut -d' ' -f7 /proc/$$/stat\n  readlink /proc/$$/fd/0\n  ls /proc/$$/fd\n  grep -E 'Sig(Blk|Ign)' /proc/self/status\n";
    let system = System::new(&[("world", &format!("{world}stop: [/bin/true]\n"))]);
    let text = system.read("units/world.yaml").replace("start: |\n", "start: |\n  exec >ROOT/world 2>&1\n");
    system.add_unit("world", &text);
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &[])["exit"], 0);
    let at_boot = system.read("world");
    assert!(at_boot.contains("\n0022\n") && at_boot.contains("\n/dev/null\n"), "{at_boot}");
    assert_eq!(system.request("00000000000000000001-1", "restart", &["world"])["exit"], 0);
    assert_eq!(system.read("world"), at_boot);
}

/// Killed at any moment, the engine goes on: every unit is up that needs no interrupted command, and no command has
/// run twice.
#[test]
fn survives_kills() {
    let command = |name: &str, needs: &str| {
        format!(
            "kind: oneshot\nneeds: [{needs}]\nstart: |\n  echo >>ROOT/began-{name}\n  sleep 0.02\n  echo >>ROOT/ended-{name}\n"
        )
    };
    let mut units: Vec<(String, String)> = Vec::new();
    for chain in ["a", "b", "c"] {
        let mut needs = String::new();
        for number in 0..12 {
            let name = format!("{chain}{number}");
            let text = match number % 4 {
                3 => format!("{SERVER}needs: [{needs}]\n"),
                2 => format!("kind: milestone\nneeds: [{needs}]\n"),
                _ => command(&name, &needs),
            };
            units.push((name.clone(), text));
            needs = name;
        }
    }
    // The boot is not over before the first kill.
    let gate = command("gate", "").replace("sleep 0.02", "until test -e ROOT/go; do sleep 0.02; done");
    units.push(("gate".into(), gate));
    let units: Vec<(&str, &str)> = units.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let system = System::new(&units);
    system.supervise_engine();
    system.ask("boot", "boot", &[]);
    let mut moment = 0;
    for kill in 0..20 {
        until("the engine", || !is_down(&system) || system.path("run/requests/boot.done").exists());
        // Not a wait for anything: moments spread over what the engine does after it has begun.
        moment = (moment * 7 + 11) % 45;
        std::thread::sleep(std::time::Duration::from_millis(moment));
        let pid = system.pid("engine");
        if pid == 0 || system.path("run/requests/boot.done").exists() {
            assert!(kill > 0, "the boot was over before the first kill");
            break;
        }
        let _ =
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid.cast_signed()), nix::sys::signal::Signal::SIGKILL);
        until("the engine's death", || system.pid("engine") != pid);
        std::fs::write(system.path("go"), "").unwrap();
        // Its supervise would rest before it starts so short-lived a service again.
        system.control("engine", "u");
    }
    system.control("engine", "u");
    system.answer("boot");
    until("the engine's end", || is_down(&system));
    let states = system.states();
    for (name, text) in &units {
        let lines = |what: &str| system.lines(&format!("{what}-{name}")).len();
        assert!(lines("began") <= 1, "{name} ran {} times", lines("began"));
        let state = system.state(name);
        let reason = state["reason"].as_str().unwrap_or_default();
        match states[*name].as_str() {
            "up" if text.contains("oneshot") => assert_eq!(lines("ended"), 1, "{name} is up"),
            "up" => {}
            // Perhaps before its shell got as far as to say that it began.
            "failed" if reason == "interrupted" => {}
            "failed" if reason.starts_with("needs ") => {}
            other => panic!("{name} is {other}: {state}"),
        }
    }
    let interrupted = units.iter().filter(|(name, _)| system.state(name)["reason"] == "interrupted").count();
    let failed = states.values().filter(|state| *state == "failed").count();
    assert!(interrupted > 0 || failed == 0, "units failed without an interrupted command: {states:?}");
}
