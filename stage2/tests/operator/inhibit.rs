//! `sunup inhibit --list`, asked by a command that inhibits the stop.

use serde_json::{Value, json};

use crate::machine::Machine;

const SUNUP: &str = env!("CARGO_BIN_EXE_sunup");

/// Who inhibits is named as `shutdown` names it, with the command, for as long as that runs.
#[test]
fn list() {
    let machine = Machine::new(&[]);
    let (code, text, errors) =
        machine.sunup(&["inhibit", "--why", "upgrade", "--", SUNUP, "inhibit", "--list", "--json"]);
    assert_eq!((code, errors.as_str()), (0, ""), "{text}");
    let all: Value = serde_json::from_str(&text).unwrap();
    let (pid, since) = (&all[0]["pid"], &all[0]["since_s"]);
    assert!(pid.is_u64() && since.is_u64(), "{text}");
    let command = format!("{SUNUP} inhibit --why upgrade -- {SUNUP} inhibit --list --json");
    let why = format!("upgrade (pid {pid})");
    assert_eq!(all, json!([{"why": why, "pid": pid, "command": command, "since_s": since}]));

    let (_, text, _) = machine.sunup(&["inhibit", "--", SUNUP, "inhibit", "--list"]);
    let shown = |text: String| text.chars().take(80).collect::<String>().trim_end().to_owned();
    assert!(text.starts_with(&shown(format!("{SUNUP} (pid "))), "{text}");
    let command = shown(format!("{SUNUP} inhibit -- {SUNUP} inhibit --list"));
    assert!(text.ends_with(&format!("  {command}\n")), "{text}");
    let nobody = (0, "nobody inhibits the stop\n".to_owned(), String::new());
    assert_eq!(machine.sunup(&["inhibit", "--list"]), nobody);
}

/// Everybody may see who inhibits the stop, whatever root's umask.
#[test]
fn for_everybody_to_see() {
    let machine = Machine::new(&[]);
    let script = format!("umask 077; exec {SUNUP} inhibit -- sh -c 'umask; stat -c %a run/inhibit run/inhibit/*'");
    let output = machine.command("sh").args(["-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "0077\n755\n644\n");
}

/// There is either something to run or something to show.
#[test]
fn one_of_two() {
    let machine = Machine::new(&[]);
    for words in [&[][..], &["--list", "--", "true"], &["--json", "--", "true"], &["--list", "--why", "upgrade"]] {
        let (code, text, _) = machine.sunup(&[&["inhibit"], words].concat());
        assert_eq!((code, text.as_str()), (100, ""), "{words:?}");
    }
}
