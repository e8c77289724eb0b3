//! What surrounds a process: the same for longruns and one-shots, as root and as a user whom no table knows.

use std::fs;

use crate::subject::{boot, is_root, longrun, oneshot, system, words};
use crate::system::{executable, until};

/// Keys, a script that shows their effect, and what it says; `ROOT` is the system's directory.
const ANYBODYS: [(&str, &str, &str, &str); 4] = [
    ("where", "directory: ROOT/work\numask: '0027'\n", "pwd\numask", "ROOT/work\n0027"),
    (
        "what",
        "env: {A: \"it's $HOME\", B: x}\nenv-file: [ROOT/vars, -/no/such]\n",
        "echo \"$A $B $C\"",
        "it's $HOME x two words",
    ),
    ("how", "nice: 5\noom-score-adj: 300\n", "nice\ncat /proc/self/oom_score_adj", "5\n300"),
    (
        "much",
        "limits: {nofile: '100:200', core: 0, fsize: 10M}\n",
        "ulimit -Sn\nulimit -Hn\nulimit -Hc\ngrep 'Max file size' /proc/self/limits | tr -s ' '",
        "100\n200\n0\nMax file size 10485760 10485760 bytes ",
    ),
];
const ROOTS: [(&str, &str, &str, &str); 4] = [
    (
        "who",
        "user: '54321'\ngroup: '54322'\ngroups: [tty, '54323']\n",
        "id -u\nid -G\ntouch ROOT/out/own.$$ && stat -c %u ROOT/out/own.$$",
        "54321\n54322 5 54323\n54321",
    ),
    ("nobody", "user: nobody\n", "id -un\nid -gn\necho $HOME", "nobody\nnogroup\n/nonexistent"),
    (
        "little",
        "capabilities: [net_raw, CAP_KILL]\nno-new-privileges: true\n",
        "grep -E '^(CapEff|CapBnd|NoNewPrivs)' /proc/self/status",
        "CapEff:\t0000000000002020\nCapBnd:\t0000000000002020\nNoNewPrivs:\t1",
    ),
    (
        "less",
        "read-only: [ROOT/work]\nhide: [ROOT/secret, ROOT/vars]\n",
        "touch ROOT/work/x 2>&1 | sed 's/.*: //'\nls ROOT/secret | wc -l\nwc -c <ROOT/vars\ntouch ROOT/out/x && echo written",
        "Read-only file system\n0\n0\nwritten",
    ),
];

fn check(cases: &[(&str, &str, &str, &str)]) {
    let kinds = cases.iter().flat_map(|(name, keys, script, _)| {
        [(format!("{name}-longrun"), longrun(keys, script)), (format!("{name}-oneshot"), oneshot(name, keys, script))]
    });
    let units: Vec<(String, String)> = kinds.collect();
    let units: Vec<(&str, String)> = units.iter().map(|(name, text)| (name.as_str(), text.clone())).collect();
    let system = system(&units);
    fs::create_dir(system.path("work")).unwrap();
    fs::create_dir(system.path("secret")).unwrap();
    fs::write(system.path("secret/key"), "").unwrap();
    fs::write(system.path("vars"), "# a note\nA=less\nC='two words'\n").unwrap();
    boot(&system);
    for (name, .., expected) in cases {
        let expected = expected.replace("ROOT", system.root.to_str().unwrap());
        // A log has no blanks at the ends of lines.
        assert_eq!(words(&system, &format!("{name}-longrun")).trim_end(), expected.trim_end(), "{name} as a longrun");
        assert_eq!(system.read(&format!("out/{name}")), format!("{expected}\n"), "{name} as a one-shot");
    }
}

/// What anybody may ask for.
#[test]
fn anybodys() {
    check(&ANYBODYS);
}

/// What only root can give.
#[test]
fn roots() {
    if is_root() {
        check(&ROOTS);
    }
}

/// A list of words and a script with an interpreter of its own are confined as a shell's script is.
#[test]
fn every_form_of_command() {
    if !is_root() {
        return;
    }
    let user = "user: '54321'\ngroup: '54321'\n";
    let perl = "kind: longrun\nrun: |\n  #!/usr/bin/perl\n  $| = 1; print \"$<\\nend of words\\n\"; sleep 1000;\nlog: {size: 64K}\n";
    let argv = "kind: longrun\nrun: [sh, -c, 'id -u; echo end of words; exec sleep 1000']\nlog: {size: 64K}\n";
    let elsewhere = longrun(&format!("{user}directory: /\n"), "id -u");
    let system = system(&[
        ("perl", format!("{perl}{user}")),
        ("argv", format!("{argv}{user}")),
        ("elsewhere", elsewhere),
        ("words", format!("kind: oneshot\nstart: [sh, -c, 'id -u >ROOT/out/words']\n{user}")),
    ]);
    boot(&system);
    for unit in ["perl", "argv", "elsewhere"] {
        assert_eq!(words(&system, unit), "54321", "{unit}");
    }
    assert_eq!(system.read("out/words"), "54321\n");
}

/// /tmp of its own: this very system, which lies there, is out of sight.
#[test]
fn private_tmp() {
    if !is_root() {
        return;
    }
    let system = system(&[
        (
            "alone",
            longrun(
                "private-tmp: true\n",
                "ls -A /tmp /var/tmp\ntest -e ROOT || echo gone\ntouch /tmp/of-alone && echo written",
            ),
        ),
        ("once", "kind: oneshot\nstart: [test, '!', -e, ROOT]\nprivate-tmp: true\n".into()),
    ]);
    boot(&system);
    assert_eq!(words(&system, "alone"), "/tmp:\n\n/var/tmp:\ngone\nwritten");
    assert!(!std::path::Path::new("/tmp/of-alone").exists());
}

/// A terminal is the controlling one, and descriptors 0 to 2.
#[test]
fn terminal() {
    use nix::fcntl::OFlag;
    use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
    use std::io::Read;
    let mut master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname_r(&master).unwrap();
    let script = "tty; readlink /proc/self/fd/1 >&2; ps -o tty= -p $$; exec sleep 1000";
    let text = format!("kind: longrun\nrun: [sh, -c, '{script}']\ntty: {name}\n");
    let system = system(&[("shell", text)]);
    boot(&system);
    let expected = format!("{name}\r\n{name}\r\n{}\r\n", name.trim_start_matches("/dev/"));
    let mut text = String::new();
    while text.len() < expected.len() {
        let mut buffer = [0; 256];
        let count = master.read(&mut buffer).unwrap();
        text.push_str(str::from_utf8(&buffer[..count]).unwrap());
    }
    assert_eq!(text.replace(" ", ""), expected);
}

/// What cannot be had is a failure with its reason, and the command is not run.
#[test]
fn failures() {
    let lines = "log: {size: 64K}\n";
    let system = system(&[
        ("user", format!("kind: longrun\nrun: [touch, ROOT/out/ran]\nuser: no-such-user\n{lines}")),
        ("once", "kind: oneshot\nstart: [touch, ROOT/out/ran]\nuser: no-such-user\n".into()),
        ("absent", "kind: longrun\nrun: [/no/such]\numask: '022'\n".into()),
        ("once-absent", "kind: oneshot\nstart: [/no/such]\numask: '022'\n".into()),
        ("path", "kind: oneshot\nstart: [program-of-our-own]\nenv: {PATH: ROOT/bin}\n".into()),
    ]);
    executable::write(&system.path("bin/program-of-our-own"), "#!/bin/sh\n");
    let result = system.stage2("default");
    assert_eq!(result.status.code(), Some(1));
    let text = String::from_utf8_lossy(&result.stdout);
    for expected in [
        "[fail] user: exit 126",
        "[fail] once: exit 126 (",
        "       | confine: fatal: unable to change the user: there is no user no-such-user\n",
        "[fail] absent: unable to run /no/such: No such file or directory (",
        "[fail] once-absent: unable to run /no/such: No such file or directory (",
        "[ ok ] path: path (",
    ] {
        assert!(text.contains(expected), "{expected:?} is missing in\n{text}");
    }
    until("the words of user", || system.read("log/user/current").contains("there is no user no-such-user"));
    assert!(!system.path("out/ran").exists());
}
