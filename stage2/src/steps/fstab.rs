//! /etc/fstab: six fields a line, blanks in them written as octal escapes.

use supervisor::octal;

use super::StepError;
use super::root::Root;
use super::say::warn;

/// The file.
const FILE: &str = "/etc/fstab";

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// `/etc/fstab:LINE`.
    pub(super) place: String,
    /// Device, `UUID=…`, or a name.
    pub(super) source: String,
    /// Where it goes; `none` for swap.
    pub(super) target: String,
    /// Kind of filesystem.
    pub(super) kind: String,
    /// Options, split at commas.
    pub(super) options: Vec<String>,
    /// When it is checked: 0 never, 1 first, 2 later.
    pub(super) pass: u32,
}

impl Entry {
    /// True if the option is there.
    pub(super) fn has(&self, option: &str) -> bool {
        self.options.iter().any(|o| o == option)
    }

    /// The value of `name=value`.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        self.options.iter().find_map(|o| o.strip_prefix(name)?.strip_prefix('='))
    }

    /// True for swap areas.
    pub(super) fn is_swap(&self) -> bool {
        self.kind == "swap"
    }

    /// `None` for a comment; an error for what is no entry.
    fn parse(place: String, line: &str) -> Option<Result<Self, StepError>> {
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            return None;
        }
        let mut fields = line.split_ascii_whitespace().map(decode);
        let (Some(source), Some(target), Some(kind)) = (fields.next(), fields.next(), fields.next()) else {
            return Some(Err(StepError::plain("three fields at least are needed: device, directory, type").at(place)));
        };
        let options = fields.next().unwrap_or_else(|| "defaults".to_owned());
        let pass = fields.nth(1).unwrap_or_else(|| "0".to_owned());
        let Ok(pass) = pass.parse() else {
            return Some(Err(StepError::plain(format_args!("\"{pass}\" is no pass number")).at(place)));
        };
        let options = options.split(',').filter(|o| !o.is_empty()).map(str::to_owned).collect();
        Some(Ok(Self { place, source, target, kind, options, pass }))
    }
}

/// The entries of a root's fstab; none where there is no such file.
pub(super) fn read(root: &Root) -> Result<Vec<Entry>, StepError> {
    Ok(parse(&root.read(FILE)?.unwrap_or_default()).into_iter().flatten().collect())
}

/// As [`read`]; what is no entry is told.
pub(super) fn read_aloud(root: &Root) -> Result<Vec<Entry>, StepError> {
    let entries = parse(&root.read(FILE)?.unwrap_or_default());
    Ok(entries.into_iter().filter_map(|entry| entry.inspect_err(warn).ok()).collect())
}

/// The lines of a text that are no comments.
pub(super) fn parse(text: &str) -> Vec<Result<Entry, StepError>> {
    let lines = text.lines().enumerate();
    lines.filter_map(|(at, line)| Entry::parse(format!("{FILE}:{}", at + 1), line)).collect()
}

/// A field with its octal escapes undone, here and in mountinfo.
pub(super) fn decode(field: &str) -> String {
    String::from_utf8_lossy(&octal::decode(field.as_bytes()).collect::<Vec<u8>>()).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Comments are left out, missing fields have their defaults, escapes are decoded; what is no entry costs itself, and
    /// everything has its line.
    #[test]
    fn lines() {
        let lines = parse(
            "# comment\n  # too\n\nUUID=1-2 / ext4 errors=remount-ro 0 1\n/dev/sda2 none swap sw,pri=5 0 0\n\
             tmpfs /my\\040dir\\134x tmpfs\nbroken /x\n/dev/sdb /y ext4 defaults 0 two\n",
        );
        let faults: Vec<String> = lines.iter().filter_map(|line| Some(line.as_ref().err()?.to_string())).collect();
        assert_eq!(
            faults,
            [
                "/etc/fstab:7: three fields at least are needed: device, directory, type",
                "/etc/fstab:8: \"two\" is no pass number",
            ]
        );
        let entries: Vec<Entry> = lines.into_iter().flatten().collect();
        let entry = |line: u32, source: &str, target: &str, kind: &str, options: &[&str], pass| Entry {
            place: format!("/etc/fstab:{line}"),
            source: source.into(),
            target: target.into(),
            kind: kind.into(),
            options: options.iter().map(|&o| o.to_owned()).collect(),
            pass,
        };
        assert_eq!(
            entries,
            [
                entry(4, "UUID=1-2", "/", "ext4", &["errors=remount-ro"], 1),
                entry(5, "/dev/sda2", "none", "swap", &["sw", "pri=5"], 0),
                entry(6, "tmpfs", "/my dir\\x", "tmpfs", &["defaults"], 0),
            ]
        );
        assert_eq!(entries[1].value("pri"), Some("5"));
        assert!(entries[1].is_swap() && entries[1].has("sw") && !entries[1].has("s"));
    }
}
