//! A unit's name, valid by construction.

mod map;

use std::borrow::Borrow;
use std::cmp::Ordering;
use std::fmt::{self, Debug, Display, Formatter};
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrayvec::ArrayString;

pub(crate) use map::QuickMap;
pub use map::{NameHasher, NameMap};

/// The longest name, in bytes: a file name leaves room for suffixes.
const LONGEST: usize = 200;

/// The longest name that stands where it is looked for, in bytes: as many as fit beside the pointer to a longer one.
const SHORT: usize = 16;

/// A unit's name: 1 to 200 bytes of letters, digits and `_ . @ : + -`, not beginning with `.` or `-`.
#[derive(Clone)]
pub struct UnitName(Text);

/// What is looked up a dozen times is not to be somewhere else in memory each time. Copies of a long one share its text.
#[derive(Clone)]
enum Text {
    Short(ArrayString<SHORT>),
    Long(Arc<str>),
}

impl Text {
    fn new(text: &str) -> Self {
        ArrayString::from(text).map_or_else(|_| Self::Long(text.into()), Self::Short)
    }
}

impl UnitName {
    /// Checks a name; the error says what is wrong with it.
    pub fn new(text: &str) -> Result<Self, String> {
        let is_allowed =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'@' | b':' | b'+' | b'-');
        if text.is_empty() {
            return Err("a unit name must not be empty".into());
        }
        if text.len() > LONGEST {
            return Err(format!("a unit name has at most {LONGEST} bytes"));
        }
        if text.starts_with(['.', '-']) {
            return Err(format!("unit name '{text}' must not begin with '.' or '-'"));
        }
        // Whatever is before the first byte that is not allowed is ASCII, so that a character begins there.
        match text.bytes().position(|byte| !is_allowed(byte)).and_then(|at| text[at..].chars().next()) {
            Some(c) => Err(format!("unit name {text:?} must not contain {c:?}")),
            None => Ok(Self(Text::new(text))),
        }
    }

    /// Whether it is a template's: it ends with `@`, and only its instances can be brought up.
    pub fn is_template(&self) -> bool {
        self.as_str().ends_with('@')
    }

    /// The template of an instance's name, and the instance: `getty@tty1` is `tty1` of `getty@`.
    pub fn template(&self) -> Option<(UnitName, &str)> {
        let (prefix, instance) = self.as_str().split_once('@').filter(|(_, instance)| !instance.is_empty())?;
        Some((Self(Text::new(&format!("{prefix}@"))), instance))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        match &self.0 {
            Text::Short(text) => text,
            Text::Long(text) => text,
        }
    }
}

impl PartialEq for UnitName {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for UnitName {}

impl PartialOrd for UnitName {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for UnitName {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for UnitName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

impl Borrow<str> for UnitName {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl Debug for UnitName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.debug_tuple("UnitName").field(&self.as_str()).finish()
    }
}

impl Display for UnitName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{LONGEST, NameMap, UnitName};

    /// However long they are and wherever they stand, names are equal, in order and found as their texts are.
    #[test]
    fn as_their_texts() {
        let texts: BTreeSet<String> =
            (1..=LONGEST).flat_map(|length| ["a", "b", "ab"].map(|text| text.repeat(length))).collect();
        let texts: Vec<String> = texts.into_iter().filter(|text| text.len() <= LONGEST).collect();
        let names: Vec<UnitName> = texts.iter().map(|text| UnitName::new(text).unwrap()).collect();
        assert!(names.is_sorted_by(|one, other| one < other && one != other));
        let map: NameMap<&str> = names.iter().map(|name| (name.clone(), name.as_str())).collect();
        assert!(texts.iter().all(|text| map[text.as_str()] == text));
    }
}
