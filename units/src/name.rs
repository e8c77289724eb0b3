//! A unit's name, valid by construction.

mod map;

use std::borrow::Borrow;
use std::fmt::{self, Display, Formatter};
use std::sync::Arc;

pub(crate) use map::QuickMap;
pub use map::{NameHasher, NameMap};

/// The longest name, in bytes: a file name leaves room for suffixes.
const LONGEST: usize = 200;

/// A unit's name: 1 to 200 bytes of letters, digits and `_ . @ : + -`, not beginning with `.` or `-`. Copies share the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitName(Arc<str>);

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
            None => Ok(Self(text.into())),
        }
    }

    /// Whether it is a template's: it ends with `@`, and only its instances can be brought up.
    pub fn is_template(&self) -> bool {
        self.0.ends_with('@')
    }

    /// The template of an instance's name, and the instance: `getty@tty1` is `tty1` of `getty@`.
    pub fn template(&self) -> Option<(UnitName, &str)> {
        let (prefix, instance) = self.0.split_once('@').filter(|(_, instance)| !instance.is_empty())?;
        Some((Self(format!("{prefix}@").into()), instance))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for UnitName {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl Display for UnitName {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
