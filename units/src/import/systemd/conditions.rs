//! Condition… and Assert… → `if`.

use super::file::Setting;
use crate::import::report::{Fate, Verdict};
use crate::import::sketch::Sketch;

/// Conditions about a path of which only its existence can be asked.
const ONLY_EXISTENCE: [&str; 7] = [
    "PathIsDirectory",
    "PathIsSymbolicLink",
    "PathIsMountPoint",
    "PathIsReadWrite",
    "DirectoryNotEmpty",
    "FileNotEmpty",
    "FileIsExecutable",
];

/// What a condition is about, and whether its unit fails without it; `None`: the setting is none.
fn subject(setting: &Setting) -> Option<(&str, bool)> {
    let condition = setting.key.strip_prefix("Condition").map(|what| (what, false));
    condition.or_else(|| setting.key.strip_prefix("Assert").map(|what| (what, true)))
}

/// Takes a condition; `None`: it is none. Of those with a bar one must hold: where it is the only one, it must.
pub(super) fn take(setting: &Setting, settings: &[Setting], sketch: &mut Sketch) -> Option<Verdict> {
    let (what, is_assertion) = subject(setting)?;
    let value = setting.value.trim_start_matches('|').trim_start();
    let is_alternative =
        |one: &&Setting| subject(one).is_some_and(|(_, is)| is == is_assertion) && one.value.starts_with('|');
    if value.is_empty() {
        return Some(Verdict::kept("clears the list"));
    }
    if setting.value.starts_with('|') && settings.iter().filter(is_alternative).count() > 1 {
        return Some(Verdict::dropped("if has no alternatives: all must hold"));
    }
    let verdict = condition(what, value, sketch);
    Some(match is_assertion && verdict.fate != Fate::Dropped {
        true => verdict.but("the unit is skipped rather than failed"),
        false => verdict,
    })
}

fn condition(what: &str, value: &str, sketch: &mut Sketch) -> Verdict {
    let (text, is_negated) = value.strip_prefix('!').map_or((value, false), |rest| (rest.trim(), true));
    let negated = |text: &str| format!("{}{text}", if is_negated { "!" } else { "" });
    match (what, text) {
        ("PathExists", path) if path.starts_with('/') => {
            sketch.condition("path", negated(path));
            Verdict::kept("as if: path")
        }
        (what, path) if ONLY_EXISTENCE.contains(&what) && path.starts_with('/') && !is_negated => {
            sketch.condition("path", path);
            Verdict::approximated("as if: path, only that it exists")
        }
        ("Virtualization", "container") => {
            sketch.condition("container", (!is_negated).to_string());
            Verdict::kept("as if: container")
        }
        ("KernelCommandLine", word) if !word.contains(char::is_whitespace) && !word.starts_with('!') => {
            sketch.condition("cmdline", negated(word));
            Verdict::kept("as if: cmdline")
        }
        _ => Verdict::dropped("if cannot ask this"),
    }
}
