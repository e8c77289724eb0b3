//! What the checks say, to the letter.

use crate::UnitSet;

/// Everything that is wrong with a file `u/x.yaml` of this text, one line each, less the file's name.
fn complaints(text: &str) -> Vec<String> {
    let set = UnitSet::from_texts(&[("u/x.yaml", text)]);
    set.diagnostics().iter().map(|one| one.summary().replace("u/x.yaml:", "")).collect()
}

fn check(cases: &[(&str, &[&str])]) {
    for (text, expected) in cases {
        assert_eq!(complaints(text), *expected, "{text}");
    }
}

/// Keys must be known, there once, built already, and the kind's own.
#[test]
fn keys() {
    check(&[
        ("kind: milestone\nneed: [a]\n", &["2:1: unknown key \"need\" (did you mean \"needs\"?)"]),
        ("kind: milestone\nfoo: 1\n", &["2:1: unknown key \"foo\""]),
        ("kind: milestone\nuser: root\n", &["2:1: key \"user\" belongs to a longrun or oneshot, not to a milestone"]),
        (
            "kind: oneshot\nstart: a\nrun: b\n",
            &["3:1: key \"run\" belongs to a longrun, not to a oneshot (did you mean \"start\"?)"],
        ),
        ("kind: longrun\nrun: a\ndo: [mount]\n", &["3:1: key \"do\" belongs to a oneshot, not to a longrun"]),
        (
            "kind: milestone\nstop-timeout: 1s\n",
            &["2:1: key \"stop-timeout\" belongs to a longrun or oneshot, not to a milestone"],
        ),
        ("kind: milestone\nkind: milestone\n", &["2:1: key \"kind\" is here a second time"]),
        ("? [a]\n: b\nkind: milestone\n", &["1:3: a key must be a word"]),
        ("kind: milestone\n<<: {after: [a]}\n", &["2:1: unknown key \"<<\""]),
    ]);
}

/// A kind must be given and spelt right, and what it cannot do without must be there.
#[test]
fn kinds() {
    check(&[
        ("run: a\n", &["1:1: key \"kind\" is missing: longrun, oneshot or milestone"]),
        (
            "kind: longrn\nrun: a\n",
            &["1:7: \"kind\" must be longrun, oneshot or milestone, not \"longrn\" (did you mean \"longrun\"?)"],
        ),
        ("kind: bundle\n", &["1:7: \"kind\" must be longrun, oneshot or milestone, not \"bundle\""]),
        ("kind: [longrun]\nrun: a\n", &["1:7: \"kind\" must be a text, not a list"]),
        ("kind: longrun\n", &["1:1: a longrun must have the key \"run\" or \"servicedir\""]),
        ("# why\n\nkind: oneshot\n", &["3:1: a oneshot must have the key \"start\" or \"do\""]),
        ("kind: oneshot\nstop: a\n", &["1:1: a oneshot must have the key \"start\" or \"do\""]),
        ("- kind\n", &["1:1: a unit is a map of keys and values, not a list"]),
    ]);
}

/// Names and edges must be names; an edge to oneself is one too many.
#[test]
fn names() {
    check(&[
        (
            "kind: milestone\nname: a b\nuse: x\n",
            &["2:7: unit name \"a b\" must not contain ' '", "3:1: unknown key \"use\" (did you mean \"user\"?)"],
        ),
        ("kind: milestone\nname: \"\"\n", &["2:7: \"name\" must be a text, not \"\""]),
        ("kind: milestone\nneeds: [x]\n", &["2:9: \"x\" has itself in \"needs\""]),
        (
            "kind: milestone\nafter: [a/b, -c]\n",
            &["2:9: unit name \"a/b\" must not contain '/'", "2:14: unit name '-c' must not begin with '.' or '-'"],
        ),
        ("kind: milestone\nwants: sshd\n", &["2:8: \"wants\" must be a list, not \"sshd\" (did you mean [sshd]?)"]),
        ("kind: milestone\nwants:\n", &["2:6: \"wants\" must be a list, not nothing"]),
        ("kind: milestone\nbefore: [a, {b: c}]\n", &["2:13: \"before\" must be a text, not a map"]),
        ("kind: milestone\nafter: [a, a]\n", &["2:12: warning: \"a\" is in \"after\" twice"]),
        ("kind: milestone\ndescription: |\n  two\n  lines\n", &["3:3: \"description\" must be one line of text"]),
    ]);
}

/// What a unit brings up it cannot be in conflict with; the order between two that conflict is no contradiction.
#[test]
fn contradictions() {
    check(&[
        (
            "kind: milestone\nneeds: [a, b]\nconflicts: [b]\n",
            &["3:13: \"b\" is in \"conflicts\" and in \"needs\": they are never up together"],
        ),
        (
            "kind: milestone\nconflicts: [b]\nwants: [b]\n",
            &["2:13: warning: \"b\" is in \"conflicts\" and in \"wants\": they are never up together"],
        ),
        ("kind: milestone\nneeds: [a]\nconflicts: [b]\nafter: [b]\n", &[]),
    ]);
}

/// Commands are a list of words or a script, and steps are words that we know.
#[test]
fn commands() {
    check(&[
        ("kind: longrun\nrun: []\n", &["2:6: \"run\" must be a command, not an empty list"]),
        ("kind: longrun\nrun: [\"\", a]\n", &["2:6: \"run\" must begin with a program, not with an empty word"]),
        ("kind: longrun\nrun: [a, [b]]\n", &["2:10: \"run\" must be a list of words, not a list"]),
        ("kind: longrun\nrun: {a: b}\n", &["2:6: \"run\" must be a command: a list of words, or a script, not a map"]),
        (
            "kind: oneshot\nstart: \" \"\n",
            &["2:8: \"start\" must be a command: a list of words, or a script, not \" \""],
        ),
        (
            "kind: oneshot\ndo: [mout, x]\n",
            &["2:6: unknown step \"mout\" (did you mean \"mount\"?)", "2:12: unknown step \"x\""],
        ),
        ("kind: oneshot\ndo: mount\n", &["2:5: \"do\" must be a list, not \"mount\" (did you mean [mount]?)"]),
        ("kind: oneshot\ndo: []\n", &["2:5: \"do\" must name at least one step"]),
    ]);
}

/// Durations have units and bounds; only a start may take for ever.
#[test]
fn timeouts() {
    let wanted = "must be a duration of at most 168h, such as 200ms, 60s or 1m30s, not";
    let case = |line: &str| complaints(&format!("kind: longrun\nrun: a\n{line}\n"));
    assert_eq!(case("start-timeout: 60"), [format!("3:16: \"start-timeout\" {wanted} \"60\" (did you mean 60s?)")]);
    assert_eq!(case("stop-timeout: none"), [format!("3:15: \"stop-timeout\" {wanted} \"none\"")]);
    assert_eq!(case("stop-timeout: [1s]"), [format!("3:15: \"stop-timeout\" {wanted} a list")]);
    assert_eq!(case("start-timeout: 0s"), ["3:16: \"start-timeout\" must be longer than nothing, or none"]);
    assert_eq!(case("start-timeout: none\nstop-timeout: 0s"), [""; 0]);
}

/// A condition is one of four, each with its own kind of value.
#[test]
fn conditions() {
    check(&[
        ("kind: milestone\nif: {pth: /x}\n", &["2:6: unknown key \"pth\" in \"if\" (did you mean \"path\"?)"]),
        ("kind: milestone\nif: {path: x}\n", &["2:12: \"path\" must be an absolute path, or ! and one, not \"x\""]),
        (
            "kind: milestone\nif: {path: !/x}\n",
            &["2:12: \"!/x\" is a YAML tag: a text that begins with ! must be in quotes"],
        ),
        (
            "kind: milestone\nif: {container: yes}\n",
            &["2:17: \"container\" must be true or false, not yes (did you mean true?)"],
        ),
        ("kind: milestone\nif: {cmdline: a b}\n", &["2:15: \"cmdline\" must be one word, not \"a b\""]),
        ("kind: milestone\nif: {user: 'a:b'}\n", &["2:12: \"user\" must be the name of an account, not \"a:b\""]),
        ("kind: milestone\nif: /x\n", &["2:5: \"if\" must be a map with path, container, cmdline, user, not \"/x\""]),
    ]);
}

/// There is one way to be ready, and `every` belongs to those that are asked.
#[test]
fn readiness() {
    let wanted = "\"tcp\" must be ADDRESS:PORT or localhost:PORT, not";
    for (value, expected) in [
        ("{fd: 1}", "\"fd\" must be a number from 3 to 255, not \"1\"".to_owned()),
        ("{fd: 03}", "\"fd\" must be a number from 3 to 255, not \"03\"".into()),
        ("{tcp: 22}", format!("{wanted} \"22\" (did you mean localhost:22?)")),
        ("{tcp: \"example.org:22\"}", format!("{wanted} \"example.org:22\"")),
        ("{tcp: \"localhost:0\"}", format!("{wanted} \"localhost:0\"")),
        ("{file: x}", "\"file\" must be an absolute path, not \"x\"".into()),
        ("{exec: x}", "\"exec\" must be a list, not \"x\" (did you mean [x]?)".into()),
        ("{fd: 3, file: /x}", "\"ready\" must be notify, or have exactly one of fd, tcp, socket, file, exec".into()),
        ("{}", "\"ready\" must be notify, or have exactly one of fd, tcp, socket, file, exec".into()),
        ("notfy", "\"ready\" must be notify, or a map with one of fd, tcp, socket, file, exec, not \"notfy\" (did you mean notify?)".into()),
        ("[notify]", "\"ready\" must be notify, or a map with one of fd, tcp, socket, file, exec, not a list".into()),
        ("{file: /x, every: 1s}", "\"every\" belongs to \"tcp\" and \"exec\" only".into()),
        ("{exec: [x], every: 1ms}", "\"every\" must be at least 10ms".into()),
        ("{sokcet: /x}", "unknown key \"sokcet\" in \"ready\" (did you mean \"socket\"?)".into()),
    ] {
        let all = complaints(&format!("kind: longrun\nrun: a\nready: {value}\n"));
        assert!(all.iter().any(|line| line.ends_with(&format!(": {expected}"))), "{value}: {all:#?}");
    }
}

/// `kill-mode` is a word; `log` is a word or a map with bounds.
#[test]
fn words_and_logs() {
    for (line, expected) in [
        ("kill-mode: mian", "12: \"kill-mode\" must be cgroup or main, not \"mian\" (did you mean \"main\"?)"),
        ("log: off", "6: \"log\" must be auto, none or a map with dir, size, keep, when-full, not \"off\""),
        ("log: {dir: x}", "12: \"dir\" must be an absolute path, not \"x\""),
        ("log: {size: 1T}", "13: \"size\" must be a size in bytes, such as 65536, 512K or 1M, not \"1T\""),
        ("log: {size: 1K}", "13: \"size\" must be at least 4K and less than 16M, not \"1K\""),
        ("log: {size: 16M}", "13: \"size\" must be at least 4K and less than 16M, not \"16M\""),
        ("log: {when-full: drp}", "18: \"when-full\" must be drop or wait, not \"drp\" (did you mean \"drop\"?)"),
        ("log: {keep: 1}", "13: \"keep\" must be a number from 2 to 10000, not \"1\""),
    ] {
        assert_eq!(complaints(&format!("kind: longrun\nrun: a\n{line}\n")), [format!("3:{expected}")], "{line}");
    }
}

/// What is no YAML, or too much of it, is one clear line each.
#[test]
fn syntax() {
    check(&[
        ("", &[" there is no unit in this file"]),
        ("# nothing\n", &[" there is no unit in this file"]),
        ("kind: milestone\n\tafter: [a]\n", &["2:1: a tab cannot indent: use spaces"]),
        ("kind: \"mile\n", &["1:7: this quote is never closed"]),
        ("kind: *x\n", &["1:7: the alias names an anchor that is not there: in quotes it is a text"]),
        (
            "kind: &x [*x]\n",
            &["1:10: \"kind\" must be a text, not a list", "1:11: an alias must not stand inside what it names"],
        ),
        ("%YAML 1.2\n---\nkind: milestone\n", &["1:1: a line cannot begin with %: units have no YAML directives"]),
        ("kind: mile\u{0}stone\n", &["1:11: control character U+0000 is not allowed"]),
        ("kind: milestone\rafter: [a]\n", &["1:16: control character U+000D is not allowed"]),
        ("kind: [a\n", &["1:7: this [ is never closed"]),
        ("\u{feff}kind: milestone\r\n", &[]),
        ("--- \n---\nkind: milestone\nname: x\n", &["1:4: this document is empty"]),
    ]);
}

/// A syntax error costs the key that it stands in: what is before and behind it is checked, and nothing is said that only
/// follows from it.
#[test]
fn tears() {
    let needs = |line: usize| format!("{line}:1: unknown key \"nedes\" (did you mean \"needs\"?)");
    for (torn, expected) in [
        ("run: [a, \"b]", "2:10: this quote is never closed"),
        ("run: [a", "2:6: this [ is never closed"),
        ("run: {a", "2:6: this { is never closed"),
        ("run: 'a", "2:6: this quote is never closed"),
        ("run: a\nneeds:\n  - \"b\n  - c", "4:5: this quote is never closed"),
        ("run: [a, \"b\", \"c]\nuser: \"d\"", "2:15: this quote is never closed"),
        ("run: \"a\n  it's 'text'", "2:6: this quote is never closed"),
        ("run: [it's, 'a''b',\n  \"\\\"\", 'c\"]", "3:9: this quote is never closed"),
        ("run:\n  - 'a'\n  - \"b\" c", "4:9: nothing can follow a quoted text: put all of it in quotes"),
        ("run: a: b", "2:7: a text with a colon and a space in it must be in quotes"),
        ("run: [a b: c: d]", "2:13: here must be a comma or the closing bracket"),
        ("run: \"a\" b", "2:10: nothing can follow a quoted text: put all of it in quotes"),
        ("run: [\"\\w\"]", "2:7: in double quotes a \\ is written \\\\; in single quotes it is itself"),
        ("run: @a", "2:6: a text that begins with @ must be in quotes"),
        ("run: *a", "2:6: the alias names an anchor that is not there: in quotes it is a text"),
        ("run a", "2:1: this line is no \"KEY: VALUE\": a colon and a space are missing"),
        ("run:a", "2:1: this line is no \"KEY: VALUE\": a colon and a space are missing"),
        ("run: - a", "2:6: a list of - lines begins on a line of its own"),
        (
            "run: a\n  user: b",
            "3:3: this line is indented, so it goes on with the one above: a key begins where the others do",
        ),
        ("run: |\n  a\n b", "4:2: this line is indented like nothing above it: a key begins where the others do"),
        ("\trun: a", "2:1: a tab cannot indent: use spaces"),
    ] {
        let line = 3 + torn.matches('\n').count();
        let text = format!("kind: longrun\n{torn}\nnedes: [b]\n");
        assert_eq!(complaints(&text), [expected.to_owned(), needs(line)], "{text}");
    }
    check(&[
        ("knd: \"a\n", &["1:1: unknown key \"knd\" (did you mean \"kind\"?)", "1:6: this quote is never closed"]),
        (
            "kind: milestone\nrun: [a\n",
            &["2:1: key \"run\" belongs to a longrun, not to a milestone", "2:6: this [ is never closed"],
        ),
        (
            "kind: 'a\nkind: b\nkind: [c\n",
            &[
                "1:7: this quote is never closed",
                "2:7: \"kind\" must be longrun, oneshot or milestone, not \"b\"",
                "3:1: key \"kind\" is here a second time",
                "3:7: this [ is never closed",
            ],
        ),
        // Items of a list that end before the tear are whole.
        (
            "kind: milestone\nneeds:\n  - -a\n  - [x]\n  - b\n  - -b\n  - \"d\n  - -e\nnedes: [b]\n",
            &[
                "3:5: unit name '-a' must not begin with '.' or '-'",
                "4:5: \"needs\" must be a text, not a list",
                "6:5: unit name '-b' must not begin with '.' or '-'",
                "7:5: this quote is never closed",
                &needs(9),
            ],
        ),
        ("kind: milestone\nneeds: [-a,\n  \"b]\n", &["3:3: this quote is never closed"]),
        // An anchor may be torn away, too.
        ("kind: &a [x\nname: *a\nnedes: b\n", &["1:10: this [ is never closed", &needs(3)]),
        (
            "  kind: [a\nnedes: b\n  nedes: b\n",
            &["1:9: this [ is never closed", "3:3: unknown key \"nedes\" (did you mean \"needs\"?)"],
        ),
    ]);
}

/// What belongs together must be together, and `servicedir` stands nearly alone.
#[test]
fn longruns() {
    for (lines, expected) in [
        ("watchdog: 5s", "3:1: \"watchdog\" belongs to \"ready: notify\""),
        ("ready: notify\nwatchdog: 0s", "4:11: \"watchdog\" must be longer than nothing"),
        ("pidfile: /run/x", "3:1: \"pidfile\" belongs to \"forks: true\""),
        ("servicedir: /x", "2:1: \"run\" and \"servicedir\" are one too many"),
        ("max-deaths: 0 in 1s", "3:13: \"max-deaths\" must be COUNT in TIME, such as 5 in 60s, not \"0 in 1s\""),
        ("stop-signal: 65", "3:14: unknown signal \"65\""),
        ("sockets: [\"tcp://[::]:1\", \"tcp://[::]:1 x\"]", "3:27: \"tcp://[::]:1 x\" is in \"sockets\" twice"),
        ("provides: [x]", "3:12: \"x\" has itself in \"provides\""),
    ] {
        assert_eq!(complaints(&format!("kind: longrun\nrun: a\n{lines}\n")), [expected], "{lines}");
    }
}

/// What is right elsewhere is not right here, but it is known what was meant.
#[test]
fn words_from_elsewhere() {
    for (line, expected) in [
        ("WantedBy: a", "1: unknown key \"WantedBy\" (sunup enable puts a unit into a bundle)"),
        (
            "Service: {}",
            "1: unknown key \"Service\" (a unit has no sections; sunup import systemd reads those of systemd)",
        ),
        ("Restart: always", "1: unknown key \"Restart\" (did you mean \"restart\"?)"),
        ("capabil: []", "1: unknown key \"capabil\" (did you mean \"capabilities\"?)"),
        ("ExecStop: a", "1: unknown key \"ExecStop\" (did you mean \"stop-signal\"?)"),
        (
            "env: [A=b c, D=e]",
            "6: \"env\" must be a map of variables and their values, not a list (did you mean {A: \"b c\", D: e}?)",
        ),
        ("env: A=b", "6: \"env\" must be a map of variables and their values, not \"A=b\" (did you mean {A: b}?)"),
        ("env: [{A: b}]", "6: \"env\" must be a map of variables and their values, not a list (did you mean {A: b}?)"),
        ("limits: [nofile]", "9: \"limits\" must be a map of limits and their values, not a list"),
        (
            "ready: tcp:80",
            "8: \"ready\" must be notify, or a map with one of fd, tcp, socket, file, exec, not \"tcp:80\" (did you mean {tcp: localhost:80}?)",
        ),
        (
            "ready: {tcp: 80}",
            "14: \"tcp\" must be ADDRESS:PORT or localhost:PORT, not \"80\" (did you mean localhost:80?)",
        ),
        (
            "start-timeout: 1 minute",
            "16: \"start-timeout\" must be a duration of at most 168h, such as 200ms, 60s or 1m30s, not \"1 minute\" (did you mean 1m?)",
        ),
        (
            "start-timeout: infinity",
            "16: \"start-timeout\" must be a duration of at most 168h, such as 200ms, 60s or 1m30s, not \"infinity\" (did you mean none?)",
        ),
        ("capabilities: [net_bind]", "16: unknown capability \"NET_BIND\" (did you mean \"NET_BIND_SERVICE\"?)"),
        ("needs: [$network]", "9: unit name \"$network\" must not contain '$' (did you mean \"network\"?)"),
        ("needs: a b, c", "8: \"needs\" must be a list, not \"a b, c\" (did you mean [a, b, c]?)"),
    ] {
        assert_eq!(complaints(&format!("kind: longrun\nrun: a\n{line}\n")), [format!("3:{expected}")], "{line}");
    }
}

/// Nothing of a file reaches the terminal but what can be seen, whatever is suggested.
#[test]
fn suggestions_are_seen_only() {
    let texts =
        ["X", "a X", "/X", "/run/X", "tcp:X", "unix:/X", "socket:/X", "fd:X", "file:/X", "X=X", "A=X", "a:X", "1X"];
    let values = texts.iter().flat_map(|text| {
        let text = format!("\"{}\"", text.replace('X', r"\e[31m\u202e"));
        let nested = ["tcp", "exec", "dir"].map(|key| format!("{{{key}: {text}}}"));
        [format!("[{text}]"), format!("[{{A: {text}}}]"), format!("{{{text}: [a]}}"), text].into_iter().chain(nested)
    });
    let mut suggested = 0;
    for value in values {
        for key in crate::language::keys().filter(|key| key.name != "kind") {
            for kind in ["longrun\nrun: [a]", "oneshot\nstart: [a]", "milestone"] {
                let file = format!("kind: {kind}\n{}: {value}\n", key.name);
                let told = complaints(&file).concat();
                assert!(!told.contains(['\u{1b}', '\u{202e}']), "{file}{told:?}");
                suggested += usize::from(told.split("did you mean").skip(1).any(|meant| meant.contains("[31m")));
            }
        }
    }
    assert!(suggested > 100, "{suggested}");
}
