//! `if:`: whether a unit is to be skipped, and the words that say why.

use std::fs;

use supervisor::namespace;
use units::Condition;

use super::look::{Looking, Question};
use crate::steps::accounts;

/// What conditions are asked about, besides files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The kernel's command line.
    pub cmdline: String,
    /// We are outside the first pid namespace; `None`: /proc does not tell.
    pub in_container: Option<bool>,
    /// The user ids that processes here may have: the text of `/proc/self/uid_map`.
    pub user_ids: String,
}

impl Surroundings {
    /// Of this process.
    pub fn read() -> Self {
        Self {
            cmdline: fs::read_to_string("/proc/cmdline").unwrap_or_default(),
            in_container: namespace::is_machine().map(|is_machine| !is_machine),
            user_ids: fs::read_to_string("/proc/self/uid_map").unwrap_or_default(),
        }
    }

    /// The first condition that does not hold, in words, if there is one; nothing at all where looking does not tell.
    pub fn reason_to_skip(&self, conditions: &[Condition], looking: Looking) -> Option<Option<String>> {
        for condition in conditions {
            let reason = match condition {
                Condition::Path { path, .. } => self.why_not(condition, looking(path, Question::Exists)?.is_ok()),
                _ => self.why_not(condition, false),
            };
            if reason.is_some() {
                return Some(reason);
            }
        }
        Some(None)
    }

    /// Why processes here may not be of a user that exists, in words.
    pub fn unmapped(&self, user: &str) -> Option<String> {
        let id = accounts::user_of_the_system(user)?;
        (!self.is_mapped(id)).then(|| format!("user {user} is not mapped here (needs root)"))
    }

    /// Each line of the map is `FIRST-HERE FIRST-OUTSIDE COUNT`. Nothing is known without one.
    fn is_mapped(&self, id: u32) -> bool {
        let ranges = self.user_ids.lines().filter_map(|line| {
            let mut numbers = line.split_ascii_whitespace().map(str::parse::<u64>);
            let (first, count) = (numbers.next()?.ok()?, numbers.nth(1)?.ok()?);
            Some(first..first + count)
        });
        self.user_ids.is_empty() || ranges.into_iter().any(|range| range.contains(&u64::from(id)))
    }

    /// `is_there`: what a condition's path leads to is.
    fn why_not(&self, condition: &Condition, is_there: bool) -> Option<String> {
        match condition {
            Condition::Path { path, absent } => match (is_there, absent) {
                (false, false) => Some(format!("{} is absent", path.display())),
                (true, true) => Some(format!("{} is present", path.display())),
                _ => None,
            },
            Condition::Container(wanted) => match self.in_container {
                None => Some("nobody knows whether this is a container: /proc does not tell".into()),
                Some(is) if is == *wanted => None,
                Some(true) => Some("in a container".into()),
                Some(false) => Some("not in a container".into()),
            },
            Condition::User(name) => match accounts::user_of_the_system(name) {
                None => Some(format!("user {name} is absent")),
                Some(_) => self.unmapped(name),
            },
            Condition::Cmdline { word, absent } => match (self.has_word(word), absent) {
                (false, false) => Some(format!("{word} is not on the kernel command line")),
                (true, true) => Some(format!("{word} is on the kernel command line")),
                _ => None,
            },
        }
    }

    fn has_word(&self, word: &str) -> bool {
        let matches =
            |text: &str| text.strip_prefix(word).is_some_and(|rest| rest.is_empty() || rest.starts_with(['=', ',']));
        self.cmdline.split_ascii_whitespace().any(matches)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::look::gaze;

    /// Each condition that does not hold says why, in the words of the [skip] line.
    #[test]
    fn reasons() {
        let here = Surroundings {
            cmdline: "quiet console=ttyS0 mode,1".into(),
            in_container: Some(true),
            user_ids: "         0       1000          1\n".into(),
        };
        let check = |condition: Condition, expected: Option<&str>| {
            assert_eq!(here.reason_to_skip(&[condition], gaze).flatten().as_deref(), expected);
        };
        let path = |path: &str, absent| Condition::Path { path: path.into(), absent };
        check(path("/dev/no-kvm", false), Some("/dev/no-kvm is absent"));
        check(path("/", true), Some("/ is present"));
        check(path("/", false), None);
        check(Condition::Container(true), None);
        check(Condition::Container(false), Some("in a container"));
        let word = |word: &str, absent| Condition::Cmdline { word: word.into(), absent };
        check(word("quiet", false), None);
        check(word("console", false), None);
        check(word("mode", true), Some("mode is on the kernel command line"));
        check(word("quie", false), Some("quie is not on the kernel command line"));
        check(Condition::User("root".into()), None);
        check(Condition::User("65534".into()), Some("user 65534 is not mapped here (needs root)"));
        check(Condition::User("no-such-user".into()), Some("user no-such-user is absent"));
        let elsewhere = |in_container, wanted| {
            let there = Surroundings { in_container, ..here.clone() };
            there.reason_to_skip(&[Condition::Container(wanted)], gaze).flatten()
        };
        assert_eq!(elsewhere(Some(false), true).as_deref(), Some("not in a container"));
        assert_eq!(elsewhere(Some(false), false), None);
        let unknown = "nobody knows whether this is a container: /proc does not tell";
        assert_eq!([true, false].map(|wanted| elsewhere(None, wanted)), [Some(unknown.into()), Some(unknown.into())]);
    }
}
