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

/// Words known by their first letter, which wait only when told to be verbose.
const BY_LETTER: [(&str, &str); 14] = [
    ("u", "up"),
    ("d", "down"),
    ("o", "once"),
    ("p", "pause"),
    ("c", "cont"),
    ("h", "hup"),
    ("a", "alarm"),
    ("i", "interrupt"),
    ("q", "quit"),
    ("1", "1"),
    ("2", "2"),
    ("t", "term"),
    ("k", "kill"),
    ("x", "exit"),
];

impl Verb {
    /// The meaning of a word; `None` when it has none.
    pub fn from_word(word: &str, verbose: bool) -> Option<Self> {
        if let Some((_, letters, kills)) = WAITING.iter().find(|(known, ..)| *known == word) {
            return Some(Self::Control { letters, waits: true, kills: *kills });
        }
        match word {
            "check" => return Some(Self::Check),
            "exit" | "e" => return Some(Self::Control { letters: "x", waits: verbose, kills: false }),
            _ => {}
        }
        let first = word.get(..1)?;
        if first == "s" {
            return Some(Self::Status);
        }
        let (letters, _) = BY_LETTER.iter().find(|(letter, _)| *letter == first)?;
        Some(Self::Control { letters, waits: verbose, kills: false })
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
        assert_eq!(Verb::from_word("foo", false), None);
    }
}
