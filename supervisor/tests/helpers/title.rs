//! readproctitle and svscanboot: what `ps` sees.

use crate::kit::{self, until};
use crate::pair::command;
use std::io::Write;
use std::process::{Command, Stdio};

/// Wrong usage, an input that ends, one that cannot be read: silent, with daemontools' exit codes.
#[test]
fn readproctitle_ends() {
    for line in ["", "....", "'' .....", "a b c d", "......"] {
        command("readproctitle", line).input("text").same();
    }
    for program in [Some(kit::ours("readproctitle")), kit::peer("readproctitle")].into_iter().flatten() {
        let input = std::fs::File::open("/").unwrap();
        let output = Command::new(program).args(["x", "....."]).stdin(input).output().unwrap();
        assert_eq!((output.status.code(), output.stdout, output.stderr), (Some(111), vec![], vec![]));
    }
}

/// The title is the same after every input: shorter than it, longer, with zeros, in pieces.
#[test]
fn readproctitle_shows() {
    let Some(theirs) = kit::peer("readproctitle") else { return };
    let titles = [kit::ours("readproctitle"), theirs].map(|program| {
        let mut command = Command::new(program);
        let mut child = command.args(["errors:", ",,,,,,,,,,,,"]).stdin(Stdio::piped()).spawn().unwrap();
        let own = format!("/proc/{}/cmdline", child.id());
        let title = || {
            let bytes = std::fs::read(&own).unwrap();
            let text = String::from_utf8_lossy(&bytes).into_owned();
            text.split_once("errors:\0").map_or(String::new(), |(_, title)| title.to_string())
        };
        let mut input = child.stdin.take().unwrap();
        let mut seen = Vec::new();
        let long = "0123456789".repeat(200) + "!";
        for (text, end) in
            [("ab\n", "ab\n\0"), ("c\0d\0", "cd\0"), ("\0\0e", "de\0"), (long.as_str(), "789!\0"), ("end", "!end\0")]
        {
            input.write_all(text.as_bytes()).unwrap();
            until(text, || title().ends_with(end));
            seen.push(title());
        }
        drop(input);
        assert_eq!(kit::end_of(&mut child), Some(0));
        seen
    });
    assert_eq!(titles[0], titles[1]);
}

/// svscanboot runs what is in /etc/service, with daemontools' environment but for our own directory in PATH.
#[test]
fn svscanboot_runs_services() {
    let script = "mount -t tmpfs none /etc && mkdir -p /etc/service/one && cd /etc/service/one && \
        printf '#!/bin/sh\\nenv | sort >&2; echo up; exec sleep 1000\\n' >run && chmod 755 run && \
        \"$0\" & \
        until ps -eo args | grep '^readproctitle.*[^a-z]up[^a-z]*$' | tr -s . | grep .; do sleep 0.05; done";
    let mut command = Command::new("timeout");
    command.args([
        "60",
        "unshare",
        "--user",
        "--map-root-user",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
        "sh",
        "-c",
        script,
    ]);
    let program = kit::ours("svscanboot");
    let output = command.arg(&program).env("STRAY", "1").output().unwrap();
    let title = String::from_utf8_lossy(&output.stdout);
    let path = format!("PATH={}:/command:/usr/local/bin", program.parent().unwrap().display());
    assert!(title.starts_with("readproctitle service errors: .") && title.contains(&path), "{output:?}");
    assert!(!title.contains("STRAY"), "{title}");
}
