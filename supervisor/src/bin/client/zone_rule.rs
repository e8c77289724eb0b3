//! A POSIX rule of a time zone, as TZ and the ends of zone files have it: `EST5EDT,M3.2.0,M11.1.0`.
//!
//! Pure. Times count from the zero of UNIX; leap seconds are not in them.

use super::calendar::{day_of, year_of};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Seconds east of Greenwich.
    standard: i64,
    /// The same in summer, and when that begins and ends.
    summer: Option<(i64, Date, Date)>,
}

/// A moment of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Date {
    day: Day,
    /// Seconds after midnight.
    time: i64,
}

/// A day of every year.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Day {
    /// `Jn`: 1 to 365, the 29th of February is never counted.
    Julian(i64),
    /// `n`: 0 to 365.
    Counted(i64),
    /// `Mm.w.d`: day `d` (0: Sunday) of week `w` (5: the last) of month `m`.
    Week(i64, i64, i64),
}

impl Rule {
    /// Reads a rule; `None` when it is none.
    pub fn parse(text: &str) -> Option<Self> {
        let mut text = text;
        name(&mut text)?;
        let standard = -clock(&mut text)?;
        if text.is_empty() {
            return Some(Self { standard, summer: None });
        }
        name(&mut text)?;
        let summer = if text.is_empty() || text.starts_with(',') { standard + 3600 } else { -clock(&mut text)? };
        // Without dates, those of the United States hold, as the C library has it.
        let dates = if text.is_empty() { ",M3.2.0,M11.1.0" } else { text };
        let (begin, end) = dates.strip_prefix(',')?.split_once(',')?;
        Some(Self { standard, summer: Some((summer, Date::parse(begin)?, Date::parse(end)?)) })
    }

    /// Seconds east of Greenwich at a time.
    pub fn offset(&self, time: i64) -> i64 {
        let Some((summer, begin, end)) = self.summer else { return self.standard };
        let year = year_of((time + self.standard).div_euclid(DAY));
        let begin = begin.seconds(year) - self.standard;
        let end = end.seconds(year) - summer;
        // In the south summer lies around the new year.
        let is_summer = if begin < end { (begin..end).contains(&time) } else { !(end..begin).contains(&time) };
        if is_summer { summer } else { self.standard }
    }
}

impl Date {
    fn parse(text: &str) -> Option<Self> {
        let (day, time) = text.split_once('/').unwrap_or((text, "2"));
        let mut rest = time;
        let time = clock(&mut rest).filter(|_| rest.is_empty())?;
        let day = match day.as_bytes().first()? {
            b'J' => Day::Julian(day.get(1..)?.parse().ok().filter(|day| (1..=365).contains(day))?),
            b'M' => {
                let mut parts = day.get(1..)?.split('.').map(|part| part.parse::<i64>().ok());
                let mut part = |least, most| parts.next()?.filter(|part| (least..=most).contains(part));
                Day::Week(part(1, 12)?, part(1, 5)?, part(0, 6)?)
            }
            _ => Day::Counted(day.parse().ok().filter(|day| (0..=365).contains(day))?),
        };
        Some(Self { day, time })
    }

    /// Local seconds of the moment in a year.
    fn seconds(&self, year: i64) -> i64 {
        let first = day_of(year, 1, 1);
        let day = match self.day {
            Day::Counted(day) => first + day,
            Day::Julian(day) => {
                let is_leap = day_of(year, 3, 1) - first == 60;
                first + day - 1 + i64::from(is_leap && day >= 60)
            }
            Day::Week(month, week, weekday) => {
                let first = day_of(year, month, 1);
                let next = if month == 12 { day_of(year + 1, 1, 1) } else { day_of(year, month + 1, 1) };
                // The zero of UNIX was a Thursday.
                let day = first + (weekday - first - 4).rem_euclid(7) + 7 * (week - 1);
                if day >= next { day - 7 } else { day }
            }
        };
        day * DAY + self.time
    }
}

/// Takes a zone's name: at least three letters, or anything between angle brackets.
fn name(text: &mut &str) -> Option<()> {
    let end = match text.strip_prefix('<') {
        Some(quoted) => quoted.find('>')? + 2,
        None => text.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(text.len()),
    };
    *text = text.get(end..).filter(|_| end >= 3)?;
    Some(())
}

/// Takes `[+-]hours[:minutes[:seconds]]`, in seconds.
fn clock(text: &mut &str) -> Option<i64> {
    let unsigned = text.trim_start_matches(['+', '-']);
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let end = unsigned.find(|letter: char| !letter.is_ascii_digit() && letter != ':').unwrap_or(unsigned.len());
    let (digits, rest) = unsigned.split_at(end);
    *text = rest;
    let mut seconds = 0;
    for (part, unit) in digits.split(':').zip([3600, 60, 1]) {
        seconds += part.parse::<i64>().ok().filter(|part| *part <= 167)? * unit;
    }
    Some(sign * seconds)
}
