//! The kernel's command line, as far as it is for us: the words that begin with `sunup.`, and those that have always asked
//! for a shell or a runlevel. Later words win over earlier ones. Pure.

use supervisor::settings::{CgroupLayout, Scanner};

use crate::settings::Choice;

/// The bundle that boots when nothing else is said.
pub const DEFAULT: &str = "default";
/// The bundle that the rescue words ask for.
pub const RESCUE: &str = "rescue";
/// Where bundles are, below the administrator's configuration.
pub const BUNDLES: &str = "bundles";
/// What people have been writing at boot prompts for forty years.
const RESCUE_WORDS: [&str; 6] = ["single", "s", "-s", "S", "1", "rescue"];
/// A shell before anything is started.
const EMERGENCY_WORDS: [&str; 2] = ["emergency", "-b"];
/// sysvinit's runlevels for many users: a bundle of that name where there is one.
const LEVELS: [&str; 4] = ["2", "3", "4", "5"];
/// What the words of ours begin with.
const OURS: &str = "sunup.";

/// `sunup.debug`: after which steps there is a shell, and a login from the start if there is one at all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Debug {
    /// There is nothing of it.
    #[default]
    No,
    /// After every step.
    Everywhere,
    /// After these.
    After(Vec<String>),
}

/// What we were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What boots.
    pub bundle: String,
    /// The runlevel that was asked for last, if no bundle was asked for after it.
    pub level: Option<String>,
    /// `emergency`: a shell before anything is started.
    pub emergency: bool,
    /// `sunup.cgroup`
    pub cgroup: Option<CgroupLayout>,
    /// `sunup.scanner`
    pub scanner: Option<Scanner>,
    /// `sunup.debug`
    pub debug: Debug,
    /// What begins as a word of ours does, and is none: why not.
    pub wrong: Vec<String>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            bundle: DEFAULT.to_owned(),
            level: None,
            emergency: false,
            cgroup: None,
            scanner: None,
            debug: Debug::No,
            wrong: Vec::new(),
        }
    }
}

impl Options {
    /// From words; unknown ones are somebody else's.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Self {
        let mut options = Self::default();
        for word in words {
            options.take(word);
        }
        options
    }

    fn take(&mut self, word: &str) {
        if let Some(own) = word.strip_prefix(OURS) {
            let taken = self.take_own(own.split_once('=').unwrap_or((own, "")));
            self.wrong.extend(taken.err().map(|reason| format!("{word}: {reason}")));
        } else if RESCUE_WORDS.contains(&word) {
            self.boot(RESCUE);
        } else if LEVELS.contains(&word) {
            self.boot(DEFAULT);
            self.level = Some(word.to_owned());
        } else if EMERGENCY_WORDS.contains(&word) {
            self.emergency = true;
        }
    }

    fn take_own(&mut self, word: (&str, &str)) -> Result<(), String> {
        match word {
            ("bundle", "") => return Err("there is no name".to_owned()),
            ("bundle", name) => self.boot(name),
            ("cgroup", word) => self.cgroup = Some(choice(word)?),
            ("scanner", word) => self.scanner = Some(choice(word)?),
            ("debug", "") => self.debug = Debug::Everywhere,
            ("debug", steps) => self.debug = Debug::After(steps.split(',').map(str::to_owned).collect()),
            _ => return Err("there is no such word".to_owned()),
        }
        Ok(())
    }

    fn boot(&mut self, bundle: &str) {
        bundle.clone_into(&mut self.bundle);
        self.level = None;
    }
}

fn choice<T: Choice>(word: &str) -> Result<T, String> {
    T::from_word(word).ok_or_else(|| T::unknown(word))
}

impl Debug {
    /// Whether there is a shell after this step.
    pub fn is_after(&self, step: &str) -> bool {
        match self {
            Self::No => false,
            Self::Everywhere => true,
            Self::After(steps) => steps.iter().any(|name| name == step),
        }
    }
}

/// The words of /proc/cmdline. Double quotes keep blanks together and are dropped, as the kernel does it.
pub fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in text.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            c if c.is_ascii_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(text: &str) -> Options {
        Options::from_words(words(text).iter().map(String::as_str))
    }

    /// Quotes group, newlines end, empty text has no words.
    #[test]
    fn splitting() {
        assert_eq!(words("a  b=\"c d\" \"e f\"\n"), ["a", "b=c d", "e f"]);
        assert_eq!(words("\n"), [""; 0]);
    }

    /// What is not ours changes nothing; of what boots the last word wins.
    #[test]
    fn what_boots() {
        for (text, bundle, level) in [
            ("root=/dev/sda1 ro quiet singleton 12 -S xsunup.bundle=q", "default", None),
            ("sunup.bundle=lab S", "rescue", None),
            ("single sunup.bundle=lab", "lab", None),
            ("1 3", "default", Some("3")),
            ("ro -s", "rescue", None),
            ("5 rescue", "rescue", None),
            ("2 sunup.bundle=lab emergency", "lab", None),
        ] {
            let found = options(text);
            assert_eq!((found.bundle.as_str(), found.level.as_deref()), (bundle, level), "{text}");
            assert_eq!(found.emergency, text.contains("emergency"), "{text}");
            assert_eq!(found.wrong, [""; 0], "{text}");
        }
    }

    /// How it boots.
    #[test]
    fn how() {
        let found = options("-b sunup.cgroup=v1 sunup.cgroup=hybrid sunup.scanner=runit");
        assert!(found.emergency);
        assert_eq!((found.cgroup, found.scanner), (Some(CgroupLayout::Hybrid), Some(Scanner::Runit)));
        let shells = |text: &str| ["proc", "dev"].map(|step| options(text).debug.is_after(step));
        assert_eq!(shells("quiet"), [false, false]);
        assert_eq!(shells("sunup.debug"), [true, true]);
        assert_eq!(shells("sunup.debug=dev,log"), [false, true]);
    }

    /// A word that looks like ours and is none is told, and counts as absent.
    #[test]
    fn wrong() {
        let found = options("sunup.bundle= sunup.cgroup=v3 sunup.bundel=lab sunup.scanner");
        assert_eq!((found.bundle.as_str(), found.cgroup, found.scanner), ("default", None, None));
        let expected = [
            "sunup.bundle=: there is no name",
            "sunup.cgroup=v3: \"v3\" is none of v2, v1, hybrid",
            "sunup.bundel=lab: there is no such word",
            "sunup.scanner: \"\" is none of sunup, s6, runit, daemontools",
        ];
        assert_eq!(found.wrong, expected);
    }
}
