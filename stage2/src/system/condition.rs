//! `if:`: whether a unit is to be skipped, and the words that say why.

use std::fs;

use units::Condition;

/// The inode number of the first pid namespace in every kernel.
const FIRST_PID_NAMESPACE: &str = "pid:[4026531836]";

/// What conditions are asked about, besides files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Surroundings {
    /// The kernel's command line.
    pub cmdline: String,
    /// We are outside the first pid namespace.
    pub in_container: bool,
}

impl Surroundings {
    /// Of this process.
    pub fn read() -> Self {
        let namespace = fs::read_link("/proc/self/ns/pid").ok();
        Self {
            cmdline: fs::read_to_string("/proc/cmdline").unwrap_or_default(),
            in_container: namespace.is_some_and(|namespace| namespace.as_os_str() != FIRST_PID_NAMESPACE),
        }
    }

    /// The first condition that does not hold, in words.
    pub fn reason_to_skip(&self, conditions: &[Condition]) -> Option<String> {
        conditions.iter().find_map(|condition| self.why_not(condition))
    }

    fn why_not(&self, condition: &Condition) -> Option<String> {
        match condition {
            Condition::Path { path, absent } => match (fs::metadata(path).is_ok(), absent) {
                (false, false) => Some(format!("{} is absent", path.display())),
                (true, true) => Some(format!("{} is present", path.display())),
                _ => None,
            },
            Condition::Container(true) => (!self.in_container).then(|| "not in a container".into()),
            Condition::Container(false) => self.in_container.then(|| "in a container".into()),
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

    /// Each condition that does not hold says why, in the words of the [skip] line.
    #[test]
    fn reasons() {
        let here = Surroundings { cmdline: "quiet console=ttyS0 mode,1".into(), in_container: true };
        let check = |condition: Condition, expected: Option<&str>| {
            assert_eq!(here.reason_to_skip(&[condition]).as_deref(), expected);
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
        let outside = Surroundings { in_container: false, ..here.clone() };
        let reason = outside.reason_to_skip(&[Condition::Container(true)]);
        assert_eq!(reason.as_deref(), Some("not in a container"));
    }
}
