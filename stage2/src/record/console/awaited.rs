//! What the display says of the units that are being waited for: one line, or a few with details.

use std::time::Duration;

use supervisor::line::{Clean, Output};
use supervisor::sys::terminal::Size;

/// Units that one line names at most.
const MOST_NAMED: usize = 8;
/// What stands where other lines have their mark.
const MARK: &str = "[....] ";
/// As wide as the mark.
const INDENT: &str = "       ";

/// A unit that is starting.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Awaited {
    /// Its name.
    pub unit: String,
    /// What it is.
    pub description: String,
    /// How long it has been starting.
    pub age: Duration,
    /// How long it may.
    pub limit: Option<Duration>,
    /// Its process.
    pub pid: Option<u32>,
    /// The last line it said.
    pub said: Option<String>,
}

impl Awaited {
    /// `12 s of 60 s`.
    fn time(&self) -> String {
        let age = self.age.as_secs();
        self.limit.map_or_else(|| format!("{age} s"), |limit| format!("{age} s of {} s", limit.as_secs()))
    }
}

/// What is shown: of the units that are awaited, the one awaited longest first.
#[derive(Clone, Copy, Debug)]
pub struct Display<'a> {
    /// They are starting.
    pub awaited: &'a [Awaited],
    /// So many others wait for them.
    pub waiting: usize,
    /// With details.
    pub has_details: bool,
    /// Keys are read.
    pub has_keys: bool,
}

impl Display<'_> {
    /// The lines, none longer than the terminal is wide, and no more than half of it.
    pub fn text(&self, size: Size) -> String {
        let columns = usize::from(size.columns);
        let lines =
            if self.has_details { self.details(usize::from(size.rows / 2).max(3)) } else { vec![self.brief(columns)] };
        let cut = |line: &String| format!("{:.columns$}", Clean(line));
        lines.iter().map(cut).collect::<Vec<String>>().join("\n")
    }

    /// As many units as fit, and the keys if they fit as well.
    fn brief(&self, columns: usize) -> String {
        let most = self.awaited.len().min(MOST_NAMED);
        let candidates = [true, false].into_iter().flat_map(|keys| (1..=most).rev().map(move |named| (keys, named)));
        let line =
            |(keys, named)| self.naming(named) + if keys { self.keys("  (Esc details, s skip, r rescue)") } else { "" };
        let mut lines = candidates.map(line);
        lines.find(|line| line.chars().count() <= columns).unwrap_or_else(|| self.naming(1))
    }

    fn naming(&self, named: usize) -> String {
        let units = self.awaited.iter().take(named).map(|unit| format!("{} {}", unit.unit, unit.time()));
        let rest = self.awaited.len().saturating_sub(named);
        let rest = (rest > 0).then(|| format!("{rest} more"));
        MARK.to_owned() + &units.chain(rest).collect::<Vec<_>>().join(", ")
    }

    fn keys<'a>(&self, text: &'a str) -> &'a str {
        if self.has_keys { text } else { "" }
    }

    /// A line or two a unit, and what hangs on them.
    fn details(&self, most: usize) -> Vec<String> {
        let mut lines = Vec::new();
        // The last lines are for what does not fit, and for the keys.
        let room = most.saturating_sub(2);
        let mut named = 0;
        for unit in self.awaited {
            let pid = unit.pid.map(|pid| format!(", pid {pid}")).unwrap_or_default();
            let said = unit.said.as_ref().map(|line| Output(line).to_string());
            let own = [Some(format!("{MARK}{}: {} ({}{pid})", unit.unit, unit.description, unit.time())), said];
            let own: Vec<String> = own.into_iter().flatten().collect();
            if lines.len() + own.len() > room && named > 0 {
                break;
            }
            lines.extend(own);
            named += 1;
        }
        let rest = self.awaited.len() - named;
        let rest = (rest > 0).then(|| format!("{rest} more"));
        let waiting = (self.waiting > 0).then(|| format!("{} waiting for others", self.waiting));
        let counts: Vec<String> = rest.into_iter().chain(waiting).collect();
        lines.extend((!counts.is_empty()).then(|| format!("{INDENT}and {}", counts.join(", "))));
        let first = self.awaited.first().map_or("", |unit| unit.unit.as_str());
        lines.extend(self.has_keys.then(|| format!("{INDENT}(Esc less, s give {first} up, r rescue)")));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn awaited(unit: &str, seconds: u64, limit: Option<u64>) -> Awaited {
        let [age, limit] = [Some(seconds), limit].map(|seconds| seconds.map(Duration::from_secs));
        let description = format!("the\x1b {unit}");
        Awaited { unit: unit.into(), description, age: age.unwrap(), limit, ..Awaited::default() }
    }

    fn text(display: Display<'_>, columns: u16) -> Vec<String> {
        display.text(Size { rows: 14, columns }).lines().map(str::to_owned).collect()
    }

    /// What does not fit is counted; the keys go first, then units; nothing is longer than the terminal is wide.
    #[test]
    fn brief() {
        let units = [awaited("network", 12, Some(60)), awaited("fsck", 9, None), awaited("db", 3, Some(30))];
        let display = Display { awaited: &units, waiting: 4, has_details: false, has_keys: true };
        assert_eq!(
            text(display, 100),
            ["[....] network 12 s of 60 s, fsck 9 s, db 3 s of 30 s  (Esc details, s skip, r rescue)"]
        );
        assert_eq!(
            text(display, 80),
            ["[....] network 12 s of 60 s, fsck 9 s, 1 more  (Esc details, s skip, r rescue)"]
        );
        assert_eq!(text(display, 60), ["[....] network 12 s of 60 s, fsck 9 s, db 3 s of 30 s"]);
        assert_eq!(text(display, 20), ["[....] network 12 s "]);
        let display = Display { has_keys: false, ..display };
        assert_eq!(text(display, 200), ["[....] network 12 s of 60 s, fsck 9 s, db 3 s of 30 s"]);
    }

    /// Details fill no more than half of the terminal, and no control character reaches it.
    #[test]
    fn details() {
        let mut units = [awaited("network", 12, Some(60)), awaited("fsck", 9, None)];
        units[0].pid = Some(431);
        units[0].said = Some("eth0: no\tcarrier".into());
        let display = Display { awaited: &units, waiting: 4, has_details: true, has_keys: true };
        let expected = [
            "[....] network: the? network (12 s of 60 s, pid 431)",
            "       | eth0: no?carrier",
            "[....] fsck: the? fsck (9 s)",
            "       and 4 waiting for others",
            "       (Esc less, s give network up, r rescue)",
        ];
        assert_eq!(text(display, 80), expected);
        let many: Vec<Awaited> = (0..40).map(|number| awaited(&format!("u{number}"), 1, None)).collect();
        let lines = text(Display { awaited: &many, waiting: 0, ..display }, 80);
        assert_eq!((lines.len(), lines[5].as_str()), (7, "       and 35 more"));
    }
}
