//! tai64n and tai64nlocal.

use crate::kit;
use crate::pair::command;

const LINES: &str = "@4000000037c219bf2ef02e94 mark\n@4000000037c219bf2ef02e94\n@40000000386d43890000000a!x\n\
    plain @4000000037c219bf2ef02e94\n\n@400000006b015d26ffffffff\tend\n@4000000037c219bf2ef02e94";

/// Lines with and without labels, an unfinished one at the end.
#[test]
fn local_time() {
    for input in ["", "x", "\n", "@", LINES] {
        let done = command("tai64nlocal", "").input(input).variable("TZ", "US/Pacific").same();
        assert!(done.is_none_or(|done| input != LINES
            || done.out.starts_with("1999-08-23 21:03:43.787492500 mark\n")
            || done.out.starts_with("1999-08-23 21:04:05.787492500 mark\n")));
    }
}

/// A label for every month from `first` on (months since 1900) to 2100, and for every hour of two years.
fn labels(first: i64) -> String {
    let label = |seconds: i64| format!("@{:016x}00000000 \n", (1_i64 << 62) + 10 + seconds);
    let months = (first..2400).map(|month| month * 2_629_700 - 2_208_988_800);
    let hours = (0..17_600).map(|hour| 1_700_000_000 + hour * 3_601);
    months.chain(hours).map(label).collect()
}

/// Zones of zone files, by every way to name one.
#[test]
fn zones_of_files() {
    for zone in [
        "UTC",
        "",
        "US/Pacific",
        ":Europe/Berlin",
        "Asia/Kathmandu",
        "Australia/Lord_Howe",
        "Africa/Casablanca",
        "Nosuch/Zone",
        "America/Sao_Paulo",
        "right/Europe/London",
        "EST5EDT",
        "/usr/share/zoneinfo/Asia/Tokyo",
    ] {
        command("tai64nlocal", "").input(labels(0)).variable("TZ", zone).same();
    }
    command("tai64nlocal", "").input(labels(0)).same();
}

/// Zones by rules. Before 1970 the C library takes every year for 1970, which we don't.
#[test]
fn zones_by_rules() {
    for zone in [
        "EST5EDT,M3.2.0,M11.1.0",
        "<+03>-3:30",
        "AAA3BBB,J60/0,300/25",
        "AAA-10BBB,M10.5.0,M4.1.0/3",
        "AAA3BBB2:30,60,J300",
        "XY3",
        "XXX-1",
        "AAA",
    ] {
        command("tai64nlocal", "").input(labels(850)).variable("TZ", zone).same();
    }
}

/// On purpose not daemontools', which crashes: a label that is no time of the calendar stays as it is.
#[test]
fn impossible_labels() {
    let input = "@zz\n@ x\n@4000000037C219BF\n@ffffffffffffffffffffffff y\n@12ab\nend\n";
    let done = command("tai64nlocal", "").input(input).ours();
    assert_eq!((done.status.as_str(), done.out.as_str()), ("exit status: 0", input));
}

/// What is longer than any label is none, and is not waited with: it is written before its end is there.
#[test]
fn endless_label() {
    use std::io::{Read, Write, pipe};
    let (mut output, theirs) = pipe().unwrap();
    let mut command = std::process::Command::new(kit::ours("tai64nlocal"));
    let mut child = command.stdin(std::process::Stdio::piped()).stdout(theirs).spawn().unwrap();
    drop(command);
    let text = format!("@{}", "4".repeat(65));
    let mut input = child.stdin.take().unwrap();
    input.write_all(text.as_bytes()).unwrap();
    let mut begin = [0; 66];
    output.read_exact(&mut begin).unwrap();
    assert_eq!(begin, text.as_bytes());
    input.write_all(b" end\n").unwrap();
    drop(input);
    let mut end = String::new();
    output.read_to_string(&mut end).unwrap();
    assert_eq!((end.as_str(), kit::end_of(&mut child)), (" end\n", Some(0)));
}

/// Labels are put before every line, and tai64nlocal reads them; lines stay as they are.
#[test]
fn labelled() {
    for input in ["", "a\n", "a\n\nb\npartial", "\n", "\u{0}x\n"] {
        let strip = |out: &str| -> Vec<String> {
            out.split_inclusive('\n')
                .map(|line| {
                    let (label, rest) = line.split_at(26);
                    assert!(label.starts_with("@400000006") && label.ends_with(' '), "{line:?}");
                    rest.to_string()
                })
                .collect()
        };
        let ours = command("tai64n", "").input(input).ours();
        assert_eq!(strip(&ours.out).concat(), input);
        let Some(theirs) = kit::peer("tai64n") else { continue };
        let shell = format!("{} | sed 's/^@[0-9a-f]*/@/'", theirs.display());
        let theirs = std::process::Command::new("sh").arg("-c").arg(shell).stdin(std::process::Stdio::null()).output();
        assert!(theirs.unwrap().status.success());
        assert_eq!((ours.status.as_str(), ours.err.as_str()), ("exit status: 0", ""));
    }
}

/// Each line is written before the next one is waited for.
#[test]
fn lines_are_not_held_back() {
    use std::io::{BufRead, BufReader, Write};
    for program in ["tai64n", "tai64nlocal"] {
        let mut child = std::process::Command::new(kit::ours(program))
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let (mut input, mut output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        for text in ["first\n", "second\n"] {
            input.write_all(text.as_bytes()).unwrap();
            let mut line = String::new();
            output.read_line(&mut line).unwrap();
            assert!(line.ends_with(text), "{program}: {line:?}");
        }
        drop(input);
        assert_eq!(kit::end_of(&mut child), Some(0));
    }
}

/// Input or output that fails: 111 without a message. A reader that has gone ends it by SIGPIPE.
#[test]
fn troubles() {
    for program in ["tai64n", "tai64nlocal"] {
        let Some(theirs) = kit::peer(program) else { continue };
        for shell in [
            "\"$0\" </",
            "\"$0\" <&-",
            "echo x | \"$0\" >/dev/full",
            "echo x | \"$0\" >&-",
            "exec 3>&1; { yes | { \"$0\"; echo $? >&3; } } | :",
        ] {
            let both = [kit::ours(program), theirs.clone()].map(|program| {
                let mut command = std::process::Command::new("sh");
                let output = command.arg("-c").arg(shell).arg(program).output().unwrap();
                (output.status.code(), output.stdout, output.stderr)
            });
            assert_eq!(both[0], both[1], "{program} {shell}");
        }
    }
}
