//! When the system is to be stopped: sysvinit's words for it. Pure.

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The moment that a command line names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum When {
    /// In so many minutes; 0: now.
    In(u64),
    /// The next time that it is so many minutes after midnight, in local time.
    At(u16),
}

impl When {
    /// `now`, `+5`, `5`, `+1:30`, `23:00`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "now" {
            return Some(Self::In(0));
        }
        let (relative, rest) = text.strip_prefix('+').map_or((false, text), |rest| (true, rest));
        let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit()).then(|| part.parse::<u32>().ok());
        let Some((hours, minutes)) = rest.split_once(':') else {
            return digits(rest).flatten().map(|minutes| Self::In(minutes.into()));
        };
        let (hours, minutes) = (digits(hours).flatten()?, digits(minutes).flatten()?);
        if minutes > 59 {
            None
        } else if relative {
            Some(Self::In(u64::from(hours) * 60 + u64::from(minutes)))
        } else if hours > 23 {
            None
        } else {
            u16::try_from(hours * 60 + minutes).ok().map(Self::At)
        }
    }

    /// The moment in seconds since the epoch. `offset` tells how many seconds local time is ahead at a moment; it may be
    /// another one then than now.
    pub fn seconds(self, now: i64, offset: impl Fn(i64) -> i64) -> i64 {
        match self {
            Self::In(minutes) => now.saturating_add_unsigned(minutes * 60),
            Self::At(minutes) => {
                let local = now + offset(now);
                let wanted = i64::from(minutes) * 60;
                // Within the minute that is named it is that time already.
                let today = local - local.rem_euclid(DAY) + wanted;
                let then = if today + 60 > local { today } else { today + DAY };
                (then - offset(then - offset(now))).max(now)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Everything sysvinit takes, and nothing else.
    #[test]
    fn words() {
        for (text, expected) in [
            ("now", Some(When::In(0))),
            ("+0", Some(When::In(0))),
            ("0", Some(When::In(0))),
            ("5", Some(When::In(5))),
            ("+5", Some(When::In(5))),
            ("+1:30", Some(When::In(90))),
            ("23:05", Some(When::At(23 * 60 + 5))),
            ("0:00", Some(When::At(0))),
            ("24:00", None),
            ("12:60", None),
            ("+", None),
            ("", None),
            ("-5", None),
            ("5m", None),
            ("1:+5", None),
        ] {
            assert_eq!(When::parse(text), expected, "{text}");
        }
    }

    /// The next such time, by the clock on the wall at that time.
    #[test]
    fn moments() {
        let noon = 20_000 * DAY + 12 * 3600;
        assert_eq!(When::In(90).seconds(noon, |_| 0), noon + 5400);
        assert_eq!(When::At(13 * 60).seconds(noon, |_| 0), noon + 3600);
        assert_eq!(When::At(11 * 60).seconds(noon, |_| 0), noon + 23 * 3600);
        assert_eq!(When::At(12 * 60).seconds(noon + 59, |_| 0), noon + 59);
        assert_eq!(When::At(13 * 60).seconds(noon, |_| 7200), noon + 23 * 3600);
        // At midnight the clock is put back by an hour.
        let back = |time| if time < noon + 12 * 3600 { 3600 } else { 0 };
        assert_eq!(When::At(2 * 60).seconds(noon, back), noon + 14 * 3600);
    }
}
