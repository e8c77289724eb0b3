//! What an operator does by mistake: nothing that works is lost to it, and what happened is told.

mod system;

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::Value;
use system::{System, until, without_times};

const SERVER: &str = "kind: longrun\nrun: [sleep, '1000']\nlog: none\n";
const OTHER: &str = "kind: longrun\nrun: [sleep, '2000']\nlog: none\n";
const BROKEN: &str = "kind: longrun\nrnu: [a]\n";

fn booted(units: &[(&str, &str)]) -> System {
    let system = System::new(units);
    system.supervise_engine();
    system.request("boot", "boot", &["default"]);
    system
}

fn mode(system: &System, file: &str) -> u32 {
    fs::metadata(system.path(file)).unwrap().permissions().mode() & 0o777
}

/// A rollback of edits that were never in force drops them, keeps them, and touches no file that is none of a unit set; a
/// second one goes one further back.
#[test]
fn rollback_keeps_what_it_replaces() {
    let system = booted(&[("good", SERVER)]);
    let secret = system.path("units/good.yaml");
    system.add_unit("good", OTHER);
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(system.operate(&["apply", "-q"]).0, Some(0));
    let pid = system.pid("good");
    fs::write(&secret, "garbage").unwrap();
    system.add_unit("mynew", SERVER);
    fs::write(system.path("units/NOTES"), "mine").unwrap();
    fs::write(system.path("sunup.yaml"), "default-bundle: 7\n").unwrap();
    assert_eq!(system.operate(&["apply"]).0, Some(1));
    let plan = "put back  units/good.yaml\nremove    units/mynew.yaml\nremove    sunup.yaml\napply: nothing to do\n";
    assert_eq!(system.operate(&["rollback", "--dry-run"]), (Some(0), plan.into()));
    assert_eq!(system.operate(&["plan", "rollback"]), (Some(0), plan.into()));
    let files =
        r#""files":[{"action":"put back","path":"units/good.yaml"},{"action":"remove","path":"units/mynew.yaml"},"#;
    let (code, object) = system.operate(&["rollback", "--dry-run", "--json"]);
    assert!(code == Some(0) && object.contains(files), "{object}");
    assert!(system.path("units/mynew.yaml").exists());
    let kept = system.path("var/generations/3");
    let told = "back to generation 2\nnothing has changed\n";
    let told = format!("the present files, which have errors, are in {}\n{told}", kept.display());
    assert_eq!(system.operate(&["rollback"]), (Some(0), told));
    assert!(system.read("units/good.yaml").contains("2000") && mode(&system, "units/good.yaml") == 0o600);
    assert!(!system.path("units/mynew.yaml").exists() && !system.path("sunup.yaml").exists());
    assert_eq!((system.read("units/NOTES").as_str(), system.pid("good")), ("mine", pid));
    assert_eq!(mode(&system, "var/generations/2/units.0/good.yaml"), 0o600);
    // The files are those in force: now it is one further back.
    fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
    let (code, plan) = system.operate(&["rollback", "--dry-run"]);
    assert!(code == Some(0) && plan.starts_with("put back  units/good.yaml\napply: 1 step, about "), "{plan}");
    assert!(plan.contains("\n* restart good  "), "{plan}");
    assert_eq!(system.operate(&["rollback", "-q"]).0, Some(0));
    assert!(system.read("units/good.yaml").contains("1000") && system.pid("good") != pid);
    // What was dropped has errors: it is kept, and refused before anything is touched.
    for words in [&["rollback", "3"][..], &["rollback", "3", "--dry-run"], &["plan", "rollback", "3"]] {
        let (code, text) = system.operate(words);
        assert!(code == Some(1) && text.contains("(nothing was changed)") && text.contains("generations/3/"), "{text}");
    }
    assert!(system.read("units/good.yaml").contains("1000") && !system.path("units/mynew.yaml").exists());
    assert_eq!(fs::read_to_string(kept.join("units.0/good.yaml")).unwrap(), "garbage");
    // One without errors comes back by its number.
    let (code, text) = system.operate(&["rollback", "2"]);
    assert!(code == Some(0) && text.contains("back to generation 2"), "{text}");
    assert!(system.read("units/good.yaml").contains("2000"));
    let (code, text) = system.operate(&["rollback", "77"]);
    assert!(code == Some(100) && text.starts_with("sunup: fatal: there is no generation 77 (kept: 1, 2, 3"), "{text}");
}

/// A service whose file is broken keeps running until it is mended.
#[test]
fn restart_of_what_could_not_come_back() {
    let system = booted(&[("base", SERVER), ("web", &format!("{SERVER}needs: [base]\n"))]);
    let pids = || (system.pid("base"), system.pid("web"));
    let before = pids();
    system.add_unit("web", BROKEN);
    system.add_member("other", "web");
    for words in [["restart", "web"], ["reload", "web"], ["switch", "other"]] {
        let (code, text) = system.operate(&words);
        assert!(code == Some(1) && text.contains("/units/web.yaml:"), "{words:?}: {text}");
        assert!(text.starts_with(&format!("sunup: fatal: unable to {}: ", words[0])), "{text}");
        assert_eq!(pids(), before, "{words:?}");
        assert_eq!(system.operate(&["plan", words[0], words[1]]), (code, text), "a plan says what the verb does");
    }
}

/// What is up can be stopped without its file, and the plan says so; to start, there must be one.
#[test]
fn stop_without_a_file() {
    let system = booted(&[("web", SERVER)]);
    fs::remove_file(system.path("units/web.yaml")).unwrap();
    fs::remove_file(system.path("bundles/default/web")).unwrap();
    let unknown = (Some(100), "sunup: fatal: no unit or bundle is named 'web'\n".to_owned());
    assert_eq!(system.operate(&["plan", "restart", "web"]), unknown);
    let not_reloaded = "reload web: nothing to do\n! web: not reloaded, because its file is gone\n";
    assert_eq!(system.operate(&["plan", "reload", "web"]), (Some(1), not_reloaded.into()));
    let refused = "sunup: fatal: web: its file is gone\n";
    assert_eq!(system.operate(&["reload", "web"]), (Some(1), refused.into()));
    assert_eq!(system.operate(&["plan", "stop", "web"]), (Some(0), "stop web: 1 step\n* stop    web\n".into()));
    assert_eq!(system.operate(&["stop", "-q", "web"]).0, Some(0));
    assert_eq!(system.operate(&["plan", "stop", "web"]), unknown);
}

/// That a service had to be killed is no plain stop.
#[test]
fn a_kill_is_told() {
    let stub = "kind: longrun\nrun: |\n  trap '' TERM\n  echo >>ROOT/ready\n  while :; do sleep 0.05; done\n\
        stop-timeout: 300ms\nready: {file: ROOT/ready}\nlog: none\n";
    let system = booted(&[("stub", stub)]);
    let (code, text) = system.operate(&["stop", "stub"]);
    let words = "killed: it did not stop within 300 ms";
    assert_eq!((code, without_times(&text)), (Some(0), vec![format!("[ ok ] stub: {words} (N ms)")]));
    assert_eq!(system.state("stub")["reason"], words);
    let (_, why) = system.operate(&["why", "stub"]);
    assert!(why.starts_with("stub has been down for ") && why.contains(&format!(": {words}\n")), "{why}");
    assert!(system.read("run/boot.log").contains(&format!("[ ok ] stub: {words}")));
    let last: Value = serde_json::from_str(system.lines("run/timeline.jsonl").last().unwrap()).unwrap();
    assert_eq!((&last["event"], &last["reason"]), (&"stopped".into(), &words.into()));
}

/// A link to a unit that is gone is told once, with what helps.
#[test]
fn a_link_without_its_unit() {
    let system = booted(&[("stays", SERVER), ("gone", SERVER)]);
    fs::remove_file(system.path("units/gone.yaml")).unwrap();
    let (code, text) = system.operate(&["apply"]);
    assert_eq!((code, text.matches("have no unit \"gone\"").count()), (Some(1), 1), "{text}");
    assert!(text.ends_with("\n  sunup disable gone removes the link\n"), "{text}");
    assert_ne!(system.pid("gone"), 0);
    assert_eq!(system.operate(&["disable", "gone"]).0, Some(0));
    assert_eq!(system.operate(&["apply", "-q"]), (Some(0), String::new()));
    assert_eq!(system.pid("gone"), 0);
}

/// Where no sunup runs, no verb talks as if one did.
#[test]
fn nobody_is_there() {
    let system = System::new(&[("a", SERVER)]);
    for words in [&["apply"][..], &["rollback"], &["start", "a"], &["status"], &["why", "a"]] {
        let output = system.sunup(words).env("SUNUP_RUN", system.path("nowhere")).output().unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        let words_of_it = format!("{} is not there: sunup does not run here\n", system.path("nowhere").display());
        assert_eq!((output.status.code(), output.stdout.is_empty()), (Some(111), true), "{words:?}: {text}");
        assert!(text.ends_with(&words_of_it), "{words:?}: {text}");
    }
}

/// While only the engine is away, nobody says that there is no sunup, and nothing is left to be done later.
#[test]
fn the_engine_is_away() {
    let system = System::new(&[("a", SERVER)]);
    until("the scanner", || system.operate(&["status"]).0 == Some(0));
    let run = system.path("run").display().to_string();
    let message = format!("sunup: fatal: unable to reach the engine in {run}: No such file or directory\n");
    assert_eq!(system.operate(&["start", "a"]), (Some(111), message));
    assert_eq!(fs::read_dir(system.path("run/requests")).unwrap().count(), 0);
}

/// Members of a bundle that cannot be used are not where they should be, and the reason is shown. What one has said is
/// read as ever.
#[test]
fn members_that_cannot_be_used() {
    let system = booted(&[("good", SERVER)]);
    system.add_unit("later", BROKEN);
    system.add_member("default", "later");
    system.add_member("default", "nothing");
    let (code, text) = system.operate(&["status", "default"]);
    let shown = text.lines().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" "));
    assert_eq!(
        (code, shown.collect::<Vec<_>>()),
        (Some(1), vec!["good up".into(), "later down".into(), "nothing down".into()])
    );
    assert!(text.ends_with(": the unit directories have no unit \"nothing\"\n"), "{text}");
    let (code, text) = system.operate(&["status", "later"]);
    assert!(code == Some(1) && text.contains("unknown key \"rnu\""), "{text}");
    fs::create_dir_all(system.path("run/log")).unwrap();
    fs::write(system.path("run/log/current"), "later: hello\ngood: hello\n").unwrap();
    assert_eq!(system.operate(&["log", "later"]), (Some(0), "later: hello\n".into()));
}

/// What is not there is a mistake in the command, and not the system's.
#[test]
fn usage() {
    let system = booted(&[("a", SERVER)]);
    for (words, message) in [
        (&["rehearse", "nosuch"][..], "no unit or bundle is named 'nosuch'"),
        (&["rehearse", "--units", "/nonexistent"], "/nonexistent is not a directory"),
        (&["rehearse", "--root", "/nonexistent"], "/nonexistent is not a directory"),
        (&["diff"], "no boot is known as '-1'"),
        (&["blame", "nosuch"], "no boot is known as 'nosuch'"),
        (&["stop", "a", "--timeout", "soon"], "a duration"),
    ] {
        let (code, text) = system.operate(words);
        assert!(code == Some(100) && text.starts_with("sunup: fatal: ") && text.contains(message), "{words:?}: {text}");
    }
    assert_eq!(system.operate(&["stop", "-q", "a", "--timeout", "1m30s"]), (Some(0), String::new()));
}

/// A slip of a verb is told from the name of a target; a verb without what it is about says what it takes.
#[test]
fn slips_of_verbs() {
    let system = System::new(&[("web", SERVER), ("strat", SERVER)]);
    let unknown =
        |word: &str, meant: &str| format!("no verb, unit or bundle is named '{word}' (did you mean \"{meant}\"?)");
    for (words, expected) in [
        (&["stpo", "web"][..], unknown("stpo", "stop")),
        (&["Restart", "web", "strat"], unknown("Restart", "restart")),
        (&["rolback"], unknown("rolback", "rollback")),
        (&["web", "stpo"], "no unit or bundle is named 'stpo'".into()),
        (&["wbe"], "no unit or bundle is named 'wbe' (did you mean \"web\"?)".into()),
        (&["start"], "start what? name at least one unit".into()),
        (&["enable"], "enable what? name at least one unit".into()),
        (&["apply", "web"], "apply takes no units: it acts on everything that has changed".into()),
        (&["rollback", "1", "2"], "rollback takes one generation".into()),
    ] {
        let words = [&["plan", "--units", "UNITS"], words].concat();
        let words = words.iter().map(|word| word.replace("UNITS", system.path("units").to_str().unwrap()));
        let words = words.collect::<Vec<_>>();
        let words = words.iter().map(String::as_str).collect::<Vec<_>>();
        assert_eq!(system.operate(&words), (Some(100), format!("sunup: fatal: {expected}\n")), "{words:?}");
    }
    // What is there is no slip.
    let (code, text) = system.operate(&["plan", "strat", "web"]);
    assert!(code == Some(0) && text.starts_with("boot strat web: 2 steps\n"), "{text}");
}
