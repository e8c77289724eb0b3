//! Paths with `*`, `?` and `[…]`.

use std::fs;
use std::path::{Path, PathBuf};

/// The existing paths that a pattern below `root` means. Links are not followed at the end, and names that begin with a
/// dot are meant only by patterns that do.
pub(super) fn find(root: &Path, pattern: &str) -> Vec<PathBuf> {
    let mut found = vec![root.to_owned()];
    for component in pattern.split('/').filter(|component| !component.is_empty()) {
        found = found.iter().flat_map(|directory| step(directory, component)).collect();
    }
    found.retain(|path| fs::symlink_metadata(path).is_ok());
    found
}

/// It means whatever fits, not one name.
pub(super) fn is_pattern(path: &str) -> bool {
    path.contains(['*', '?', '['])
}

fn step(directory: &Path, component: &str) -> Vec<PathBuf> {
    if !is_pattern(component) {
        return vec![directory.join(component)];
    }
    let pattern: Vec<char> = component.chars().collect();
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.retain(|name| name.starts_with('.') <= component.starts_with('.'));
    names.retain(|name| matches(&pattern, &name.chars().collect::<Vec<_>>()));
    names.sort();
    names.into_iter().map(|name| directory.join(name)).collect()
}

/// Without recursion: at a mismatch the last `*` takes one more character.
fn matches(pattern: &[char], name: &[char]) -> bool {
    let (mut p, mut n) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        let taken = name.get(n).and_then(|&c| one(pattern.get(p..).unwrap_or_default(), c));
        if pattern.get(p) == Some(&'*') {
            star = Some((p, n));
            p += 1;
        } else if let Some(width) = taken {
            p += width;
            n += 1;
        } else if let Some((at, from)) = star {
            star = Some((at, from + 1));
            p = at + 1;
            n = from + 1;
        } else {
            return false;
        }
    }
    pattern.get(p..).unwrap_or_default().iter().all(|&c| c == '*')
}

/// How many characters of the pattern take this one; `None`: it does not.
fn one(pattern: &[char], c: char) -> Option<usize> {
    match pattern.split_first()? {
        ('?', _) => Some(1),
        ('[', rest) => {
            let end = rest.iter().skip(1).position(|&c| c == ']').map(|at| at + 1);
            let Some(end) = end else { return (c == '[').then_some(1) };
            let set = rest.get(..end)?;
            let (negated, set) = match set.split_first() {
                Some(('!' | '^', rest)) => (true, rest),
                _ => (false, set),
            };
            (contains(set, c) != negated).then_some(end + 2)
        }
        ('*', _) => None,
        (other, _) => (*other == c).then_some(1),
    }
}

fn contains(set: &[char], c: char) -> bool {
    let is_in_range = set.windows(3).any(|w| matches!(w, [from, '-', to] if (*from..=*to).contains(&c)));
    is_in_range || set.contains(&c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(pattern: &str, name: &str, expected: bool) {
        let (p, n): (Vec<char>, Vec<char>) = (pattern.chars().collect(), name.chars().collect());
        assert_eq!(matches(&p, &n), expected, "{pattern} {name}");
    }

    /// Shell patterns.
    #[test]
    fn patterns() {
        check("a*c", "abbc", true);
        check("a*c", "abcd", false);
        check("*.X??-lock", "t.X11-lock", true);
        check("[ab]x", "bx", true);
        check("[!ab]x", "bx", false);
        check("[0-9]*", "5abc", true);
        check("[0-9]*", "abc", false);
        check("*", "", true);
        check("**a*b", "xxaxxb", true);
        check("[x", "[x", true);
    }
}
