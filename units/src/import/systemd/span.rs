//! Time spans as systemd writes them: `5min 20s`, `90`, `infinity`.

use std::time::Duration;

use crate::check::LONGEST_DURATION;
use crate::time::{TimeUnit, amounts};

/// A time span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Finite(Duration),
    Infinite,
}

/// Reads a time span; `None`: it is none, or longer than our language can say.
pub(super) fn parse(text: &str) -> Option<Span> {
    match text.trim() {
        "" => return None,
        "infinity" => return Some(Span::Infinite),
        _ => {}
    }
    let mut microseconds = 0.0;
    for (number, word) in amounts(text) {
        microseconds += number.parse::<f64>().ok()? * TimeUnit::of_systemd(word)?.microseconds as f64;
    }
    let duration = Duration::from_millis((microseconds / 1000.0).ceil() as u64);
    (duration <= LONGEST_DURATION).then_some(Span::Finite(duration))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers without a unit are seconds; what is no time span is refused.
    #[test]
    fn spans() {
        for (text, expected) in [
            ("90", Some(90_000)),
            ("5min 20s", Some(320_000)),
            ("1h30m", Some(5_400_000)),
            ("1.5s", Some(1500)),
            ("500ms", Some(500)),
            ("100 us", Some(1)),
            ("0", Some(0)),
            ("2 weeks", None),
            ("", None),
            ("x", None),
            ("5 mins", None),
            ("5 parsecs", None),
            ("1..2", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(parse(text), expected.map(|time| Span::Finite(Duration::from_millis(time))), "{text}");
        }
        assert_eq!(parse("infinity"), Some(Span::Infinite));
    }
}
