//! The files of a compiled service directory.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use supervisor::paths::service;
use units::{Command, KillMode, Log, Longrun, Program, Readiness, Unit};

use super::quote::{quote, quote_if_needed};
use crate::system::replace::{remove, replace_if_different};

/// How every generated script begins: errors end it, and both outputs go where the log is.
const HEAD: &str = "#!/bin/sh -e\nexec 2>&1\n";
/// A script with an interpreter of its own, next to `data/unit`.
const SCRIPT: &str = "data/script";
/// The logger's program.
const LOG_RUN: &str = "log/run";
/// The logger says itself that it reads.
const LOG_NOTIFICATION_FD: &str = "log/notification-fd";
/// Every file that we ever write: what is not wanted of them is removed.
const MANAGED: [&str; 9] = [
    service::RUN,
    service::NOTIFICATION_FD,
    service::TIMEOUT_KILL,
    service::KILL_MODE,
    service::CGROUP,
    service::DATA_UNIT,
    SCRIPT,
    LOG_RUN,
    LOG_NOTIFICATION_FD,
];

/// A logger of a service's own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logger {
    /// The program, as the logger's `run` calls it.
    pub program: String,
    /// Where logs of units are, one directory each.
    pub directory: PathBuf,
}

/// What a service directory depends on besides its unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The control-group leaf, where there are control groups.
    pub cgroup: Option<PathBuf>,
    /// Its own logger, where it has one.
    pub logger: Option<Logger>,
}

/// The files: name below the directory, content, permission bits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceDirectory(Vec<(&'static str, String, u32)>);

impl ServiceDirectory {
    /// Compiles a longrun.
    pub fn compile(unit: &Unit, longrun: &Longrun, settings: &Settings) -> Self {
        let mut files = vec![(service::RUN, run_script(&longrun.program), 0o755)];
        if let Some(Command::Script(text)) = longrun.command()
            && text.starts_with("#!")
        {
            files.push((SCRIPT, text.clone(), 0o755));
        }
        if let Some(Readiness::Descriptor(number)) = longrun.ready {
            files.push((service::NOTIFICATION_FD, format!("{number}\n"), 0o644));
        }
        files.push((service::TIMEOUT_KILL, format!("{}\n", unit.stop_timeout.as_millis()), 0o644));
        let kill_mode = match longrun.kill_mode {
            KillMode::Cgroup => "cgroup\n",
            KillMode::Main => "main\n",
        };
        files.push((service::KILL_MODE, kill_mode.into(), 0o644));
        if let Some(leaf) = &settings.cgroup {
            files.push((service::CGROUP, format!("{}\n", leaf.display()), 0o644));
        }
        files.push((service::DATA_UNIT, format!("{}:{}\n", unit.place.file.display(), unit.place.line.max(1)), 0o644));
        if let Some(logger) = &settings.logger {
            files.push((LOG_RUN, log_script(unit, &longrun.log, logger), 0o755));
            files.push((LOG_NOTIFICATION_FD, "3\n".into(), 0o644));
        }
        Self(files)
    }

    /// The files, for tests and for whoever shows what would happen.
    pub fn files(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, content, _)| (*name, content.as_str()))
    }

    /// Puts the files into `directory`, which is made if need be, and takes away what an earlier unit left there.
    pub fn install(&self, directory: &Path) -> io::Result<()> {
        make_directory(&directory.join("data"))?;
        make_directory(&directory.join(service::SUPERVISE))?;
        let has_logger = self.0.iter().any(|(name, ..)| *name == LOG_RUN);
        if has_logger {
            make_directory(&directory.join(service::LOG).join(service::SUPERVISE))?;
        }
        for (name, content, mode) in &self.0 {
            replace_if_different(&directory.join(name), content.as_bytes(), *mode)?;
        }
        for name in MANAGED.iter().filter(|name| !self.0.iter().any(|(wanted, ..)| wanted == *name)) {
            remove(&directory.join(name))?;
        }
        if !has_logger {
            remove_logger(&directory.join(service::LOG))?;
        }
        Ok(())
    }
}

fn make_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o755).create(path)
}

/// A scanner takes `log/` for a logger, so an unused one must go.
fn remove_logger(log: &Path) -> io::Result<()> {
    match fs::remove_dir_all(log) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

fn run_script(program: &Program) -> String {
    let command = match program {
        Program::Command(command) => command,
        Program::ServiceDirectory(path) => {
            return format!("{HEAD}cd {}\nexec ./run\n", quote(&path.to_string_lossy()));
        }
    };
    match command {
        Command::Argv(words) => {
            let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
            format!("{HEAD}exec {}\n", words.join(" "))
        }
        Command::Script(text) if text.starts_with("#!") => format!("{HEAD}exec ./{SCRIPT}\n"),
        Command::Script(text) => format!("{HEAD}{}\n", text.trim_end()),
    }
}

/// Where a unit's own logger writes, if it has one; `logs` holds those of units that do not say.
pub fn log_directory(logs: &Path, unit: &str, log: &Log) -> PathBuf {
    match log {
        Log::Directory { directory: Some(directory), .. } => directory.clone(),
        Log::Directory { directory: None, .. } | Log::Auto | Log::None => logs.join(unit),
    }
}

fn log_script(unit: &Unit, log: &Log, logger: &Logger) -> String {
    let (size, keep) = match log {
        Log::Directory { size, keep, .. } => (*size, *keep),
        Log::Auto | Log::None => (1 << 20, 10),
    };
    let directory = log_directory(&logger.directory, unit.name.as_str(), log);
    let program = quote_if_needed(&logger.program);
    let directory = quote_if_needed(&directory.to_string_lossy());
    format!("{HEAD}exec {program} -b -d 3 t s{size} n{keep} {directory}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use units::UnitSet;

    const SSHD: &str = "description: OpenSSH server\nkind: longrun\nneeds: [sshd-keys]\nwants: [network]\n\
        if: {path: /usr/sbin/sshd}\nrun: [/usr/sbin/sshd, -D, -e]\nready: {tcp: \"127.0.0.1:22\"}\nkill-mode: main\n";

    fn compile(text: &str, settings: &Settings) -> Vec<(String, String)> {
        let set = UnitSet::from_texts(&[("/usr/lib/sunup/units/sshd.yaml", text)]);
        let unit = set.get("sshd").unwrap_or_else(|| panic!("{:?}", set.diagnostics()));
        let units::Kind::Longrun(longrun) = &unit.kind else { panic!("{:?}", unit.kind) };
        let directory = ServiceDirectory::compile(unit, longrun, settings);
        directory.files().map(|(name, content)| (name.to_owned(), content.to_owned())).collect()
    }

    fn settings() -> Settings {
        let logger = Logger { program: "../../../bin/svlog".into(), directory: "/var/log/sunup".into() };
        Settings { cgroup: Some("/sys/fs/cgroup/sunup/sshd".into()), logger: Some(logger) }
    }

    fn check(actual: &[(String, String)], expected: &[(&str, &str)]) {
        let actual: Vec<_> = actual.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
        assert_eq!(actual, expected);
    }

    /// The unit of DESIGN §5 becomes exactly these files.
    #[test]
    fn golden_sshd() {
        check(
            &compile(SSHD, &settings()),
            &[
                ("run", "#!/bin/sh -e\nexec 2>&1\nexec '/usr/sbin/sshd' '-D' '-e'\n"),
                ("timeout-kill", "10000\n"),
                ("kill-mode", "main\n"),
                ("cgroup", "/sys/fs/cgroup/sunup/sshd\n"),
                ("data/unit", "/usr/lib/sunup/units/sshd.yaml:1\n"),
                (
                    "log/run",
                    "#!/bin/sh -e\nexec 2>&1\nexec ../../../bin/svlog -b -d 3 t s1048576 n10 /var/log/sunup/sshd\n",
                ),
                ("log/notification-fd", "3\n"),
            ],
        );
    }

    /// A script is the text itself; one with an interpreter of its own is a file that is executed.
    #[test]
    fn scripts() {
        let files = compile("kind: longrun\nrun: |\n  date\n  sleep 5\nready: {fd: 4}\n", &Settings::default());
        assert_eq!(files[0].1, "#!/bin/sh -e\nexec 2>&1\ndate\nsleep 5\n");
        assert_eq!(files[1], ("notification-fd".into(), "4\n".into()));
        let files = compile("kind: longrun\nrun: |\n  #!/usr/bin/perl\n  sleep 5;\n", &Settings::default());
        assert_eq!(files[0].1, "#!/bin/sh -e\nexec 2>&1\nexec ./data/script\n");
        assert_eq!(files[1], ("data/script".into(), "#!/usr/bin/perl\nsleep 5;\n".into()));
    }

    /// Installing twice changes no inode; installing something else replaces the files, never the directories.
    #[test]
    fn install_keeps_inodes() {
        use std::os::unix::fs::MetadataExt;
        let root = std::env::temp_dir().join(format!("sunup-install-{}", std::process::id()));
        let directory = root.join("sshd");
        let inode = |name: &str| fs::metadata(directory.join(name)).map(|metadata| metadata.ino()).ok();
        let set = UnitSet::from_texts(&[("/u/sshd.yaml", SSHD)]);
        let unit = set.get("sshd").unwrap();
        let units::Kind::Longrun(longrun) = &unit.kind else { panic!() };
        let first = ServiceDirectory::compile(unit, longrun, &settings());
        first.install(&directory).unwrap();
        let before = [".", "supervise", "log", "log/supervise", "run"].map(inode);
        first.install(&directory).unwrap();
        assert_eq!([".", "supervise", "log", "log/supervise", "run"].map(inode), before);
        let changed = Longrun { program: Program::Command(Command::Argv(vec!["/bin/true".into()])), ..longrun.clone() };
        ServiceDirectory::compile(unit, &changed, &Settings::default()).install(&directory).unwrap();
        assert_eq!([".", "supervise"].map(inode), before[..2]);
        assert_ne!(inode("run"), before[4]);
        assert_eq!([inode("log"), inode("cgroup")], [None, None]);
        fs::remove_dir_all(root).unwrap();
    }
}
