//! systemd's unit files: sections with `Key=value` lines.

use crate::Place;
use crate::source::Source;

/// One assignment.
#[derive(Clone, Debug)]
pub(super) struct Setting {
    pub(super) section: String,
    pub(super) key: String,
    pub(super) value: String,
    pub(super) place: Place,
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
            settings.push(Setting { section: section.clone(), key, value, place });
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
