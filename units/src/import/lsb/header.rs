//! The comment block of an init script: `### BEGIN INIT INFO` to `### END INIT INFO`.

use crate::source::Source;

/// The keys of the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Provides,
    RequiredStart,
    RequiredStop,
    ShouldStart,
    ShouldStop,
    XStartBefore,
    XStopAfter,
    DefaultStart,
    DefaultStop,
    XInteractive,
    ShortDescription,
    Description,
    Unknown,
}

/// Their names; insserv does not mind the case.
const KEYS: [(&str, Key); 12] = [
    ("Provides", Key::Provides),
    ("Required-Start", Key::RequiredStart),
    ("Required-Stop", Key::RequiredStop),
    ("Should-Start", Key::ShouldStart),
    ("Should-Stop", Key::ShouldStop),
    ("X-Start-Before", Key::XStartBefore),
    ("X-Stop-After", Key::XStopAfter),
    ("Default-Start", Key::DefaultStart),
    ("Default-Stop", Key::DefaultStop),
    ("X-Interactive", Key::XInteractive),
    ("Short-Description", Key::ShortDescription),
    ("Description", Key::Description),
];

/// One line of the header, with the lines that continue it.
#[derive(Clone, Debug)]
pub(super) struct Field {
    /// Which.
    pub(super) key: Key,
    /// As it is written.
    pub(super) name: String,
    /// Its value, line ends replaced by blanks.
    pub(super) value: String,
    /// The line, from 1.
    pub(super) line: usize,
}

/// What stands in the header; `None`: there is none.
pub(super) fn read(source: &Source) -> Option<Vec<Field>> {
    let lines: Vec<(usize, &str)> = (1..).zip(source.text.lines()).collect();
    let begin = lines.iter().position(|(_, line)| is_marker(line, "BEGIN"))?;
    let block = lines[begin + 1..].iter().take_while(|(_, line)| line.starts_with('#') && !is_marker(line, "END"));
    let mut fields: Vec<Field> = Vec::new();
    for (number, line) in block {
        let text = line.trim_start_matches('#');
        let is_continued = text.starts_with('\t') || text.starts_with("  ");
        match field(text, *number) {
            Some(field) if field.key != Key::Unknown || !is_continued => fields.push(field),
            _ if is_continued => continue_last(&mut fields, text),
            _ => {}
        }
    }
    Some(fields)
}

fn is_marker(line: &str, word: &str) -> bool {
    let words: Vec<&str> = line.trim_start_matches('#').split_whitespace().collect();
    line.starts_with('#') && words == [word, "INIT", "INFO"]
}

fn field(text: &str, line: usize) -> Option<Field> {
    let (name, value) = text.split_once(':')?;
    let name = name.trim();
    let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let known = KEYS.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
    let key = known.map_or(Key::Unknown, |(_, key)| *key);
    is_name.then(|| Field { key, name: name.into(), value: value.trim().into(), line })
}

fn continue_last(fields: &mut [Field], text: &str) {
    let Some(last) = fields.last_mut().filter(|last| last.key == Key::Description) else { return };
    last.value.push(' ');
    last.value.push_str(text.trim());
}
