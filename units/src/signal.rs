//! A signal as units name it.

use std::fmt::{self, Display, Formatter};

use supervisor::sys::signal::{NAMES, parse};

/// A signal, 1 to 64. Real-time signals count from 34, whatever the C library.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signal(u32);

impl Signal {
    /// From a name, with or without `SIG`, or a number, as the service-directory file `down-signal` has it.
    pub fn new(text: &str) -> Option<Self> {
        parse(text.as_bytes()).map(Self)
    }

    /// Its number.
    pub fn number(self) -> u32 {
        self.0
    }

    /// Every name that [`Signal::new`] knows, without `SIG`.
    pub(crate) fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().filter_map(|(name, _)| str::from_utf8(name).ok())
    }
}

/// The name without `SIG`, or the number of a signal that has none here.
impl Display for Signal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let known = NAMES.iter().find(|(_, number)| *number == self.0).and_then(|(name, _)| str::from_utf8(name).ok());
        match known {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}
