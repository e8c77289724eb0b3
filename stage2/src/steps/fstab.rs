//! /etc/fstab: six fields a line, blanks in them written as octal escapes.

use super::StepError;
use super::root::Root;

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
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

    fn parse(line: &str) -> Option<Self> {
        let line = line.trim_start();
        if line.starts_with('#') {
            return None;
        }
        let mut fields = line.split_ascii_whitespace().map(decode);
        let source = fields.next()?;
        let target = fields.next()?;
        let kind = fields.next()?;
        let options = fields.next().unwrap_or_else(|| "defaults".to_owned());
        let pass = fields.nth(1).and_then(|pass| pass.parse().ok()).unwrap_or(0);
        let options = options.split(',').filter(|o| !o.is_empty()).map(str::to_owned).collect();
        Some(Self { source, target, kind, options, pass })
    }
}

/// The entries of a root's fstab; none where there is no such file.
pub(super) fn read(root: &Root) -> Result<Vec<Entry>, StepError> {
    Ok(parse(&root.read("/etc/fstab")?.unwrap_or_default()))
}

fn parse(text: &str) -> Vec<Entry> {
    text.lines().filter_map(Entry::parse).collect()
}

/// Blank, tab, newline and backslash are `\` and three octal digits, here and in mountinfo.
pub(super) fn decode(field: &str) -> String {
    let mut out = Vec::with_capacity(field.len());
    let mut rest = field.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let digits = after.get(..3).filter(|d| byte == b'\\' && d.iter().all(|d| (b'0'..=b'7').contains(d)));
        if let Some(digits) = digits {
            out.push(digits.iter().fold(0_u8, |n, d| n.wrapping_mul(8).wrapping_add(d - b'0')));
            rest = after.get(3..).unwrap_or_default();
        } else {
            out.push(byte);
            rest = after;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Comments and short lines are left out, missing fields have their defaults, escapes are decoded.
    #[test]
    fn lines() {
        let entries = parse(
            "# comment\n  # too\n\nUUID=1-2 / ext4 errors=remount-ro 0 1\n/dev/sda2 none swap sw,pri=5 0 0\n\
             tmpfs /my\\040dir\\134x tmpfs\nbroken /x\n",
        );
        let entry = |source: &str, target: &str, kind: &str, options: &[&str], pass| Entry {
            source: source.into(),
            target: target.into(),
            kind: kind.into(),
            options: options.iter().map(|&o| o.to_owned()).collect(),
            pass,
        };
        assert_eq!(
            entries,
            [
                entry("UUID=1-2", "/", "ext4", &["errors=remount-ro"], 1),
                entry("/dev/sda2", "none", "swap", &["sw", "pri=5"], 0),
                entry("tmpfs", "/my dir\\x", "tmpfs", &["defaults"], 0),
            ]
        );
        assert_eq!(entries[1].value("pri"), Some("5"));
        assert!(entries[1].is_swap() && entries[1].has("sw") && !entries[1].has("s"));
    }
}
