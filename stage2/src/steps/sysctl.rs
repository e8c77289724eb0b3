//! `sysctl`: the kernel's settings from sysctl.d and /etc/sysctl.conf.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::Trying;
use super::failures::{Failures, warn};
use super::root::Root;
use super::{StepError, fragments, guard};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Setting {
    /// Below /proc/sys; a component may have `*` in it.
    path: String,
    value: String,
    /// `-` before the name: a failure is nobody's business.
    optional: bool,
}

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    guard::machine()?;
    let mut failures = Failures::default();
    for setting in settings(root)? {
        let paths = expand(&root.path("/proc/sys"), &setting.path);
        if paths.is_empty() && !setting.optional {
            warn(&StepError::because(format_args!("set {}", setting.path), "there is no such setting"));
        }
        for path in paths {
            let result = fs::write(&path, format!("{}\n", setting.value));
            if !setting.optional {
                failures.note(result.trying(format_args!("set {} to {}", path.display(), setting.value)));
            }
        }
    }
    failures.finish()
}

/// Every setting in the order in which it is made; /etc/sysctl.conf has the last word.
fn settings(root: &Root) -> Result<Vec<Setting>, StepError> {
    let mut all = Vec::new();
    for path in fragments::list(root, "sysctl.d") {
        match fs::read_to_string(&path) {
            Ok(text) => all.extend(parse(&text)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error).trying(format_args!("read {}", path.display())),
        }
    }
    all.extend(parse(&root.read("/etc/sysctl.conf")?.unwrap_or_default()));
    Ok(all)
}

fn parse(text: &str) -> impl Iterator<Item = Setting> {
    text.lines().map(str::trim).filter(|line| !line.starts_with(['#', ';'])).filter_map(|line| {
        let (name, value) = line.split_once('=')?;
        let name = name.trim();
        let plain = name.strip_prefix('-').unwrap_or(name).trim();
        Some(Setting { path: path(plain), value: value.trim().to_owned(), optional: plain != name })
    })
}

/// `net.ipv4.conf.eth0/1.forwarding` is `net/ipv4/conf/eth0.1/forwarding`: what comes first is the separator.
fn path(name: &str) -> String {
    if name.find(['.', '/']).is_none_or(|at| name.as_bytes().get(at) == Some(&b'/')) {
        return name.to_owned();
    }
    name.chars()
        .map(|c| {
            if c == '.' {
                '/'
            } else if c == '/' {
                '.'
            } else {
                c
            }
        })
        .collect()
}

/// The files that a path with `*` in its components means; only those that exist.
fn expand(base: &Path, path: &str) -> Vec<PathBuf> {
    let mut found = vec![base.to_owned()];
    for component in path.split('/').filter(|c| !c.is_empty() && *c != "..") {
        found = found.iter().flat_map(|directory| step(directory, component)).collect();
    }
    found.retain(|path| path.is_file());
    found
}

fn step(directory: &Path, component: &str) -> Vec<PathBuf> {
    let Some((before, after)) = component.split_once('*') else { return vec![directory.join(component)] };
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.retain(|n| n.len() + 1 >= component.len() && n.starts_with(before) && n.ends_with(after));
    names.sort();
    names.into_iter().map(|name| directory.join(name)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Comments, optional settings, both separators.
    #[test]
    fn lines() {
        let text =
            "# c\n; c\nkernel.panic = 10\n-net/ipv4/conf/eth0.1/forwarding=1\nnet.ipv4.conf.eth0/1.x=a = b\njunk\n";
        let setting = |path: &str, value: &str, optional| Setting { path: path.into(), value: value.into(), optional };
        assert_eq!(
            parse(text).collect::<Vec<_>>(),
            [
                setting("kernel/panic", "10", false),
                setting("net/ipv4/conf/eth0.1/forwarding", "1", true),
                setting("net/ipv4/conf/eth0.1/x", "a = b", false),
            ]
        );
    }

    /// `*` stands for part of a name; nothing leads out of /proc/sys, and what is not there is not made.
    #[test]
    fn globs() {
        let directory = tempfile::tempdir().unwrap();
        let base = directory.path().join("base");
        for name in ["net/eth0", "net/eth1", "net/lo"] {
            fs::create_dir_all(base.join(name)).unwrap();
            fs::write(base.join(name).join("x"), "").unwrap();
        }
        fs::write(directory.path().join("outside"), "").unwrap();
        assert_eq!(expand(&base, "net/eth*/x"), [base.join("net/eth0/x"), base.join("net/eth1/x")]);
        assert_eq!(expand(&base, "net/lo/x"), [base.join("net/lo/x")]);
        assert_eq!(expand(&base, "../outside"), Vec::<PathBuf>::new());
        assert_eq!(expand(&base, "net/lo/y"), Vec::<PathBuf>::new());
    }
}
