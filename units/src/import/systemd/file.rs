//! systemd's unit files: sections with `Key=value` lines.

use super::specifiers::Names;
use crate::Place;
use crate::import::sketch::INSTANCE;
use crate::source::Source;

/// One assignment.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) place: Place,
    /// What somebody must decide, because only systemd knows what its specifiers stand for.
    pub(super) decisions: Vec<String>,
}

impl Setting {
    /// What it is called in the report.
    pub(super) fn directive(&self) -> String {
        format!("[{}] {}", self.section, self.key)
    }

    /// Whether it is this key of this section.
    pub(super) fn is(&self, section: &str, key: &str) -> bool {
        self.section == section && self.key == key
    }

    pub(super) fn is_true(&self) -> bool {
        boolean(&self.value) == Some(true)
    }

    pub(super) fn is_false(&self) -> bool {
        boolean(&self.value) == Some(false)
    }

    /// Puts what they stand for in the place of specifiers.
    pub(super) fn expand(&mut self, names: &Names) {
        let (value, unknown) = names.expand(&self.value);
        let is_unescaped = ["%I", "%J", "%f"].iter().any(|one| self.value.contains(one));
        if value.contains(INSTANCE) && is_unescaped && self.key != "Description" {
            self.decisions.push("%I is the instance with its - as /: ${INSTANCE} is as it was written".into());
        }
        let unknown = unknown.iter().map(|one| format!("write what %{one} stands for: only systemd knows"));
        self.decisions.extend(unknown);
        self.value = value;
    }
}

/// A word that says yes or no.
fn boolean(word: &str) -> Option<bool> {
    const WORDS: [(&str, &str); 6] =
        [("yes", "no"), ("true", "false"), ("on", "off"), ("1", "0"), ("y", "n"), ("t", "f")];
    let is_yes = WORDS.iter().any(|(yes, _)| word.eq_ignore_ascii_case(yes));
    let is_no = WORDS.iter().any(|(_, no)| word.eq_ignore_ascii_case(no));
    (is_yes || is_no).then_some(is_yes)
}

/// The last assignment to a key.
pub(super) fn last<'a>(settings: &'a [Setting], section: &str, key: &str) -> Option<&'a Setting> {
    settings.iter().rev().find(|one| one.is(section, key))
}

/// What the last assignment to a key says.
pub(super) fn value<'a>(settings: &'a [Setting], section: &str, key: &str) -> Option<&'a str> {
    last(settings, section, key).map(|one| one.value.as_str())
}

/// All words that are assigned to a key.
pub(super) fn words<'a>(settings: &'a [Setting], section: &'a str, key: &'a str) -> impl Iterator<Item = &'a str> {
    settings.iter().filter(move |one| one.is(section, key)).flat_map(|one| one.value.split_whitespace())
}

/// The assignments of a file, and the lines that are none.
pub(super) fn read(source: &Source) -> (Vec<Setting>, Vec<(String, Place)>) {
    let mut settings = Vec::new();
    let mut others = Vec::new();
    let mut section = String::new();
    for (number, text) in joined(&source.text) {
        let place = Place { column: 0, ..source.place(number, 1) };
        let line = text.trim();
        if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
            section = name.into();
        } else if let Some((key, value)) = line.split_once('=').filter(|_| !section.is_empty()) {
            let (key, value) = (key.trim().into(), value.trim().into());
            settings.push(Setting { section: section.clone(), key, value, place, decisions: Vec::new() });
        } else {
            others.push((line.into(), place));
        }
    }
    (settings, others)
}

/// The lines that count; those that end with a backslash with what continues them, comments among them left out.
fn joined(text: &str) -> Vec<(usize, String)> {
    let mut lines: Vec<(usize, String)> = Vec::new();
    let mut is_continued = false;
    for (number, line) in (1..).zip(text.lines()) {
        let begin = line.trim_start();
        if begin.starts_with(['#', ';']) || (begin.is_empty() && !is_continued) {
            continue;
        }
        let body = line.strip_suffix('\\');
        let text = body.unwrap_or(line).trim();
        match lines.last_mut().filter(|_| is_continued) {
            Some((_, last)) => {
                last.push(' ');
                last.push_str(text);
            }
            None => lines.push((number, text.into())),
        }
        is_continued = body.is_some();
    }
    lines
}
