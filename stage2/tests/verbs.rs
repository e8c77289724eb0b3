//! The operator's verbs, against a supervised engine and real services.

mod system;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use serde_json::{Value, json};
use system::{System, until, without_times};

const SERVER: &str = "kind: longrun\nrun: [sleep, '1000']\nlog: none\n";

fn booted(units: &[(&str, &str)]) -> System {
    let system = System::new(units);
    system.supervise_engine();
    system.request("boot", "boot", &["default"]);
    system
}

/// What a verb shows, waits for and answers is as its options say.
#[test]
fn options() {
    let system = booted(&[("a", SERVER), ("b", &format!("{SERVER}needs: [a]\n"))]);
    let (code, text) = system.operate(&["stop", "a"]);
    assert_eq!(
        (code, without_times(&text)),
        (Some(0), vec!["[ ok ] b: stopped (N ms)".into(), "[ ok ] a: stopped (N ms)".into()])
    );
    assert_eq!(system.operate(&["start", "--quiet", "a"]), (Some(0), String::new()));
    let (code, text) = system.operate(&["start", "--json", "b"]);
    let expected = "{\"v\":1,\"exit\":0,\"error\":null,\"units\":{\"b\":\"up\"}}\n";
    assert_eq!((code, text.as_str()), (Some(0), expected));
    let (code, text) = system.operate(&["stop", "--dry-run", "a"]);
    assert!(code == Some(0) && text.contains("stop") && text.contains('b'), "{text}");
    assert_ne!((system.pid("a"), system.pid("b")), (0, 0));
    assert_eq!(system.operate(&["restart", "--no-wait", "b"]), (Some(0), String::new()));
    let refused = "sunup: fatal: no unit or bundle is named 'nobody'\n";
    let (code, text) = system.operate(&["start", "a", "nobody"]);
    // It may have had to wait for the restart.
    assert!(code == Some(100) && text.ends_with(refused), "{text}");
    assert_eq!(system.operate(&["start", "--timeout", "soon", "a"]).0, Some(100));
}

/// A quiet verb tells what failed, and nothing else.
#[test]
fn quiet() {
    let system = booted(&[("good", SERVER), ("bad", "kind: oneshot\nstart: 'echo no space; exit 3'\n")]);
    system.operate(&["stop", "good"]);
    let output = system.sunup(&["start", "--quiet", "good", "bad"]).output().unwrap();
    let error = without_times(&String::from_utf8(output.stderr).unwrap());
    assert_eq!((output.status.code(), output.stdout), (Some(1), Vec::new()));
    assert_eq!(error, ["[fail] bad: exit 3 (N ms)", "       | no space"]);
}

/// Two operators are served one after the other, and the second hears whom it waits for; one that does not want to wait
/// goes, and what it asked for is done all the same.
#[test]
fn operators_take_turns() {
    let slow = "kind: oneshot\nstart: 'touch ROOT/began; until test -e ROOT/go; do sleep 0.05; done'\n";
    let system = System::new(&[("slow", slow), ("b", SERVER)]);
    system.supervise_engine();
    let mut first = system.sunup(&["start", "slow"]).stdout(Stdio::null()).spawn().unwrap();
    until("the slow start", || system.path("began").exists());
    let mut second = system.sunup(&["start", "b"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(second.stderr.take().unwrap()).read_line(&mut line).unwrap();
    let uid = nix::unistd::Uid::current();
    assert!(line.starts_with("sunup: waiting for request "), "{line}");
    assert!(line.ends_with(&format!(" of uid {uid}: start slow\n")), "{line}");
    let (code, text) = system.operate(&["stop", "--timeout", "50ms", "--quiet", "b"]);
    assert_eq!(code, Some(1));
    assert!(text.ends_with("sunup: fatal: not done after 0.05 s; the engine goes on\n"), "{text}");
    fs::write(system.path("go"), "").unwrap();
    assert_eq!((first.wait().unwrap().code(), second.wait().unwrap().code()), (Some(0), Some(0)));
    until("the last request", || system.state("b")["state"] == "down");
}

/// A reload reaches the process without a new one; what cannot reload says why.
#[test]
fn reload_and_kill() {
    let listens = "kind: longrun\nrun: |\n  trap 'echo hup >>ROOT/heard' HUP\n  trap 'echo usr1 >>ROOT/heard' USR1\n  trap 'echo rt >>ROOT/heard' 37\n  \
        echo >>ROOT/ready\n  while :; do sleep 0.05; done\nkill-mode: main\nlog: none\n";
    let system = booted(&[
        ("listens", listens),
        ("rules", "kind: oneshot\nstart: [/bin/true]\nreload: 'echo again >>ROOT/rules'\n"),
        ("stubborn", "kind: oneshot\nstart: [/bin/true]\nreload: 'echo no; exit 7'\n"),
        ("plain", "kind: oneshot\nstart: [/bin/true]\n"),
        ("grumpy", "kind: longrun\nrun: [sleep, '1000']\nreload: 'pwd; test -e ROOT/mended'\nlog: none\n"),
    ]);
    until("the traps", || system.path("ready").exists());
    let pid = system.pid("listens");
    let told = format!("listens: was told to reload, and does not say whether it has; it is up as before, pid {pid}\n");
    assert_eq!(system.operate(&["reload", "listens", "rules"]), (Some(0), told));
    until("the signal", || system.lines("heard") == ["hup"]);
    assert_eq!(system.lines("rules"), ["again"]);
    assert_eq!(system.operate(&["kill", "--signal", "USR1", "listens"]), (Some(0), String::new()));
    until("the other signal", || system.lines("heard") == ["hup", "usr1"]);
    assert_eq!(system.pid("listens"), pid);
    let (code, text) = system.operate(&["reload", "stubborn", "plain"]);
    let expected = "sunup: fatal: plain: it has no \"reload\"\nstubborn: exit 7\n       | no\n";
    assert_eq!((code, text.as_str()), (Some(1), expected));
    assert_eq!(system.state("stubborn")["state"], "up");
    let (pid, directory) = (system.pid("grumpy"), system.path("run/service/grumpy"));
    let expected = format!("sunup: fatal: grumpy: exit 1\n       | {}\n", directory.display());
    assert_eq!(system.operate(&["reload", "grumpy"]), (Some(1), expected));
    fs::write(system.path("mended"), "").unwrap();
    assert_eq!(system.operate(&["reload", "grumpy"]), (Some(0), String::new()));
    assert_eq!(system.pid("grumpy"), pid);
    let refused = "sunup: fatal: no signal is named 'nonsense'\n";
    for words in [&["kill", "-s", "nonsense", "listens"][..], &["plan", "kill", "-s", "nonsense", "listens"]] {
        assert_eq!(system.operate(words), (Some(100), refused.into()));
    }
    let plan = "kill listens with USR1: 1 step\n* kill    listens\n";
    for words in [&["kill", "--dry-run", "-s", "usr1", "listens"][..], &["plan", "kill", "-s", "usr1", "listens"]] {
        assert_eq!(system.operate(words), (Some(0), plan.into()));
    }
    assert_eq!(system.operate(&["plan", "kill", "listens"]).1, plan.replace("USR1", "TERM"));
    assert_eq!(system.operate(&["plan", "stop", "-s", "1", "listens"]).0, Some(100));
    let plan = "kill rules listens with RTMIN+3: 1 step\n* kill    listens\n! rules: not signalled, because nothing of it runs\n";
    let words = ["kill", "-s", "rtmin+3", "rules", "listens"];
    assert_eq!(system.operate(&[&words[..], &["--dry-run"]].concat()), (Some(1), plan.into()));
    let refused = "sunup: fatal: rules: nothing of it runs\n";
    assert_eq!(system.operate(&words), (Some(1), refused.into()));
    until("the real-time signal", || system.lines("heard") == ["hup", "usr1", "rt"]);
    assert_eq!(system.operate(&["stop", "listens"]).0, Some(0));
    let refused = "sunup: fatal: listens: it is down, and only what is up can reload\n";
    assert_eq!(system.operate(&["reload", "listens"]), (Some(1), refused.into()));
}

/// A HUP cannot fail: what can be seen of a reload by it is told. One that is not prepared for it ends, one that speaks of its
/// reload is waited for, and no longer than it may take to start.
#[test]
fn reload_by_signal() {
    let speaks = |answer: &str| {
        let socket = "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(os.environ['NOTIFY_SOCKET'])";
        let heard = format!("s.send(b'RELOADING=1'); {answer}");
        format!(
            "kind: longrun\nrun: |\n  exec python3 -c \"\n  import os, signal, socket, time\n  {socket}\n  \
             def hup(*_): {heard}\n  signal.signal(signal.SIGHUP, hup)\n  s.send(b'READY=1')\n  \
             while True: time.sleep(1000)\"\nready: notify\nlog: none\n"
        )
    };
    let system = booted(&[
        ("deaf", SERVER),
        ("quick", &speaks("s.send(b'READY=1')")),
        (
            "slow",
            &speaks(
                "open('ROOT/heard', 'w'); [time.sleep(0.02) for _ in iter(lambda: os.path.exists('ROOT/go'), True)]; s.send(b'READY=1')",
            ),
        ),
        ("stuck", &speaks("None")),
    ]);
    let done = |unit: &str| (Some(0), format!("{unit}: has reloaded, as it says itself\n"));
    assert_eq!(system.operate(&["reload", "quick"]), done("quick"));
    assert_eq!(system.operate(&["reload", "--quiet", "quick"]).1, "");
    let slow = system.sunup(&["reload", "slow"]).stdout(Stdio::piped()).spawn().unwrap();
    until("the signal", || system.path("heard").exists());
    fs::write(system.path("go"), "").unwrap();
    let output = slow.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stdout).unwrap()), done("slow"));
    let ended = "sunup: fatal: deaf: it ended when it was told to reload: killed by SIGHUP\n";
    assert_eq!(system.operate(&["reload", "deaf"]), (Some(1), ended.into()));
    // What it may take counts from now on; to start it took what it took.
    system.add_unit("stuck", &format!("{}start-timeout: 1s\n", speaks("None")));
    let late = "sunup: fatal: stuck: its reload did not end in time\n";
    assert_eq!(system.operate(&["reload", "stuck"]), (Some(1), late.into()));
}

/// Where a tree runs in which nothing has begun, that is what its status says.
#[test]
fn status_of_nothing() {
    let system = System::new(&[]);
    let said = (Some(0), "no unit has begun yet (sunup list shows all)\n".to_owned());
    until("the scanner", || system.operate(&["status"]) == said);
    assert_eq!(system.operate(&["status", "--json"]), (Some(0), "[]\n".into()));
}

/// A bundle's status is its members': what does not apply here is no failure, as at boot and where files are followed.
#[test]
fn what_does_not_apply() {
    let kvm = "kind: milestone\nif: {path: /dev/no-kvm}\nprovides: [virtual]\n";
    let system = booted(&[("good", SERVER), ("kvm", kvm)]);
    let shown = |words: &[&str]| {
        let (code, text) = system.operate(words);
        (code, text.lines().map(|line| line.split_whitespace().take(2).collect::<Vec<_>>().join(" ")).collect())
    };
    let lines = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect::<Vec<String>>();
    assert_eq!(shown(&["status", "default"]), (Some(0), lines(&["good up", "kvm skipped"])));
    assert_eq!(shown(&["status", "kvm"]), (Some(1), lines(&["kvm skipped"])));
    assert_eq!(
        shown(&["status", "virtual", "good"]),
        (Some(1), lines(&["kvm skipped", "good up"])),
        "what it provides"
    );
    system.add_unit("later", "kind: milestone\nif: {path: /dev/no-later}\n");
    system.add_member("default", "later");
    assert_eq!(shown(&["status", "default"]), (Some(1), lines(&["good up", "kvm skipped", "later down"])));
    assert_eq!(shown(&["apply"]), (Some(0), lines(&["start later", "[skip] later:"])));
    assert_eq!(shown(&["start", "later"]), (Some(1), lines(&["[skip] later:"])));
    assert_eq!(system.operate(&["stop", "-q", "good"]).0, Some(0));
    assert_eq!(shown(&["status", "default"]).0, Some(1));
}

/// A switch leaves what both bundles ask for alone, and takes down what only the old one did.
#[test]
fn switches() {
    let system = booted(&[("both", SERVER), ("old", SERVER), ("new", &format!("{SERVER}needs: [both]\n"))]);
    system.add_member("other", "new");
    assert_eq!(system.operate(&["stop", "-q", "new"]).0, Some(0));
    let pid = system.pid("both");
    let (code, plan) = system.operate(&["switch", "other", "--dry-run"]);
    let words =
        |line: &str| line.split([' ', '*']).filter(|word| !word.is_empty()).take(2).collect::<Vec<_>>().join(" ");
    let steps: Vec<String> = plan.lines().map(words).collect();
    assert_eq!((code, steps), (Some(0), vec!["switch other:".into(), "stop old".into(), "start new".into()]));
    assert_eq!((system.pid("both"), system.pid("new")), (pid, 0), "a dry run did something");
    let (code, text) = system.operate(&["switch", "other"]);
    let mut lines = without_times(&text);
    lines.sort();
    assert_eq!((code, lines), (Some(0), vec!["[ ok ] new: new (N ms)".into(), "[ ok ] old: stopped (N ms)".into()]));
    assert_eq!((system.pid("both"), system.pid("old")), (pid, 0));
}

/// Only what runs otherwise than its file says is restarted, in one transaction; errors change nothing; one step leads back.
#[test]
fn applies_and_rolls_back() {
    let words = |text: &str| format!("description: {text}\n{SERVER}");
    let system = booted(&[("same", SERVER), ("told", &words("one")), ("changed", SERVER), ("gone", SERVER)]);
    let pids = || ["same", "told", "changed", "gone", "added"].map(|unit| system.pid(unit));
    let before = pids();
    assert_eq!(system.operate(&["apply"]), (Some(0), "nothing has changed\n".into()));
    system.add_unit("told", &words("two"));
    system.add_unit("changed", "kind: longrun\nrun: [sleep, '2000']\nlog: none\n");
    system.add_unit("added", SERVER);
    system.add_member("default", "added");
    for file in ["units/gone.yaml", "bundles/default/gone"] {
        fs::remove_file(system.path(file)).unwrap();
    }
    system.add_unit("broken", "kind: longrun\nrnu: [a]\n");
    let (code, text) = system.operate(&["apply"]);
    assert!(code == Some(1) && text.contains("(nothing was changed)") && text.contains("rnu"), "{text}");
    assert_eq!(pids(), before);
    system.add_unit("broken", "kind: milestone\nneeds: [nowhere]\n");
    let (code, text) = system.operate(&["apply"]);
    assert!(code == Some(1) && text.contains("(nothing was changed)") && text.contains("nowhere"), "{text}");
    fs::remove_file(system.path("units/broken.yaml")).unwrap();
    let (code, plan) = system.operate(&["apply", "--dry-run"]);
    let steps: BTreeSet<(&str, &str)> = plan.lines().skip(1).map(step).collect();
    let expected = [("restart", "changed"), ("start", "added"), ("stop", "gone")];
    assert!(code == Some(0) && plan.starts_with("apply: 3 steps"), "{plan}");
    assert_eq!(steps, BTreeSet::from(expected), "{plan}");
    assert_eq!(pids(), before);
    let planned = system.operate(&["plan", "apply"]);
    assert_eq!((planned.0, planned.1.lines().skip(1).map(step).collect()), (Some(0), steps.clone()));
    assert_eq!(system.operate(&["apply", "--quiet"]), (Some(0), String::new()));
    let after = pids();
    assert_eq!(after[..2], before[..2]);
    assert!(after[2] != before[2] && after[2] != 0 && after[3] == 0 && after[4] != 0, "{before:?} {after:?}");
    assert_eq!(system.operate(&["rollback", "--quiet"]), (Some(0), String::new()));
    let back = pids();
    assert_eq!((back[..2] == before[..2], back[4]), (true, 0));
    assert!(back[2] != after[2] && back[3] != 0, "{after:?} {back:?}");
    assert!(system.read("units/changed.yaml").contains("'1000'") && system.read("units/told.yaml").contains("one"));
}

/// `* restart changed  8 ms` is a restart of changed.
fn step(line: &str) -> (&str, &str) {
    let mut words = line[1..].split_whitespace();
    (words.next().unwrap(), words.next().unwrap())
}

/// `why` leads from a unit to the root cause with its last words, and says what hangs on it.
#[test]
fn why() {
    let system = booted(&[
        ("db", "kind: oneshot\nstart: 'echo no space left; exit 3'\n"),
        ("web", &format!("needs: [db]\n{SERVER}")),
        ("site", "kind: milestone\nneeds: [web]\n"),
        ("page", "kind: milestone\nwants: [db]\n"),
        ("kvm", "kind: milestone\nif: {path: /dev/no-kvm}\n"),
        ("fine", SERVER),
    ]);
    let root = system.root.display();
    let told = |unit: &str| {
        let (code, text) = system.operate(&["why", unit]);
        let text: Vec<String> = text.lines().map(without_age).collect();
        (code, text.join("\n"))
    };
    let expected = format!(
        "site failed N ago: needs web, which failed\n  {root}/units/site.yaml:2:9: site needs web\n  \
         because web failed N ago: needs db, which failed\n    {root}/units/web.yaml:1:9: web needs db\n    \
         because db failed N ago: exit 3\n           | no space left\nnothing needs it"
    );
    assert_eq!(told("site"), (Some(1), expected));
    let (code, text) = told("page");
    assert!(code == Some(0) && text.starts_with("page has been degraded for N: wants db, which failed\n"), "{text}");
    assert_eq!(told("kvm"), (Some(1), "kvm was skipped N ago: /dev/no-kvm is absent\nnothing needs it".into()));
    assert!(told("db").1.ends_with("without it there is no site, web"), "{:?}", told("db"));
    let pid = system.pid("fine");
    assert_eq!(told("fine"), (Some(0), format!("fine has been up for N, pid {pid}\nnothing needs it")));
    let (_, text) = system.operate(&["why", "--json", "site"]);
    let answer: Value = serde_json::from_str(&text).unwrap();
    let chain: Vec<&str> =
        answer["chain"].as_array().unwrap().iter().map(|link| link["unit"].as_str().unwrap()).collect();
    assert_eq!((chain, &answer["chain"][2]["output"]), (vec!["site", "web", "db"], &json!(["no space left"])));
    assert_eq!(system.operate(&["why", "nobody"]).0, Some(100));
    system.add_unit("later", SERVER);
    assert_eq!(told("later"), (Some(1), "later is down: nothing has begun it\nnothing needs it".into()));
    let (code, text) = system.operate(&["status", "page"]);
    assert!(code == Some(0) && text.contains("degraded"), "{text}");
}

/// A service that was stopped for the sake of another, or of what it needs, says so.
#[test]
fn why_a_unit_is_down() {
    let system = booted(&[("db", SERVER), ("web", &format!("needs: [db]\n{SERVER}"))]);
    system.add_unit("other", &format!("conflicts: [db]\n{SERVER}"));
    assert_eq!(system.operate(&["start", "-q", "other"]).0, Some(0));
    let (code, text) = system.operate(&["why", "web"]);
    let expected = format!(
        "web has been down for N\n  {root}/units/web.yaml:1:9: web needs db\n  and db has been down for N\n    \
         {root}/units/other.yaml:1:13: other conflicts with db\n    because other has been up for N, pid {}\n\
         nothing needs it",
        system.pid("other"),
        root = system.root.display()
    );
    assert_eq!((code, text.lines().map(without_age).collect::<Vec<_>>().join("\n")), (Some(1), expected));
    assert_eq!(system.operate(&["stop", "-q", "other"]).0, Some(0));
    let (_, text) = system.operate(&["why", "db"]);
    assert!(text.starts_with("db has been down for ") && !text.contains("because"), "{text}");
    assert!(
        system.operate(&["start", "ohter"]).1.contains("no unit or bundle is named 'ohter' (did you mean \"other\"?)")
    );
}

/// `for 3 s, pid 7: why` becomes `for N, pid 7: why`, and `3 s ago` `N ago`.
fn without_age(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_unit = |word: &str| matches!(word.trim_end_matches([',', ':']), "ms" | "s" | "min");
    let mut text: Vec<String> = Vec::new();
    for word in words {
        match text.last_mut() {
            Some(number) if is_unit(word) && number.bytes().all(|byte| byte.is_ascii_digit()) => {
                *number = format!("N{}", word.trim_start_matches(char::is_alphabetic));
            }
            _ => text.push(word.to_owned()),
        }
    }
    text.join(" ")
}

/// A log is shown across its rotation, with local times, and followed into the file that replaces it.
#[test]
fn logs() {
    let system = System::new(&[("talks", "kind: longrun\nrun: [sleep, '1000']\nlog: {size: 64K}\n")]);
    let directory = system.path("log/talks");
    fs::create_dir_all(&directory).unwrap();
    let line = |second: i64, text: &str| {
        let label = supervisor::tai::Tai64n::from_unix(second, 0).label();
        format!("{} {text}\n", str::from_utf8(&label).unwrap())
    };
    fs::write(directory.join("@400000000000000000000001.s"), line(0, "first")).unwrap();
    fs::write(directory.join("current"), line(60, "second")).unwrap();
    let shown = "1970-01-01 00:00:00.000000000 first\n1970-01-01 00:01:00.000000000 second\n";
    assert_eq!(system.operate(&["log", "talks"]), (Some(0), shown.into()));
    let shown = "1970-01-01 00:01:00.000000000 second\n";
    assert_eq!(system.operate(&["log", "talks", "-n", "1"]), (Some(0), shown.into()));
    let mut follower = system.sunup(&["log", "talks", "-f", "-n", "0"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(follower.stdout.take().unwrap()).lines();
    // Lines are written until the follower shows one: it began to watch at some point in between.
    fs::rename(directory.join("current"), directory.join("@400000000000000000000002.s")).unwrap();
    fs::write(directory.join("current"), line(120, "third")).unwrap();
    let mut file = fs::OpenOptions::new().append(true).open(directory.join("current")).unwrap();
    let told = std::thread::spawn(move || lines.next().unwrap().unwrap());
    while !told.is_finished() {
        std::io::Write::write_all(&mut file, line(180, "fourth").as_bytes()).unwrap();
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let first = told.join().unwrap();
    assert!(first.ends_with(" third") || first.ends_with(" fourth"), "{first}");
    follower.kill().unwrap();
    follower.wait().unwrap();
    assert_eq!(system.operate(&["log", "nobody"]).0, Some(100));
}

/// Scripts for shells ask for the names of units and bundles.
#[test]
fn completes_names() {
    let system = System::new(&[("alpha", SERVER), ("beta", SERVER)]);
    assert_eq!(system.operate(&["complete-names"]), (Some(0), "alpha\nbeta\ndefault\n".into()));
}
