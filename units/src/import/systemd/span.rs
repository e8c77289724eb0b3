//! Time spans as systemd writes them: `5min 20s`, `90`, `infinity`.

use std::time::Duration;

/// Names with their milliseconds; months and years are what systemd takes them for.
const TIMES: [(&[&str], f64); 9] = [
    (&["ms", "msec"], 1.0),
    (&["s", "sec", "second", "seconds", ""], 1000.0),
    (&["m", "min", "minute", "minutes"], 60_000.0),
    (&["h", "hr", "hour", "hours"], 3_600_000.0),
    (&["d", "day", "days"], 86_400_000.0),
    (&["w", "week", "weeks"], 604_800_000.0),
    (&["M", "month", "months"], 2_629_800_000.0),
    (&["y", "year", "years"], 31_557_600_000.0),
    (&["us", "usec", "µs"], 0.001),
];

/// The longest that our language can say.
const LONGEST: f64 = 604_800_000.0;

/// A time span.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Span {
    Finite(Duration),
    Infinite,
}

/// Reads a time span; `None`: it is none, or longer than a week.
pub(super) fn parse(text: &str) -> Option<Span> {
    let mut rest = text.trim();
    if rest == "infinity" {
        return Some(Span::Infinite);
    }
    let mut milliseconds = 0.0;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let number: f64 = rest[..end].parse().ok()?;
        rest = rest[end..].trim_start();
        let end = rest.find(|c: char| !c.is_alphabetic()).unwrap_or(rest.len());
        let (_, factor) = TIMES.iter().find(|(names, _)| names.contains(&&rest[..end]))?;
        milliseconds += number * factor;
        rest = rest[end..].trim_start();
    }
    (milliseconds <= LONGEST).then(|| Span::Finite(Duration::from_millis(milliseconds.ceil() as u64)))
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
            ("0", Some(0)),
            ("2 weeks", None),
            ("", None),
            ("x", None),
            ("5 parsecs", None),
            ("1..2", None),
            ("99999999999999999999999", None),
        ] {
            assert_eq!(parse(text), expected.map(|time| Span::Finite(Duration::from_millis(time))), "{text}");
        }
        assert_eq!(parse("infinity"), Some(Span::Infinite));
    }
}
