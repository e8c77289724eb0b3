//! The values that several keys have: texts, lists, maps, paths, durations, sizes, numbers.

use std::path::PathBuf;
use std::time::Duration;

use super::{Checker, meant};
use crate::language::elsewhere;
use crate::text::{did_you_mean, quoted, visible};
use crate::time::{TimeUnit, amounts};
use crate::tree::{Entry, Node, Value};

/// The longest duration: what is longer was meant as something else.
pub(crate) const LONGEST: Duration = Duration::from_secs(7 * 24 * 3600);

/// Units of size with their bytes.
const SIZES: [(&str, u64); 4] = [("", 1), ("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30)];

/// What a node is, in words.
pub(super) fn describe(node: &Node) -> String {
    match &node.value {
        Value::Nothing => "nothing".into(),
        Value::Text(text) => quoted(text),
        Value::List(_) => "a list".into(),
        Value::Map(_) => "a map".into(),
    }
}

impl<'a> Checker<'a> {
    /// A text that is not empty.
    pub(super) fn text(&mut self, key: &str, node: &'a Node<'a>) -> Option<&'a str> {
        match &node.value {
            Value::Text(text) if !text.is_empty() => Some(text),
            _ => self.wrong(key, node, "a text"),
        }
    }

    /// The items of a list.
    pub(super) fn list(&mut self, key: &str, node: &'a Node<'a>) -> &'a [Node<'a>] {
        match &node.value {
            Value::List(items) => items,
            _ => self.wrong_but(key, node, "a list", meant::list).unwrap_or_default(),
        }
    }

    /// One or several: the items of a list, or the node itself.
    pub(super) fn one_or_several(&mut self, node: &'a Node<'a>) -> &'a [Node<'a>] {
        match &node.value {
            Value::List(items) => items,
            _ => std::slice::from_ref(node),
        }
    }

    /// The entries of a map that may have the keys `known`.
    pub(super) fn map(&mut self, key: &str, node: &'a Node<'a>, known: &[&str]) -> &'a [Entry<'a>] {
        let Value::Map(entries) = &node.value else {
            return self.wrong(key, node, &format!("a map with {}", known.join(", "))).unwrap_or_default();
        };
        for entry in entries.iter().filter(|entry| !known.contains(&entry.key.as_ref())) {
            let hint = did_you_mean(&entry.key, known.iter().copied());
            self.error(&entry.place, format!("unknown key {} in \"{key}\"{hint}", quoted(&entry.key)));
        }
        entries
    }

    /// An absolute path.
    pub(super) fn path(&mut self, key: &str, node: &'a Node<'a>) -> Option<PathBuf> {
        let text = self.text(key, node)?;
        match text.starts_with('/') {
            true => Some(text.into()),
            false => self.wrong(key, node, "an absolute path"),
        }
    }

    pub(super) fn boolean(&mut self, key: &str, node: &'a Node<'a>) -> Option<bool> {
        match &node.value {
            Value::Text(text) if text == "true" => Some(true),
            Value::Text(text) if text == "false" => Some(false),
            Value::Text(text) if ["yes", "on", "no", "off"].contains(&text.as_ref()) => {
                let meant = text == "yes" || text == "on";
                self.error(&node.place, format!("\"{key}\" must be true or false, not {text} (did you mean {meant}?)"));
                None
            }
            _ => self.wrong(key, node, "true or false"),
        }
    }

    /// A duration: numbers with units, as in `1m30s`.
    pub(super) fn duration(&mut self, key: &str, node: &'a Node<'a>) -> Option<Duration> {
        match &node.value {
            Value::Text(text) if parse_duration(text).is_some() => parse_duration(text),
            _ => self.wrong_but(key, node, "a duration of at most 168h, such as 200ms, 60s or 1m30s", |text| {
                elsewhere::word(key, text).map(str::to_owned).or_else(|| meant::duration(text))
            }),
        }
    }

    /// A size in bytes: a number, or one with K, M or G.
    pub(super) fn size(&mut self, key: &str, node: &'a Node<'a>) -> Option<u64> {
        match &node.value {
            Value::Text(text) if parse_size(text).is_some() => parse_size(text),
            _ => self.wrong_but(key, node, "a size in bytes, such as 65536, 512K or 1M", meant::size),
        }
    }

    /// A whole number from `least` to `most`.
    pub(super) fn number(&mut self, key: &str, node: &'a Node<'a>, (least, most): (i64, i64)) -> Option<u32> {
        match &node.value {
            Value::Text(text) => parse_number(text),
            _ => None,
        }
        .filter(|number| (least..=most).contains(&i64::from(*number)))
        .or_else(|| self.wrong(key, node, &format!("a number from {least} to {most}")))
    }

    /// A whole number from `least` to `most`, perhaps negative.
    pub(super) fn integer(&mut self, key: &str, node: &'a Node<'a>, (least, most): (i64, i64)) -> Option<i32> {
        let number = match &node.value {
            Value::Text(text) => match text.strip_prefix('-') {
                Some(rest) => parse_number(rest).and_then(|number| i32::try_from(number).ok()).map(|number| -number),
                None => parse_number(text).and_then(|number| i32::try_from(number).ok()),
            },
            _ => None,
        };
        let fits = number.filter(|number| (least..=most).contains(&i64::from(*number)));
        fits.or_else(|| self.wrong(key, node, &format!("a number from {least} to {most}")))
    }

    /// Permission bits in octal, 0000 to 0777.
    pub(super) fn octal(&mut self, key: &str, node: &'a Node<'a>) -> Option<u32> {
        let bits = match &node.value {
            Value::Text(text) if (3..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit()) => {
                u32::from_str_radix(text, 8).ok()
            }
            _ => None,
        };
        let wanted = "three or four octal digits, such as 0022";
        bits.filter(|bits| *bits <= 0o777).or_else(|| self.wrong_but(key, node, wanted, meant::octal))
    }

    /// Says what a value must be; the `None` is for the caller to return.
    pub(super) fn wrong<T>(&mut self, key: &str, node: &Node, wanted: &str) -> Option<T> {
        self.wrong_but(key, node, wanted, |_| None)
    }

    /// The same with what a text was probably meant to be.
    pub(super) fn wrong_but<T>(
        &mut self,
        key: &str,
        node: &Node,
        wanted: &str,
        meant: impl Fn(&str) -> Option<String>,
    ) -> Option<T> {
        let meant = if let Value::Text(text) = &node.value { meant(text) } else { None };
        self.wrong_and(key, node, wanted, meant)
    }

    /// The same with what the value was probably meant to be. Whatever is suggested comes from a file, and goes to a terminal.
    pub(super) fn wrong_and<T>(&mut self, key: &str, node: &Node, wanted: &str, meant: Option<String>) -> Option<T> {
        let hint = meant.map_or_else(String::new, |meant| format!(" (did you mean {}?)", visible(&meant)));
        self.error(&node.place, format!("{} must be {wanted}, not {}{hint}", quoted(key), describe(node)));
        None
    }
}

/// A number without sign and leading zeros.
pub(super) fn parse_number(text: &str) -> Option<u32> {
    digits(text).and_then(|number| u32::try_from(number).ok())
}

/// Digits only: no sign, no leading zero that someone may take for octal.
fn digits(text: &str) -> Option<u64> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_plain = text == "0" || !text.starts_with('0');
    (is_number && is_plain).then(|| text.parse().ok()).flatten()
}

/// A duration as unit files write it: numbers with units, the larger first, as in `1m30s`; at most 168 h.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let (mut total, mut last) = (0_u64, u64::MAX);
    for (number, word) in amounts(text) {
        let (_, unit) = TimeUnit::ours().find(|(name, unit)| *name == word && unit.microseconds < last)?;
        last = unit.microseconds;
        total = total.checked_add(digits(number)?.checked_mul(last)?)?;
    }
    let duration = Duration::from_micros(total);
    let has_blanks = text.contains(char::is_whitespace);
    (!text.is_empty() && !has_blanks && duration <= LONGEST).then_some(duration)
}

/// A size as unit files write it, in bytes.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (_, bytes) = SIZES.iter().find(|(name, _)| *name == &text[end..])?;
    digits(&text[..end])?.checked_mul(*bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A duration is numbers with units, the larger first; nothing else is taken for one.
    #[test]
    fn durations() {
        for (text, expected) in [
            ("60s", Some(60_000)),
            ("200ms", Some(200)),
            ("1m30s", Some(90_000)),
            ("1h1m1s1ms", Some(3_661_001)),
            ("0s", Some(0)),
            ("168h", Some(604_800_000)),
            ("169h", None),
            ("60", None),
            ("", None),
            ("s", None),
            ("1.5s", None),
            ("-1s", None),
            ("1s1m", None),
            ("1s1s", None),
            ("08s", None),
            ("1 s", None),
            ("1d", None),
            ("99999999999999999999s", None),
            ("18446744073709551615h", None),
            ("1s ", None),
            ("１s", None),
        ] {
            assert_eq!(parse_duration(text), expected.map(Duration::from_millis), "{text}");
        }
    }

    /// A size is a number of bytes, or one of K, M, G.
    #[test]
    fn sizes() {
        for (text, expected) in [
            ("65536", Some(65_536)),
            ("1M", Some(1_048_576)),
            ("512K", Some(524_288)),
            ("2G", Some(2_147_483_648)),
            ("1m", None),
            ("1MB", None),
            ("M", None),
            ("", None),
            ("18446744073709551615G", None),
        ] {
            assert_eq!(parse_size(text), expected, "{text}");
        }
    }
}
