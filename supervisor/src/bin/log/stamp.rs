//! Times before lines.

use crate::client::calendar::date_of;
use crate::client::zone::Zone;
use std::time::{SystemTime, UNIX_EPOCH};
use supervisor::tai::Tai64n;

/// Whose labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Labels {
    /// daemontools' and runit's.
    Daemontools,
    /// s6's, which count leap seconds.
    S6,
}

/// A moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    seconds: i64,
    nanoseconds: u32,
}

impl Moment {
    /// Now.
    pub fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self { seconds: since.as_secs().cast_signed(), nanoseconds: since.subsec_nanos() }
    }

    /// The TAI64N label.
    pub fn label(self, labels: Labels) -> String {
        let time = Tai64n::from_unix(self.seconds, self.nanoseconds);
        let time = if labels == Labels::S6 { time.with_leap_seconds() } else { time };
        String::from_utf8_lossy(&time.label()).into_owned()
    }

    /// `2026-11-21_11:29:23.14321`, in UTC, with another byte between date and time.
    pub fn universal(self, between: char) -> String {
        format!("{}.{:05}", clock(self.seconds, between), self.nanoseconds / 10_000)
    }

    /// `2026-11-21 11:29:23.143211234`, in a zone.
    pub fn local(self, zone: &Zone) -> String {
        format!("{}.{:09}", clock(self.seconds + zone.offset(self.seconds).0, ' '), self.nanoseconds)
    }
}

fn clock(seconds: i64, between: char) -> String {
    let (year, month, day) = date_of(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}{between}{hour:02}:{minute:02}:{second:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each form of one moment.
    #[test]
    fn forms() {
        let moment = Moment { seconds: 1_000_000_000, nanoseconds: 123_456_789 };
        assert_eq!(moment.universal('_'), "2001-09-09_01:46:40.12345");
        assert_eq!(moment.local(&Zone::default()), "2001-09-09 01:46:40.123456789");
        assert_eq!(moment.label(Labels::Daemontools), "@400000003b9aca0a075bcd15");
        assert_eq!(moment.label(Labels::S6), "@400000003b9aca20075bcd15");
    }
}
