//! The commands of runit's `sv`.

/// What a command word means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Print the state.
    Status,
    /// Report whether the service is in the state it is wanted in, and its `check` says yes.
    Check,
    /// Send letters.
    Control {
        /// What is written into the control FIFO, in one write.
        letters: &'static str,
        /// Report the outcome, waiting for it.
        waits: bool,
        /// KILL when the time is over.
        kills: bool,
    },
}

/// Words that wait for their outcome, with their letters.
const WAITING: [(&str, &str, bool); 10] = [
    ("start", "u", false),
    ("stop", "d", false),
    ("reload", "h", false),
    ("restart", "tcu", false),
    ("shutdown", "x", false),
    ("try-restart", "tc", false),
    ("force-stop", "d", true),
    ("force-reload", "tc", true),
    ("force-restart", "tcu", true),
    ("force-shutdown", "x", true),
];

/// Words known by their first letter, the letters that they send, and whether they wait in any case and kill.
const BY_LETTER: [(u8, &str, bool); 19] = [
    (b'u', "u", false),
    (b'd', "d", false),
    (b'o', "o", false),
    (b'p', "p", false),
    (b'c', "c", false),
    (b'h', "h", false),
    (b'a', "a", false),
    (b'i', "i", false),
    (b'q', "q", false),
    (b'1', "1", false),
    (b'2', "2", false),
    (b't', "t", false),
    (b'k', "k", false),
    (b'e', "x", false),
    (b'x', "x", false),
    (b'D', "d", true),
    (b'T', "tc", true),
    (b'X', "x", true),
    (b'E', "x", true),
];

impl Verb {
    /// The meaning of a word; `None` when it has none. Those that need not wait do so when told to be verbose.
    pub fn from_word(word: &str, verbose: bool) -> Option<Self> {
        if let Some((_, letters, kills)) = WAITING.iter().find(|(known, ..)| *known == word) {
            return Some(Self::Control { letters, waits: true, kills: *kills });
        }
        match word.as_bytes().first()? {
            b'c' if word == "check" => Some(Self::Check),
            b's' => Some(Self::Status),
            first => {
                let (_, letters, kills) = BY_LETTER.iter().find(|(known, ..)| known == first)?;
                Some(Self::Control { letters, waits: verbose || *kills, kills: *kills })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole words win over first letters; a word without a meaning has none.
    #[test]
    fn words() {
        let control = |letters, waits, kills| Some(Verb::Control { letters, waits, kills });
        assert_eq!(Verb::from_word("status", false), Some(Verb::Status));
        assert_eq!(Verb::from_word("s", true), Some(Verb::Status));
        assert_eq!(Verb::from_word("start", false), control("u", true, false));
        assert_eq!(Verb::from_word("up", false), control("u", false, false));
        assert_eq!(Verb::from_word("up", true), control("u", true, false));
        assert_eq!(Verb::from_word("cont", false), control("c", false, false));
        assert_eq!(Verb::from_word("check", false), Some(Verb::Check));
        assert_eq!(Verb::from_word("force-restart", false), control("tcu", true, true));
        assert_eq!(Verb::from_word("exit", false), control("x", false, false));
        assert_eq!(Verb::from_word("T", false), control("tc", true, true));
        for none in ["foo", "res", "", "é"] {
            assert_eq!(Verb::from_word(none, false), None, "{none}");
        }
    }
}
