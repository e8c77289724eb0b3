//! Units of time by all the words that people and other suites have for them, and the texts in which they stand behind numbers.

/// A unit of time.
#[derive(Debug)]
pub(crate) struct TimeUnit {
    /// How it is written in the unit language; `None`: that has no word for it.
    pub(crate) ours: Option<&'static str>,
    pub(crate) microseconds: u64,
    /// What systemd calls it.
    words: &'static [&'static str],
    /// What people call it besides.
    more: &'static [&'static str],
}

/// All of them, the smallest first. A number without a word is seconds nearly everywhere; months and years are what systemd
/// takes them for.
const UNITS: [TimeUnit; 9] = [
    unit(None, 1, &["us", "usec", "µs", "μs"], &["microsecond", "microseconds"]),
    unit(Some("ms"), 1_000, &["ms", "msec"], &["msecs", "millisecond", "milliseconds"]),
    unit(Some("s"), 1_000_000, &["s", "sec", "second", "seconds", ""], &["secs"]),
    unit(Some("m"), 60_000_000, &["m", "min", "minute", "minutes"], &["mins"]),
    unit(Some("h"), 3_600_000_000, &["h", "hr", "hour", "hours"], &["hrs"]),
    unit(None, 86_400_000_000, &["d", "day", "days"], &[]),
    unit(None, 604_800_000_000, &["w", "week", "weeks"], &[]),
    unit(None, 2_629_800_000_000, &["M", "month", "months"], &[]),
    unit(None, 31_557_600_000_000, &["y", "year", "years"], &[]),
];

const fn unit(
    ours: Option<&'static str>,
    microseconds: u64,
    words: &'static [&'static str],
    more: &'static [&'static str],
) -> TimeUnit {
    TimeUnit { ours, microseconds, words, more }
}

impl TimeUnit {
    /// The one that anybody calls so.
    pub(crate) fn called(word: &str) -> Option<&'static Self> {
        UNITS.iter().find(|unit| unit.words.contains(&word) || unit.more.contains(&word))
    }

    /// The one that systemd calls so.
    pub(crate) fn of_systemd(word: &str) -> Option<&'static Self> {
        UNITS.iter().find(|unit| unit.words.contains(&word))
    }

    /// Those of the unit language, with their names, the largest first.
    pub(crate) fn ours() -> impl Iterator<Item = (&'static str, &'static Self)> {
        UNITS.iter().rev().filter_map(|unit| Some((unit.ours?, unit)))
    }
}

/// The numbers of a text, each with the word behind it, which may be empty; blanks count for nothing. What is neither stands
/// there as an empty number.
pub(crate) fn amounts(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let mut rest = text.trim();
    std::iter::from_fn(move || {
        let number = cut(&mut rest, |c| c.is_ascii_digit() || c == '.');
        let word = cut(&mut rest, char::is_alphabetic);
        let is_alien = number.is_empty() && word.is_empty();
        let is_over = rest.is_empty() && is_alien;
        if is_alien {
            rest = "";
        }
        (!is_over).then_some((number, word))
    })
}

/// Takes the characters of a kind off the front, and the blanks behind them.
fn cut<'a>(rest: &mut &'a str, is_wanted: impl Fn(char) -> bool) -> &'a str {
    let (front, behind) = rest.split_at(rest.find(|c| !is_wanted(c)).unwrap_or(rest.len()));
    *rest = behind.trim_start();
    front
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers and words are told apart with and without blanks; what is neither is told, and ends the text.
    #[test]
    fn texts_are_taken_apart() {
        let parts: [(&str, &[(&str, &str)]); 6] = [
            ("", &[]),
            ("90", &[("90", "")]),
            (" 1h 30 min20s ", &[("1", "h"), ("30", "min"), ("20", "s")]),
            ("5 µs", &[("5", "µs")]),
            ("s", &[("", "s")]),
            ("1s-2m", &[("1", "s"), ("", "")]),
        ];
        for (text, expected) in parts {
            assert_eq!(amounts(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    /// No word means two things, the smaller unit stands first, and what the language writes, systemd reads as the same.
    #[test]
    fn words_are_unambiguous() {
        let words: Vec<&str> = UNITS.iter().flat_map(|unit| [unit.words, unit.more].concat()).collect();
        let distinct: std::collections::BTreeSet<&str> = words.iter().copied().collect();
        assert_eq!(words.len(), distinct.len());
        assert!(UNITS.is_sorted_by_key(|unit| unit.microseconds));
        for (name, unit) in TimeUnit::ours() {
            assert!(std::ptr::eq(TimeUnit::of_systemd(name).unwrap(), unit), "{name}");
        }
    }
}
