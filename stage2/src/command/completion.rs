//! `sunup completion`: clap's completions for a shell, and units' names where verbs take them.

use std::io::Write;

use clap::Command;
use clap_complete::{Shell, generate};
use units::{Bundles, UnitSet};

use super::failure::{Failure, Outcome};
use crate::system::places::Places;

/// The hidden verb that the scripts call for names.
pub const NAMES: &str = "complete-names";

/// Verbs that take names, for those shells that have to be told.
const VERBS: [&str; 14] = [
    "start",
    "stop",
    "restart",
    "reload",
    "kill",
    "switch",
    "status",
    "why",
    "log",
    "enable",
    "disable",
    "plan",
    "critical-path",
    "rehearse",
];
/// What clap calls arguments that are names.
const ARGUMENTS: [&str; 5] = ["units", "unit", "bundle", "target", "words"];

/// What bash does after clap's own completion: names for the verbs that take some.
const BASH: &str = r#"
_sunup_with_names() {
    _sunup "$@"
    local word user= verb=
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        case "$word" in
        --user) user=--user ;;
        -*) ;;
        *) verb=$word; break ;;
        esac
    done
    case "$verb:${COMP_WORDS[COMP_CWORD]}" in
    *:-*) ;;
    VERBS)
        COMPREPLY+=($(compgen -W "$(sunup $user complete-names 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}")) ;;
    esac
}
complete -F _sunup_with_names -o nosort -o bashdefault -o default sunup 2>/dev/null || complete -F _sunup_with_names sunup
"#;

/// The same for fish.
const FISH: &str = r#"
complete -c sunup -f -n "__fish_seen_subcommand_from VERBS" -a "(sunup (string match -- --user (commandline -opc)) complete-names 2>/dev/null)"
"#;

/// Writes the completions.
pub fn run(shell: Shell, command: &mut Command, out: &mut dyn Write) -> Outcome {
    let mut text = Vec::new();
    generate(shell, command, "sunup", &mut text);
    match shell {
        Shell::Bash => text.extend(BASH.replace("VERBS", &VERBS.map(|verb| format!("{verb}:*")).join("|")).bytes()),
        Shell::Fish => text.extend(FISH.replace("VERBS", &VERBS.join(" ")).bytes()),
        Shell::Zsh => text = with_names_in_zsh(&String::from_utf8_lossy(&text)).into_bytes(),
        _ => {}
    }
    out.write_all(&text).map_err(|e| Failure::unable("write", e))?;
    Ok(0)
}

/// zsh takes names where clap leaves the word to files or to nothing.
fn with_names_in_zsh(text: &str) -> String {
    // Where an argument of a verb is completed, `words` begins with the verb.
    let names =
        "_sunup_names() { compadd -- ${(f)\"$(sunup ${(M)${(z)LBUFFER}:#--user} complete-names 2>/dev/null)\"} }\n";
    let replaced: Vec<String> = text
        .lines()
        .map(|line| match ARGUMENTS.iter().any(|argument| line.contains(&format!(":{argument} -- "))) {
            true => line.replace(":_default'", ":_sunup_names'").replace(":_default\"", ":_sunup_names\""),
            false => line.to_owned(),
        })
        .collect();
    match replaced.split_first() {
        Some((head, rest)) => format!("{head}\n{names}{}\n", rest.join("\n")),
        None => String::new(),
    }
}

/// Writes the names of all units and bundles, one a line.
pub fn names(places: &Places, out: &mut dyn Write) -> Outcome {
    let mut set = UnitSet::load_with(&places.unit_directories(), &places.reading());
    let bundles = Bundles::load(&places.bundle_directories(), &mut set);
    let units = set.units().keys().map(|name| name.as_str());
    let mut names: Vec<&str> = units.chain(bundles.all().keys().map(String::as_str)).collect();
    names.sort_unstable();
    names.dedup();
    for name in names {
        writeln!(out, "{name}").map_err(|e| Failure::unable("write", e))?;
    }
    Ok(0)
}
