//! Our programs and the originals run the same script and say the same.
//!
//! A case is a script of `conformance/cases`, one behaviour each; the first word of its name says whose commands it calls.
//! It runs twice, with our programs first in PATH and with the originals alone, each time in an empty directory and a
//! pid namespace of its own; all that it prints, and its exit code, must be the same. Where we differ on purpose the
//! case's header gives the reason after `# differs:` and holds both outputs, after `# ours|` and `# theirs|`.
//!
//! Cases with `# needs root` are skipped for others.
//!
//! `CASE=name cargo test -p supervisor --test conformance` runs those with that in their names.

#[path = "../../tests/src/skip.rs"]
mod skip;

use std::collections::VecDeque;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;

/// Where the originals lie.
const THEIRS: &str = "/usr/bin:/bin:/usr/sbin:/sbin";
/// Seconds that a script may take.
const LIMIT: &str = "120";
/// A script's exit code when what it awaits does not happen, which is never what a case is about.
const IN_VAIN: i32 = 9;
/// Scripts at once.
const WORKERS: usize = 4;

/// A set of commands.
struct Dialect {
    name: &'static str,
    /// A program of the original that must be there.
    needs: &'static str,
    /// The commands, each with the program of ours that it is.
    commands: &'static [(&'static str, &'static str)],
}

const DAEMONTOOLS: Dialect = Dialect {
    name: "daemontools",
    needs: "svscan",
    commands: &[
        ("svscan", "svscan"),
        ("supervise", "supervise"),
        ("svc", "svc"),
        ("svstat", "svstat"),
        ("svok", "svok"),
        ("envdir", "envdir"),
        ("envuidgid", "envuidgid"),
        ("setuidgid", "setuidgid"),
        ("softlimit", "softlimit"),
        ("setlock", "setlock"),
        ("pgrphack", "pgrphack"),
        ("fghack", "fghack"),
        ("tai64n", "tai64n"),
        ("tai64nlocal", "tai64nlocal"),
        ("multilog", "multilog"),
        ("readproctitle", "readproctitle"),
    ],
};

const RUNIT: Dialect = Dialect {
    name: "runit",
    needs: "runsv",
    commands: &[
        ("sv", "sv"),
        ("runsv", "dialect"),
        ("runsvdir", "dialect"),
        ("chpst", "dialect"),
        ("svlogd", "dialect"),
    ],
};

const S6: Dialect = Dialect {
    name: "s6",
    needs: "s6-svscan",
    commands: &[
        ("s6-svscan", "dialect"),
        ("s6-supervise", "dialect"),
        ("s6-svc", "dialect"),
        ("s6-svstat", "dialect"),
        ("s6-svwait", "dialect"),
        ("s6-svscanctl", "dialect"),
        ("s6-svok", "dialect"),
        ("s6-log", "dialect"),
        ("s6-setuidgid", "dialect"),
        ("s6-envdir", "dialect"),
    ],
};

/// A script and what its header says.
struct Case {
    path: PathBuf,
    name: String,
    /// Only root can do it.
    needs_root: bool,
    /// Ours and theirs, where they differ on purpose.
    differs: Option<[String; 2]>,
}

impl Case {
    fn read(path: PathBuf) -> Self {
        let text = fs::read_to_string(&path).unwrap();
        let name = path.file_name().unwrap().to_str().unwrap().to_string();
        assert!(text.starts_with("# ") && text.contains(".\n"), "{name}: the first line says what it is about");
        let lines = |mark: &str| -> String {
            let all = text.lines().filter_map(|line| line.strip_prefix(mark));
            all.map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line))).collect()
        };
        let differs = text.contains("\n# differs: ").then(|| [lines("# ours|"), lines("# theirs|")]);
        assert!(differs.is_some() || !text.contains("\n# ours|"), "{name}: a difference without a reason");
        let needs_root = text.contains("\n# needs root\n");
        Self { path, name, needs_root, differs }
    }

    /// What the script of a dialect prints with a PATH, its exit code at the end.
    fn run(&self, dialect: &str, path: &str) -> String {
        let directory = tempfile::tempdir_in("/tmp").unwrap();
        let library = here().join("lib.sh");
        let script = format!(". {}; . {}", library.display(), self.path.display());
        let mut command = Command::new("timeout");
        command.args(["--kill-after=5", LIMIT, "unshare", "--pid", "--fork", "--kill-child", "--mount-proc"]);
        if !nix::unistd::Uid::effective().is_root() {
            command.arg("--map-root-user");
        }
        command.args(["sh", "-c", &format!("{{ {script}\n}} 2>&1")]).current_dir(directory.path());
        command.env_clear().env("PATH", path).env("LC_ALL", "C").env("DIALECT", dialect).stdin(Stdio::null());
        let output = command.output().unwrap();
        let mut text = String::from_utf8_lossy(&output.stdout).replace(directory.path().to_str().unwrap(), "DIRECTORY");
        let code = output.status.code();
        assert_ne!(code, Some(124), "{} takes longer than {LIMIT} s:\n{text}", self.name);
        assert_ne!(code, Some(IN_VAIN), "{} with PATH {path}:\n{text}", self.name);
        if code != Some(0) {
            text += &format!("the script ends with {}\n", output.status);
        }
        text
    }

    /// Runs it with both; the error says what is wrong.
    fn check(&self, dialect: &str, ours: &str) -> Result<(), String> {
        let [ours, theirs] = [ours, THEIRS].map(|path| self.run(dialect, path));
        let wrong = |whose: &str, seen: &str, expected: &str| {
            format!("{}: {whose}\n--- seen\n{seen}--- expected\n{expected}", self.name)
        };
        match &self.differs {
            None if ours == theirs => Ok(()),
            None => Err(wrong("ours is not theirs", &ours, &theirs)),
            Some([expected, _]) if *expected != ours => Err(wrong("ours", &ours, expected)),
            Some([_, expected]) if *expected != theirs => Err(wrong("theirs", &theirs, expected)),
            Some(_) if ours == theirs => Err(format!("{}: there is no difference any more", self.name)),
            Some(_) => Ok(()),
        }
    }
}

fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

/// The cases of a dialect.
fn cases(dialect: &Dialect) -> Vec<Case> {
    let wanted = std::env::var("CASE").unwrap_or_default();
    let mut paths: Vec<PathBuf> =
        fs::read_dir(here().join("cases")).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let mine = format!("{}-", dialect.name);
    let is_mine = |path: &PathBuf| {
        let name = path.file_name().unwrap().to_str().unwrap();
        name.starts_with(&mine) && name.contains(&wanted)
    };
    paths.into_iter().filter(is_mine).map(Case::read).collect()
}

/// Runs every case of a dialect.
fn check_all(dialect: &Dialect) {
    if !Path::new("/usr/bin").join(dialect.needs).exists() {
        return skip::skip(&format!("/usr/bin/{} is missing: install daemontools, runit and s6", dialect.needs));
    }
    let links = tempfile::tempdir().unwrap();
    fs::set_permissions(links.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    for (command, program) in dialect.commands {
        let program = Path::new(env!("CARGO_BIN_EXE_dialect")).with_file_name(program);
        symlink(program, links.path().join(command)).unwrap();
    }
    let path = format!("{}:{THEIRS}", links.path().display());
    let is_root = nix::unistd::Uid::effective().is_root();
    let (able, unable): (Vec<Case>, Vec<Case>) =
        cases(dialect).into_iter().partition(|case| is_root || !case.needs_root);
    unable.iter().for_each(|case| skip::skip(&format!("{} needs root", case.name)));
    let waiting = Mutex::new(VecDeque::from(able));
    let wrong = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                loop {
                    let Some(case) = waiting.lock().unwrap().pop_front() else { return };
                    wrong.lock().unwrap().extend(case.check(dialect.name, &path).err());
                }
            });
        }
    });
    let wrong = wrong.into_inner().unwrap();
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

/// daemontools' commands.
#[test]
fn daemontools() {
    check_all(&DAEMONTOOLS);
}

/// runit's commands.
#[test]
fn runit() {
    check_all(&RUNIT);
}

/// s6's commands.
#[test]
fn s6() {
    check_all(&S6);
}

/// There are at least so many behaviours, and every case belongs to a dialect.
#[test]
fn there_are_enough() {
    let all = fs::read_dir(here().join("cases")).unwrap().count();
    if std::env::var_os("CASE").is_none() {
        assert_eq!([DAEMONTOOLS, RUNIT, S6].iter().map(|dialect| cases(dialect).len()).sum::<usize>(), all);
        assert!(all >= 60, "{all}");
    }
}
