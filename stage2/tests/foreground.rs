//! `stage2` in the foreground, with a scanner of the test's own.

mod system;

use std::fs;
use std::process::Output;

use system::{System, own_address, until, without_times};

/// Exit code and sorted lines, without times.
fn told(output: &Output) -> (Option<i32>, Vec<String>) {
    let mut lines = without_times(&String::from_utf8_lossy(&output.stdout));
    lines.sort();
    (output.status.code(), lines)
}

/// A longrun, a one-shot that needs it, a skipped unit and a milestone: all told, exit 0; a second run does nothing.
#[test]
fn brings_a_bundle_up_once() {
    let system = System::new(&[
        ("server", "description: a server\nkind: longrun\nrun: [sleep, '1000']\nlog: none\n"),
        ("setup", "kind: oneshot\nneeds: [server]\nstart: 'echo ran >>ROOT/ran'\n"),
        ("kvm", "kind: oneshot\nif: {path: /dev/no-kvm}\nstart: [/no/such]\n"),
        ("all", "kind: milestone\nneeds: [setup, kvm]\n"),
    ]);
    let (code, lines) = told(&system.stage2("default"));
    let expected = [
        "[ ok ] all: all (N ms)",
        "[ ok ] server: a server (N ms)",
        "[ ok ] setup: setup (N ms)",
        "[skip] kvm: /dev/no-kvm is absent",
    ];
    assert_eq!((code, lines.as_slice()), (Some(0), expected.map(str::to_owned).as_slice()));
    let pid = system.pid("server");
    assert_eq!(system.state("server")["pid"], pid);
    // `%11.6f `: a machine that has been up for three hours has a longer stamp.
    let unstamped = |line: &String| line.trim_start().split_once(' ').unwrap().1.to_owned();
    let mut log: Vec<_> = without_times(&system.read("run/boot.log")).iter().map(unstamped).collect();
    log.sort();
    assert_eq!(log, lines);
    let events: Vec<_> = system.events("setup").into_iter().map(|(_, event)| event).collect();
    assert_eq!(events, ["wait", "exec", "ready"]);

    assert_eq!(system.stage2("all").status.code(), Some(0));
    assert_eq!((system.pid("server"), system.lines("ran").len()), (pid, 1));
}

/// Whatever is broken is told with its reason, costs what needs it, and nothing else.
#[test]
fn reports_what_is_broken_and_brings_up_the_rest() {
    let system = System::new(&[
        ("absent", "kind: oneshot\nstart: [/no/such]\n"),
        ("absent-longrun", "kind: longrun\nrun: [/no/such]\n"),
        ("shell", "kind: longrun\nrun: |\n  no-such-command\n"),
        ("fails", "kind: oneshot\nstart: |\n  for i in 1 2 3 4 5 6; do echo $i; done; exit 3\n"),
        ("killed", "kind: oneshot\nstart: 'kill -9 $$'\n"),
        ("never", "kind: longrun\nrun: [sleep, '1000']\nready: {fd: 3}\nstart-timeout: 700ms\n"),
        ("hangs", "kind: oneshot\nstart: 'echo $$ >ROOT/hanging; echo waiting; sleep 1000'\nstart-timeout: 2s\n"),
        ("syntax", "kind: oneshot\nstart: [a\n"),
        ("needs-absent", "kind: oneshot\nneeds: [absent]\nstart: [/bin/true]\n"),
        ("one", "kind: oneshot\nneeds: [two]\nstart: [/bin/true]\n"),
        ("two", "kind: oneshot\nafter: [one]\nstart: [/bin/true]\n"),
        ("good", "kind: oneshot\nwants: [fails]\nstart: [/bin/true]\n"),
    ]);
    let result = system.stage2("default");
    assert_eq!(result.status.code(), Some(1));
    let text = without_times(&String::from_utf8_lossy(&result.stdout)).join("\n");
    let root = system.root.display();
    for expected in [
        "[fail] absent: unable to run /no/such: No such file or directory (N ms)\n",
        "[fail] absent-longrun: unable to run /no/such: No such file or directory (N ms)\n",
        "[fail] shell: exit 127",
        "[fail] fails: exit 3 (N ms)\n       | 2\n       | 3\n       | 4\n       | 5\n       | 6\n",
        "[fail] killed: killed by SIGKILL (N ms)\n",
        "[fail] never: not ready after 700 ms (N ms)",
        "[fail] hangs: not ready after 2 s (N ms)\n       | waiting",
        "[fail] needs-absent: needs absent, which failed\n",
        "[ ok ] one: one (N ms)",
        "[ ok ] two: two (N ms)",
        "[ ok ] good: good (N ms)",
        &format!("[fail] syntax: {root}/units/syntax.yaml:"),
        "cycle of 2 units: one needs two, two is after one; left out: two is after one",
        &format!("{root}/units/one.yaml:2:9: one needs two"),
        &format!("{root}/units/two.yaml:2:9: two is after one"),
    ] {
        assert!(text.contains(expected), "{expected:?} is missing in\n{text}");
    }
    assert_eq!((&system.state("fails")["exit"], &system.state("killed")["exit"]), (&3.into(), &137.into()));
    let hanging = format!("/proc/{}", system.read("hanging").trim());
    until("the hanging command's end", || !std::path::Path::new(&hanging).exists());
    until("the end of what never got ready", || system.pid("never") == 0);
}

/// Two units without an edge between them run at the same time: each waits for the other.
#[test]
fn runs_in_parallel() {
    let meet = |own: &str, other: &str| {
        format!("kind: oneshot\nstart: |\n  touch ROOT/{own}\n  until test -e ROOT/{other}; do sleep 0.01; done\n")
    };
    let system = System::new(&[("left", &meet("l", "r")), ("right", &meet("r", "l"))]);
    let (code, lines) = told(&system.stage2("default"));
    assert_eq!((code, lines.len()), (Some(0), 2), "{lines:?}");
    // That they met is the proof; the engine may hear of one's end before it hears of the other's exec.
    for unit in ["left", "right"] {
        let events: Vec<String> = system.events(unit).into_iter().map(|(_, event)| event).collect();
        assert_eq!(events, ["exec", "ready"], "{unit}");
    }
}

/// Each way of getting ready is waited for, and not a moment less: every service notes the time before it gets ready.
#[test]
fn waits_for_readiness() {
    let address = own_address();
    let (host, port) = (address.ip(), address.port());
    let unit = |run: &str, ready: &str| format!("kind: longrun\nrun: |\n  {run}\nready: {ready}\nlog: none\n");
    let note = |name: &str| format!("open('ROOT/{name}.at', 'w').write(str(time.monotonic()))");
    let at = "python3 -c 'import time; print(time.monotonic())' >ROOT";
    let tcp = format!(
        "exec python3 -c \"import socket, time; time.sleep(0.4); {}; s = socket.create_server(('{host}', {port})); \
         time.sleep(1000)\"",
        note("by-tcp")
    );
    let socket = format!(
        "exec python3 -c \"import os, socket, time; time.sleep(0.4); os.makedirs('ROOT/deep/er'); \
        s = socket.socket(socket.AF_UNIX); s.bind('ROOT/deep/er/s'); time.sleep(0.1); {}; s.listen(); time.sleep(1000)\"",
        note("by-socket")
    );
    let system = System::new(&[
        ("by-fd", &unit(&format!("sleep 0.4; {at}/by-fd.at; echo >&5; exec sleep 1000"), "{fd: 5}")),
        (
            "by-file",
            &unit(
                &format!("sleep 0.4; mkdir -p ROOT/new; {at}/by-file.at; touch ROOT/new/file; exec sleep 1000"),
                "{file: ROOT/new/file}",
            ),
        ),
        (
            "by-exec",
            &unit(
                &format!("sleep 0.4; {at}/by-exec.at; touch ROOT/now; exec sleep 1000"),
                "{exec: [test, -e, ROOT/now], every: 20ms}",
            ),
        ),
        ("by-tcp", &unit(&tcp, &format!("{{tcp: '{address}', every: 20ms}}"))),
        ("by-socket", &unit(&socket, "{socket: ROOT/deep/er/s}")),
    ]);
    let (code, lines) = told(&system.stage2("default"));
    assert_eq!((code, lines.len()), (Some(0), 5), "{lines:?}");
    for unit in ["by-fd", "by-file", "by-exec", "by-tcp", "by-socket"] {
        let events = system.events(unit);
        let noted = fs::read_to_string(system.path(&format!("{unit}.at"))).unwrap();
        let seconds: f64 = noted.trim().parse().unwrap();
        assert_eq!((events[0].1.as_str(), events[1].1.as_str()), ("exec", "ready"), "{unit}");
        assert!(events[1].0 as f64 >= seconds * 1e9, "{unit} was ready at {} ns, not after {seconds} s", events[1].0);
    }
}

/// The target may be a unit or a directory of links; what is not there is a matter of usage.
#[test]
fn targets() {
    let system = System::new(&[("a", "kind: milestone\n"), ("b", "kind: milestone\n")]);
    assert_eq!(told(&system.stage2("a")), (Some(0), vec!["[ ok ] a: a (N ms)".into()]));
    let directory = system.path("bundles/default");
    assert_eq!(told(&system.stage2(directory.to_str().unwrap())), (Some(0), vec!["[ ok ] b: b (N ms)".into()]));
    let result = system.stage2("nothing");
    assert_eq!(result.status.code(), Some(100));
    assert_eq!(String::from_utf8_lossy(&result.stderr), "stage2: fatal: no unit or bundle is named 'nothing'\n");
}

/// A longrun that fails shows what it said last, if it has a log of its own; nothing from an earlier run.
#[test]
fn a_failed_longrun_shows_its_last_lines() {
    let say = |word: &str| {
        let script = format!("for i in 1 2 3 4 5 6 7; do echo {word} $i; done; exec sleep 1000");
        format!("kind: longrun\nrun: '{script}'\nready: {{fd: 3}}\nstart-timeout: 1500ms\nlog: {{size: 64K}}\n")
    };
    let system = System::new(&[("talks", &say("first"))]);
    let expected = |word: &str| {
        let head = "[fail] talks: not ready after 1500 ms (N ms)".to_owned();
        std::iter::once(head).chain((3..8).map(|i| format!("       | {word} {i}"))).collect::<Vec<_>>()
    };
    assert_eq!(without_times(&String::from_utf8_lossy(&system.stage2("default").stdout)), expected("first"));
    until("its end", || system.pid("talks") == 0);
    system.add_unit("talks", &say("second"));
    assert_eq!(without_times(&String::from_utf8_lossy(&system.stage2("default").stdout)), expected("second"));
}

/// A longrun behind `local` has a logger of its own; one that is not uses the scanner's output.
#[test]
fn loggers() {
    let say = |word: &str| format!("kind: longrun\nrun: 'echo {word}; exec sleep 1000'\n");
    let system = System::new(&[
        ("local", "kind: milestone\n"),
        ("early", &say("early words")),
        ("late", &format!("{}after: [local]\n", say("late words"))),
    ]);
    assert_eq!(system.stage2("default").status.code(), Some(0));
    until("the late words", || system.read("log/late/current").contains("late words"));
    until("the early words", || system.read("scanner.log").contains("early words"));
    assert!(!system.path("run/service/early/log").exists());
}

/// A foreground engine that was killed has interrupted its command: the next run says so and does not run it again; the
/// one after that is asked anew.
#[test]
fn an_interrupted_command_is_not_run_again_unasked() {
    let slow = "kind: oneshot\nstart: |\n  echo >>ROOT/began\n  until test -e ROOT/go; do sleep 0.02; done\n";
    let system = System::new(&[("slow", slow), ("next", "kind: oneshot\nneeds: [slow]\nstart: 'echo >>ROOT/next'\n")]);
    let mut engine = system.engine().arg("default").stdout(std::process::Stdio::null()).spawn().unwrap();
    until("the slow one", || system.lines("began").len() == 1);
    engine.kill().unwrap();
    engine.wait().unwrap();
    let (code, lines) = told(&system.stage2("default"));
    let expected = ["[fail] next: needs slow, which failed", "[fail] slow: interrupted (N ms)"];
    assert_eq!((code, lines.as_slice()), (Some(1), expected.map(str::to_owned).as_slice()));
    assert_eq!(system.lines("began").len(), 1);
    std::fs::write(system.path("go"), "").unwrap();
    assert_eq!(system.stage2("default").status.code(), Some(0));
    assert_eq!((system.lines("began").len(), system.lines("next").len()), (2, 1));
}
