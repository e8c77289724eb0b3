//! What somebody sees who presses Tab, in the shells that `sunup completion` writes scripts for.

use std::fs;
use std::process::Command;

use crate::skip::skip;
use crate::system::{System, executable};
use crate::terminal::Terminal;

/// What a shell reads as it begins: a prompt, and the script of its name in ROOT.
const SHELLS: [(&str, &[&str], &str); 3] = [
    ("bash", &["--noprofile", "--rcfile", "ROOT/setup", "-i"], "PS1='$ '\n. ROOT/bash\n"),
    (
        "zsh",
        &["-d", "-i"],
        "PS1='$ '\nunsetopt PROMPT_SP\nfpath=(ROOT/functions $fpath)\nautoload -Uz compinit\ncompinit -u -D\n",
    ),
    (
        "fish",
        &["--no-config", "-C", "source ROOT/setup", "-i"],
        "function fish_prompt\necho '$ '\nend\nsource ROOT/fish\n",
    ),
];

/// Two units of the machine, and one of a person's own.
fn system_to_complete() -> System {
    let unit = "kind: oneshot\nstart: [true]\n";
    let system = System::new(&[("alpha", unit), ("beta", unit)]);
    let own = system.path(".config/sunup/units");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("gamma.yaml"), unit).unwrap();
    // Where the machine's units are would count for a person's as well.
    let sunup = format!("[ \"$1\" = --user ] || export SUNUP_ETC={}\n", system.root.display());
    let program = format!("#!/bin/sh\n{sunup}exec {} \"$@\"\n", env!("CARGO_BIN_EXE_sunup"));
    executable::write(&system.path("programs/sunup"), &program);
    system
}

/// The shell, interactive on the terminal, with its script in force.
fn begin(system: &System, terminal: &Terminal, (shell, words, setup): (&str, &[&str], &str)) -> Command {
    let root = system.root.display().to_string();
    let (code, script) = system.operate(&["completion", shell]);
    assert_eq!(code, Some(0));
    fs::create_dir_all(system.path("functions")).unwrap();
    fs::write(system.path(if shell == "zsh" { "functions/_sunup" } else { shell }), script).unwrap();
    for name in ["setup", ".zshrc"] {
        fs::write(system.path(name), setup.replace("ROOT", &root)).unwrap();
    }
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait", shell]).args(words.iter().map(|word| word.replace("ROOT", &root)));
    let places = system.sunup(&[]);
    command.envs(places.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.env("PATH", format!("{root}/programs:/usr/bin:/bin")).env("TERM", "xterm").env("LC_ALL", "C.UTF-8");
    command.env("HOME", &root).env("ZDOTDIR", &root).env("XDG_RUNTIME_DIR", &root);
    for name in ["SUNUP_ETC", "XDG_CONFIG_HOME", "XDG_DATA_HOME"] {
        command.env_remove(name);
    }
    command.stdin(terminal.device()).stdout(terminal.device()).stderr(terminal.device());
    command
}

/// A verb, a unit, a unit after an option and another unit, what `rehearse` takes, a person's own unit; and all that begins
/// with the same letters.
fn completes(number: usize) {
    let shell = SHELLS[number];
    if Command::new(shell.0).arg("--version").output().is_err() {
        return skip(&format!("{} is not installed", shell.0));
    }
    let system = system_to_complete();
    let mut terminal = Terminal::new(24, 80);
    let mut child = begin(&system, &terminal, shell).spawn().unwrap();
    terminal.expect(&["$"]);
    let lines = [
        ("stat", "status"),
        ("why al", "why alpha"),
        ("stop --quiet alpha be", "stop --quiet alpha beta"),
        ("rehearse be", "rehearse beta"),
        ("--user start ga", "--user start gamma"),
    ];
    for (typed, completed) in lines {
        terminal.press(&format!("sunup {typed}\t"));
        terminal.expect(&[&format!("$ sunup {completed}")]);
        terminal.press("\x15");
        terminal.expect(&["$"]);
    }
    terminal.press("sunup sta\t\t");
    terminal.expect_parts(&["$ sunup sta", "start", "status"]);
    child.kill().unwrap();
    child.wait().unwrap();
}

/// bash's own completion gives what the list says.
#[test]
fn completes_in_bash() {
    completes(0);
}

/// So does zsh's.
#[test]
fn completes_in_zsh() {
    completes(1);
}

/// So does fish's.
#[test]
fn completes_in_fish() {
    completes(2);
}
