//! The Gregorian calendar, counted in days from the 1st of January 1970. Pure.

/// Days of 400 years.
const ERA: i64 = 146_097;

/// The number of a day. Months and days count from 1.
pub const fn day_of(year: i64, month: i64, day: i64) -> i64 {
    // Years that begin in March, so that the odd day is the last one.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let in_year = (153 * month + 2) / 5 + day - 1;
    let of_era = year.rem_euclid(400);
    year.div_euclid(400) * ERA + of_era * 365 + of_era / 4 - of_era / 100 + in_year - 719_468
}

/// Year, month and day of a day's number.
pub const fn date_of(day: i64) -> (i64, i64, i64) {
    let (era, of_era) = ((day + 719_468).div_euclid(ERA), (day + 719_468).rem_euclid(ERA));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / (ERA - 1)) / 365;
    let in_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}

/// The year of a day's number.
pub const fn year_of(day: i64) -> i64 {
    date_of(day).0
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Known days, and every day of 800 years after the one before it.
    #[test]
    fn days() {
        assert_eq!(day_of(1970, 1, 1), 0);
        assert_eq!(day_of(2000, 3, 1), 11_017);
        let mut expected = (1600, 1, 1);
        for day in day_of(1600, 1, 1)..day_of(2400, 1, 1) {
            assert_eq!(date_of(day), expected);
            assert_eq!(day_of(expected.0, expected.1, expected.2), day);
            let (year, month, date) = expected;
            let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            let last = [31, 28 + i64::from(is_leap), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][month as usize - 1];
            expected = match (month, date) {
                (12, 31) => (year + 1, 1, 1),
                (month, date) if date == last => (year, month + 1, 1),
                (month, date) => (year, month, date + 1),
            };
        }
    }
}
