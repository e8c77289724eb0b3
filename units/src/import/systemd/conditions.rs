//! Condition… and Assert… → `if`.

use super::file::Setting;
use crate::import::report::Fate;
use crate::import::sketch::Sketch;

/// Conditions about a path, and what is lost when only its existence is asked; nothing: no loss.
const PATHS: [(&str, &str); 8] = [
    ("PathExists", ""),
    ("PathIsDirectory", "only that it exists"),
    ("PathIsSymbolicLink", "only that it exists"),
    ("PathIsMountPoint", "only that it exists"),
    ("PathIsReadWrite", "only that it exists"),
    ("DirectoryNotEmpty", "only that it exists"),
    ("FileNotEmpty", "only that it exists"),
    ("FileIsExecutable", "only that it exists"),
];

/// Takes a condition; `None`: it is none.
pub(super) fn take(setting: &Setting, value: &str, sketch: &mut Sketch) -> Option<(Fate, String)> {
    let key = setting.key.as_str();
    let (what, is_assertion) = match (key.strip_prefix("Condition"), key.strip_prefix("Assert")) {
        (Some(what), _) => (what, false),
        (None, Some(what)) => (what, true),
        (None, None) => return None,
    };
    if value.is_empty() {
        return Some((Fate::Kept, "clears the list".into()));
    }
    if value.starts_with('|') {
        return Some((Fate::Dropped, "if has no alternatives: all must hold".into()));
    }
    let (fate, reason) = condition(what, value, sketch)?;
    match is_assertion && fate != Fate::Dropped {
        true => Some((Fate::Approximated, "as if: the unit is skipped rather than failed".into())),
        false => Some((fate, reason.into())),
    }
}

fn condition(what: &str, value: &str, sketch: &mut Sketch) -> Option<(Fate, &'static str)> {
    let (text, is_negated) = value.strip_prefix('!').map_or((value, false), |rest| (rest.trim(), true));
    let negated = |text: &str| format!("{}{text}", if is_negated { "!" } else { "" });
    if let Some((_, loss)) = PATHS.iter().find(|(name, _)| *name == what) {
        let is_said = text.starts_with('/') && (loss.is_empty() || !is_negated);
        if is_said {
            sketch.condition("path", negated(text));
        }
        return Some(match (is_said, loss.is_empty()) {
            (true, true) => (Fate::Kept, "as if: path"),
            (true, false) => (Fate::Approximated, "as if: path: only that it exists"),
            (false, _) => (Fate::Dropped, "if can only ask whether a path exists"),
        });
    }
    Some(match (what, text) {
        ("Virtualization", "container") => {
            sketch.condition("container", (!is_negated).to_string());
            (Fate::Kept, "as if: container")
        }
        ("KernelCommandLine", word)
            if !word.is_empty() && !word.contains(char::is_whitespace) && !word.starts_with('!') =>
        {
            sketch.condition("cmdline", negated(word));
            (Fate::Kept, "as if: cmdline")
        }
        _ => (Fate::Dropped, "if has no such condition"),
    })
}
