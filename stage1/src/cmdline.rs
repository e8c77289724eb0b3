//! The kernel's command line, as far as it is for us: `sunup.bundle=NAME`, `sunup.cgroup=v2|v1|hybrid`, `sunup.debug`,
//! and the words that ask for a rescue shell. Later words win over earlier ones.

/// The bundle that boots when nothing else is said.
const DEFAULT: &str = "default";
/// The bundle that the rescue words ask for.
const RESCUE: &str = "rescue";
/// What people have been writing at boot prompts for forty years.
const RESCUE_WORDS: [&str; 6] = ["single", "s", "S", "1", "rescue", "emergency"];

/// How the control groups are laid out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CgroupLayout {
    /// One hierarchy at /sys/fs/cgroup.
    #[default]
    Unified,
    /// One hierarchy for each controller.
    Legacy,
    /// As legacy, with the unified one at /sys/fs/cgroup/unified.
    Hybrid,
}

/// What we were told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What boots.
    pub bundle: String,
    /// `sunup.cgroup`.
    pub cgroup: CgroupLayout,
    /// `sunup.debug`: a login from the start.
    pub debug: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { bundle: DEFAULT.to_owned(), cgroup: CgroupLayout::default(), debug: false }
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
        if RESCUE_WORDS.contains(&word) {
            RESCUE.clone_into(&mut self.bundle);
        } else if let Some(name) = word.strip_prefix("sunup.bundle=").filter(|name| !name.is_empty()) {
            name.clone_into(&mut self.bundle);
        } else if word == "sunup.debug" {
            self.debug = true;
        } else if let Some(layout) = word.strip_prefix("sunup.cgroup=") {
            self.cgroup = match layout {
                "v1" => CgroupLayout::Legacy,
                "hybrid" => CgroupLayout::Hybrid,
                _ => CgroupLayout::Unified,
            };
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

    fn check(text: &str, bundle: &str, cgroup: CgroupLayout) {
        let words = words(text);
        let options = Options::from_words(words.iter().map(String::as_str));
        assert_eq!((options.bundle.as_str(), options.cgroup), (bundle, cgroup), "{text}");
        assert_eq!(options.debug, text.contains("sunup.debug"), "{text}");
    }

    /// Quotes group, newlines end, empty text has no words.
    #[test]
    fn splitting() {
        assert_eq!(words("a  b=\"c d\" \"e f\"\n"), ["a", "b=c d", "e f"]);
        assert_eq!(words("\n"), [""; 0]);
    }

    /// What is not ours changes nothing; the last word wins.
    #[test]
    fn options() {
        check("root=/dev/sda1 ro quiet", "default", CgroupLayout::Unified);
        check("sunup.bundle=lab sunup.cgroup=hybrid", "lab", CgroupLayout::Hybrid);
        check("sunup.debug quiet", "default", CgroupLayout::Unified);
        check("sunup.bundle=lab S", "rescue", CgroupLayout::Unified);
        check("single sunup.bundle=lab", "lab", CgroupLayout::Unified);
        check("sunup.bundle= sunup.cgroup=v1", "default", CgroupLayout::Legacy);
        check("singleton 12 xsunup.bundle=q", "default", CgroupLayout::Unified);
    }
}
