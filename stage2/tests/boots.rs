//! What is left of a boot that does not work.

mod system;

use std::fs;

use serde_json::{Value, json};
use system::{System, until, without_times};

const SERVER: &str = "kind: longrun\nrun: [sleep, '1000']\nlog: none\n";

/// An essential unit that fails sends the boot to the rescue bundle: what still waits is not begun.
#[test]
fn an_essential_unit_fails() {
    let system = System::new(&[
        ("root", "kind: oneshot\nessential: true\nstart: 'until test -e ROOT/go; do sleep 0.02; done; exit 1'\n"),
        ("slow", "kind: oneshot\nstart: 'touch ROOT/go; exec sleep 1000'\n"),
        ("later", "kind: oneshot\nafter: [slow]\nstart: 'touch ROOT/later'\n"),
        ("shell", SERVER),
    ]);
    fs::remove_file(system.path("bundles/default/shell")).unwrap();
    system.add_member("rescue", "shell");
    system.supervise_engine();
    // Where the engine cannot note what it is about to do, it does it all the same.
    fs::create_dir(system.path("run/requests/.boot.rescue")).unwrap();
    let answer = system.request("boot", "boot", &["default"]);
    let expected = json!({"v": 1, "exit": 1, "error": "essential unit root failed", "units": {"shell": "up"}});
    assert_eq!(answer, expected);
    assert!(!system.path("later").exists() && system.pid("shell") != 0);
    let console = without_times(&system.read("console"));
    assert!(
        console.contains(&"stage2: error: essential unit root failed: starting rescue instead".to_owned()),
        "{console:?}"
    );
    let states = system.states();
    assert_eq!(
        (states["root"].as_str(), states["slow"].as_str(), states["later"].as_str()),
        ("failed", "down", "down")
    );
    assert_eq!(system.read("run/stop-deadline"), "90000\n");
    let kept = system.read("log/boot.log");
    assert!(kept.contains(" stage2: error: essential unit root failed: starting rescue instead\n"), "{kept}");
    assert!(kept.lines().last().unwrap().contains("[ ok ] shell: "), "{kept}");
}

/// Boots again: the run directory is new, what is remembered stays.
fn boot_again(system: &System) -> Value {
    until("the engine's end", || system.pid("engine") == 0);
    for service in ["server", "other"] {
        system.control(service, "d");
        until("its end", || system.pid(service) == 0);
    }
    for directory in ["state", "requests", "engine"] {
        let _ = fs::remove_dir_all(system.path(&format!("run/{directory}")));
    }
    fs::create_dir(system.path("run/requests")).unwrap();
    system.request("boot", "boot", &["default"])
}

/// The third boot in a row that fails is followed by the unit set that worked last; the fourth begins with it; a set that
/// was changed gets a chance of its own.
#[test]
fn the_set_that_worked_last() {
    let system = System::new(&[("server", SERVER)]);
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &["default"])["exit"], 0);
    let state = || serde_json::from_str::<Value>(&system.read("boot-state")).unwrap();
    assert_eq!(state(), json!({"v": 1, "failed": 0, "good": 1, "bad": null}));
    system.add_unit("server", "kind: longrun\nrun: [/no/such]\n");
    for failed in 1..3 {
        assert_eq!(boot_again(&system)["exit"], 1);
        assert_eq!(state(), json!({"v": 1, "failed": failed, "good": 1, "bad": 2}));
    }
    assert_eq!(boot_again(&system)["exit"], 0);
    let said = |words: &str| system.read("console").contains(words);
    assert!(said("THE THIRD BOOT IN A ROW HAS FAILED: STARTING THE UNIT SET THAT WORKED LAST (GENERATION 1)"));
    assert_ne!(system.pid("server"), 0);
    assert_eq!(boot_again(&system)["exit"], 0);
    assert!(said("THE LAST 3 BOOTS FAILED: BOOTING THE UNIT SET THAT WORKED LAST (GENERATION 1)"));
    assert_ne!(system.pid("server"), 0);
    system.add_unit("server", &format!("description: mended\n{SERVER}"));
    assert_eq!(boot_again(&system)["exit"], 0);
    assert_eq!(state(), json!({"v": 1, "failed": 0, "good": 3, "bad": null}));
}

/// Stage 3 hears how long it is to wait from the engine, which knows the settings.
#[test]
fn the_deadline_of_the_stop() {
    let system = System::new(&[("server", SERVER)]);
    fs::write(system.path("sunup.yaml"), "deadlines: {shutdown: 3m}\n").unwrap();
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &["default"])["exit"], 0);
    assert_eq!(system.read("run/stop-deadline"), "180000\n");
}

/// Who keeps a processor busy while it starts is found out at a boot; at the next there is one such at a time, and whoever
/// waits for something else takes nobody's turn.
#[test]
fn rations_processors() {
    let burn = "kind: oneshot\nstart: |\n  mkdir ROOT/busy || touch ROOT/together\n  i=0\n  while [ $i -lt 200000 ]; do \
        i=$((i+1)); done\n  rmdir ROOT/busy || :\n";
    let wait = "kind: oneshot\nstart: |\n  mkdir -p ROOT/met\n  touch ROOT/met/NAME\n  \
        until test -e ROOT/met/left -a -e ROOT/met/right; do sleep 0.02; done\n";
    let (left, right) = (wait.replace("NAME", "left"), wait.replace("NAME", "right"));
    let system = System::new(&[("one", burn), ("two", burn), ("left", &left), ("right", &right)]);
    fs::write(system.path("sunup.yaml"), "processors: 1\n").unwrap();
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &["default"])["exit"], 0);
    assert!(system.path("together").exists(), "nothing is known of them: both begin at once");
    let learned = || -> Value { serde_json::from_str(&system.read("var/durations")).unwrap() };
    // On a machine that has much else to do it may take another boot to see what they would like to use.
    for _ in 0..20 {
        if learned()["burn"] == json!(["one", "two"]) {
            break;
        }
        assert_eq!(boot_again(&system)["exit"], 0);
    }
    assert_eq!(learned()["burn"], json!(["one", "two"]));
    let _ = fs::remove_file(system.path("together"));
    fs::remove_dir_all(system.path("met")).unwrap();
    assert_eq!(boot_again(&system)["exit"], 0);
    assert!(!system.path("together").exists(), "both kept the processor busy at once");
}

/// Whoever waits for nothing but a processor says so.
#[test]
fn why_a_unit_waits_for_a_processor() {
    let unit = "kind: oneshot\nstart: 'until test -e ROOT/go; do sleep 0.02; done'\n";
    let system = System::new(&[("one", unit), ("two", unit)]);
    fs::write(system.path("sunup.yaml"), "processors: 1\n").unwrap();
    fs::create_dir(system.path("var")).unwrap();
    let known = json!({"v": 1, "ms": {"one": 2000, "two": 1000}, "burn": ["one", "two"]});
    fs::write(system.path("var/durations"), known.to_string()).unwrap();
    system.supervise_engine();
    system.ask("boot", "boot", &["default"]);
    until("the first", || system.state("one")["state"] == "starting");
    let (code, text) = system.operate(&["why", "two"]);
    assert!(text.starts_with("two has been waiting for "), "{text}");
    assert!(text.contains(": processors are busy with the starts of other units\n"), "{text}");
    assert_eq!((code, system.state("two")["state"].as_str()), (Some(1), Some("waiting")));
    fs::write(system.path("go"), "").unwrap();
    assert_eq!(system.answer("boot")["exit"], 0);
}

/// Where nobody can be sent to look at what units need, for want of descriptors, they are looked at all the same.
#[test]
fn looks_without_descriptors() {
    let units: Vec<String> = (0..40).map(|number| format!("u{number:02}")).collect();
    let system = System::new(&[]);
    for unit in &units {
        system.add_unit(unit, &format!("kind: oneshot\nif: {{path: ROOT/absent/{unit}}}\nstart: [\"true\"]\n"));
        system.add_member("default", unit);
    }
    let output = system.stage2_after("ulimit -n 32", "default");
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(said.matches("[skip] u").count(), 40, "{said}");
    assert_eq!(output.status.code(), Some(0), "{said}");
}
