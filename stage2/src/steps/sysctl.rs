//! `sysctl`: the kernel's settings from sysctl.d and /etc/sysctl.conf.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::Trying;
use super::failures::Failures;
use super::root::Root;
use super::say::warn;
use super::{StepError, fragments, glob, guard};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Setting {
    /// `FILE:LINE`.
    place: String,
    /// Below /proc/sys; a component may be a pattern.
    path: String,
    /// None: patterns leave it alone, and that is all.
    value: Option<String>,
    /// `-` before the name: a failure is nobody's business.
    optional: bool,
}

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    guard::machine()?;
    set_all(root)
}

fn set_all(root: &Root) -> Result<(), StepError> {
    let mut failures = Failures::default();
    let base = root.path("/proc/sys");
    let settings = settings(root, &mut failures);
    let named: BTreeSet<PathBuf> =
        settings.iter().filter(|one| !one.is_pattern()).map(|one| base.join(&one.path)).collect();
    for setting in &settings {
        let Some(value) = &setting.value else { continue };
        let mut paths = expand(&base, &setting.path);
        if paths.is_empty() && !setting.optional {
            let error = StepError::because(format_args!("set {}", setting.path), "there is no such setting");
            warn(&error.at(&setting.place));
        }
        paths.retain(|path| !(setting.is_pattern() && named.contains(path)));
        for path in paths {
            if !root.does(format_args!("set {} to {value}", path.display())) {
                continue;
            }
            let result = fs::write(&path, format!("{value}\n"));
            if !setting.optional {
                let what = format!("set {} to {value}", path.display());
                failures.note(result.trying(what).map_err(|error| error.at(&setting.place)));
            }
        }
    }
    failures.finish()
}

impl Setting {
    /// It means every setting that fits, but those that have a line of their own.
    fn is_pattern(&self) -> bool {
        glob::is_pattern(&self.path)
    }
}

/// Every setting in the order in which it is made; /etc/sysctl.conf has the last word. A file that cannot be read and a
/// line that is no setting cost themselves.
fn settings(root: &Root, failures: &mut Failures) -> Vec<Setting> {
    let mut files: Vec<PathBuf> = fragments::list(root, "sysctl.d");
    files.push(root.path("/etc/sysctl.conf"));
    let mut all = Vec::new();
    for file in files {
        match fs::read(&file) {
            Ok(bytes) => {
                let lines = parse(&file.display().to_string(), &String::from_utf8_lossy(&bytes));
                all.extend(lines.into_iter().filter_map(|line| line.inspect_err(warn).ok()));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => failures.note::<()>(Err(error).trying(format_args!("read {}", file.display()))),
        }
    }
    all
}

fn parse(file: &str, text: &str) -> Vec<Result<Setting, StepError>> {
    let lines = text.lines().map(str::trim).enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty() && !line.starts_with(['#', ';']));
    lines.map(|(at, line)| setting(format!("{file}:{}", at + 1), line)).collect()
}

/// Without a value a name with `-` keeps patterns off.
fn setting(place: String, line: &str) -> Result<Setting, StepError> {
    let (name, value) = match line.split_once('=') {
        Some((name, value)) => (name.trim(), Some(value.trim().to_owned())),
        None if line.starts_with('-') => (line, None),
        None => {
            return Err(StepError::plain(format_args!("\"{line}\" is no setting: NAME=VALUE is needed")).at(place));
        }
    };
    let plain = name.strip_prefix('-').unwrap_or(name).trim();
    Ok(Setting { place, path: path(plain), value, optional: plain != name })
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

/// The files that a path means, which may be a pattern; only those that exist.
fn expand(base: &Path, path: &str) -> Vec<PathBuf> {
    let components: Vec<&str> = path.split('/').filter(|component| *component != "..").collect();
    let mut found = glob::find(base, &components.join("/"));
    found.retain(|path| path.is_file());
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Comments, optional settings, both separators; everything has its line.
    #[test]
    fn lines() {
        let text = "# c\n; c\nkernel.panic = 10\n-net/ipv4/conf/eth0.1/forwarding=1\nnet.ipv4.conf.eth0/1.x=a = b\njunk\n-a.b\n";
        let setting = |line: u32, path: &str, value: &str, optional| {
            let value = (!value.is_empty()).then(|| value.to_owned());
            Ok(Setting { place: format!("x.conf:{line}"), path: path.into(), value, optional })
        };
        assert_eq!(
            parse("x.conf", text),
            [
                setting(3, "kernel/panic", "10", false),
                setting(4, "net/ipv4/conf/eth0.1/forwarding", "1", true),
                setting(5, "net/ipv4/conf/eth0.1/x", "a = b", false),
                Err(StepError::plain("x.conf:6: \"junk\" is no setting: NAME=VALUE is needed")),
                setting(7, "a/b", "", true),
            ]
        );
    }

    /// A file that is no text, or cannot be read, costs no other file.
    #[test]
    fn bad_files() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        fs::create_dir_all(root.path("/etc/sysctl.d/10-directory.conf")).unwrap();
        fs::write(root.path("/etc/sysctl.d/20-latin.conf"), b"# caf\xe9\na.b=1\n").unwrap();
        fs::write(root.path("/etc/sysctl.conf"), "c.d=2\n").unwrap();
        let mut failures = Failures::default();
        let paths: Vec<String> = settings(&root, &mut failures).into_iter().map(|setting| setting.path).collect();
        assert_eq!(paths, ["a/b", "c/d"]);
        let error = failures.finish().unwrap_err().to_string();
        assert!(error.contains("10-directory.conf: "), "{error}");
    }

    /// A pattern leaves out what has a line of its own, wherever that is, and what is only named.
    #[test]
    fn patterns_give_way() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        fs::create_dir(root.path("/etc")).unwrap();
        for name in ["eth0", "eth1", "lo"] {
            fs::create_dir_all(root.path("/proc/sys/net").join(name)).unwrap();
            fs::write(root.path("/proc/sys/net").join(name).join("x"), "0\n").unwrap();
        }
        fs::write(root.path("/etc/sysctl.conf"), "net.eth0.x = 2\nnet.*.x = 1\n-net.lo.x\n").unwrap();
        set_all(&root).unwrap();
        let values = ["eth0", "eth1", "lo"].map(|name| root.read(&format!("/proc/sys/net/{name}/x")).unwrap().unwrap());
        assert_eq!(values, ["2\n", "1\n", "0\n"]);
    }

    /// A pattern stands for names; nothing leads out of /proc/sys, and what is not there is not made.
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
        assert_eq!(expand(&base, "net/[el]*[!1]/x"), [base.join("net/eth0/x"), base.join("net/lo/x")]);
        assert_eq!(expand(&base, "net/lo/x"), [base.join("net/lo/x")]);
        assert_eq!(expand(&base, "../outside"), Vec::<PathBuf>::new());
        assert_eq!(expand(&base, "net/lo/y"), Vec::<PathBuf>::new());
    }
}
