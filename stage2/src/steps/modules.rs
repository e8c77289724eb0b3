//! `modules`: what modules-load.d and /etc/modules name.

use std::fs;

use super::failures::Failures;
use super::root::Root;
use super::{StepError, fragments, guard, program};

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    guard::machine()?;
    let mut text = root.read("/etc/modules")?.unwrap_or_default();
    for fragment in fragments::list(root, "modules-load.d") {
        text.push('\n');
        text.push_str(&fs::read_to_string(fragment).unwrap_or_default());
    }
    let lines = parse(&text);
    let mut failures = Failures::default();
    let plain: Vec<&str> = lines.iter().filter(|words| words.len() == 1).flatten().copied().collect();
    if !plain.is_empty() {
        failures.note(load(&["-a"], &plain));
    }
    for words in lines.iter().filter(|words| words.len() > 1) {
        failures.note(load(&[], words));
    }
    failures.finish()
}

/// Blacklisted modules are not loaded, unknown ones are not talked about.
fn load(first: &[&str], words: &[&str]) -> Result<(), StepError> {
    let arguments: Vec<&str> = first.iter().chain(&["-b", "-q"]).chain(words).copied().collect();
    program::run_well("modprobe", &arguments)
}

/// One module a line, with options perhaps; each once.
fn parse(text: &str) -> Vec<Vec<&str>> {
    let mut lines: Vec<Vec<&str>> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';']) && !line.is_empty()) {
        let words: Vec<&str> = line.split_ascii_whitespace().collect();
        if !lines.contains(&words) {
            lines.push(words);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// Comments are left out, options stay with their module.
    #[test]
    fn lines() {
        assert_eq!(parse("# no\n;no\n loop \n\nlp debug=1\nloop\n"), [vec!["loop"], vec!["lp", "debug=1"]]);
    }
}
