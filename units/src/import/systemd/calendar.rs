//! `OnCalendar=` → the five fields of crontab(5).

/// Words for whole expressions.
const WORDS: [(&str, &str); 9] = [
    ("minutely", "* * * * *"),
    ("hourly", "0 * * * *"),
    ("daily", "0 0 * * *"),
    ("weekly", "0 0 * * 1"),
    ("monthly", "0 0 1 * *"),
    ("quarterly", "0 0 1 1,4,7,10 *"),
    ("semiannually", "0 0 1 1,7 *"),
    ("yearly", "0 0 1 1 *"),
    ("annually", "0 0 1 1 *"),
];

/// From 1 on, so that a range that ends on Sunday goes upwards, which cron wants as much as systemd.
const WEEKDAYS: [&str; 7] = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The five fields; `None`: cron cannot say it.
pub(super) fn cron(expression: &str) -> Option<String> {
    let lower = expression.to_ascii_lowercase();
    if let Some((_, fields)) = WORDS.iter().find(|(word, _)| *word == lower) {
        return Some((*fields).into());
    }
    let mut words = lower.split_whitespace().peekable();
    let weekday = match words.next_if(|word| word.starts_with(|c: char| c.is_ascii_alphabetic())) {
        // A range of days may have a - as well.
        Some(names) => field(&names.replace('-', ".."), weekday, 7)?,
        None => "*".into(),
    };
    let (month, day) = match words.next_if(|word| word.contains('-')) {
        Some(date) => self::date(date)?,
        None => ("*".into(), "*".into()),
    };
    let (hour, minute) = words.next().map_or(Some(("0".into(), "0".into())), time)?;
    // Where both are there, cron takes the days that either of them names.
    let is_sayable = words.next().is_none() && (weekday == "*" || day == "*");
    is_sayable.then(|| format!("{minute} {hour} {day} {month} {weekday}"))
}

fn date(text: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = text.split('-').collect();
    match parts[..] {
        ["*", month, day] | [month, day] => Some((field(month, number, 12)?, field(day, number, 31)?)),
        _ => None,
    }
}

fn time(text: &str) -> Option<(String, String)> {
    let parts: Vec<&str> = text.split(':').collect();
    match parts[..] {
        [hour, minute] | [hour, minute, "0" | "00"] => Some((field(hour, number, 23)?, field(minute, number, 59)?)),
        _ => None,
    }
}

fn number(text: &str) -> Option<u32> {
    text.parse().ok()
}

fn weekday(text: &str) -> Option<u32> {
    let is_it = |name: &&str| *name == text || name[..3] == *text;
    (1..).zip(WEEKDAYS).find(|(_, name)| is_it(name)).map(|(number, _)| number)
}

/// A list of values, ranges and steps.
fn field(text: &str, value: fn(&str) -> Option<u32>, most: u32) -> Option<String> {
    let items: Option<Vec<String>> = text.split(',').map(|item| self::item(item, value, most)).collect();
    items.map(|items| items.join(","))
}

fn item(text: &str, value: fn(&str) -> Option<u32>, most: u32) -> Option<String> {
    let bounded = |text: &str| value(text).filter(|number| *number <= most);
    let (range, step) = match text.split_once('/') {
        Some((range, step)) => (range, Some(number(step).filter(|step| *step > 0)?)),
        None => (text, None),
    };
    let (range, is_open) = match range.split_once("..") {
        Some((first, last)) => {
            let (first, last) = (bounded(first)?, bounded(last)?);
            ((first <= last).then(|| format!("{first}-{last}"))?, true)
        }
        None if range == "*" => ("*".into(), true),
        None => (bounded(range)?.to_string(), false),
    };
    Some(match (step, is_open) {
        (None, _) => range,
        (Some(step), true) => format!("{range}/{step}"),
        (Some(step), false) => format!("{range}-{most}/{step}"),
    })
}

#[cfg(test)]
mod tests {
    use super::cron;

    /// What cron can say is said in its fields; everything else is nothing.
    #[test]
    fn expressions() {
        for (expression, expected) in [
            ("daily", Some("0 0 * * *")),
            ("Weekly", Some("0 0 * * 1")),
            ("*:00/10", Some("0-59/10 * * * *")),
            ("23:59:00", Some("59 23 * * *")),
            ("Sun *-*-1..7 1:00:00", None),
            ("*-*-* 6,18:00", Some("0 6,18 * * *")),
            ("Mon..Fri 09:30", Some("30 9 * * 1-5")),
            ("Sat..Sun 10:00", Some("0 10 * * 6-7")),
            ("Sunday", Some("0 0 * * 7")),
            ("Mon-Wed,Sat", Some("0 0 * * 1-3,6")),
            // systemd has none of these either.
            ("Fri..Mon", None),
            ("Sun..Wed", None),
            ("*-*-25..5", None),
            ("Sunup", None),
            ("*-02-01", Some("0 0 1 2 *")),
            ("2012-10-15 11:12", None),
            ("*-*~1", None),
            ("12:00:30", None),
            ("12:00 UTC", None),
            ("25:00", None),
            ("*:0/0", None),
            ("", Some("0 0 * * *")),
            ("yesterday", None),
        ] {
            assert_eq!(cron(expression).as_deref(), expected, "{expression}");
        }
    }
}
