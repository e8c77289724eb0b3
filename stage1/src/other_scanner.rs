//! The scanners of other suites that may be process 1: a table.
//!
//! Each of them finds its supervise in PATH, where the wrapper leads to ours, whatever it is called: so the engine and stage 3
//! have the records and locks that they know. None of them knows our letters, holds the log FIFO, or spares its children our
//! limits. How the engine has them look at the scan directory is the engine's: by letter, or they look by themselves.

use std::fs;
use std::path::{Path, PathBuf};

use nix::sys::signal::Signal;
use nix::unistd::{AccessFlags, access};
use supervisor::paths::{run, scan};
use supervisor::settings::Scanner;
use supervisor::sys::capability;

use crate::boot::Boot;
use crate::failure::Failure;
use crate::steps::programs::Copied;

/// One of them.
#[derive(Clone, Copy, Debug)]
pub struct Other {
    /// Its word.
    scanner: Scanner,
    /// What it is called.
    pub program: &'static str,
    /// What it calls its supervise.
    supervise: &'static str,
    /// What runs from memory for it: from our installed programs, to a directory of the run directory, by this name.
    pub copies: &'static [Copied],
    /// What stands before the scan directory.
    pub options: &'static [&'static str],
    /// Signals that would end it, which process 1 must not: those that it does not unblock by itself.
    pub blocked: &'static [Signal],
    /// `None`: as process 1 it answers none.
    pub handlers: Option<&'static Handlers>,
}

/// How it is told what to do on a signal: by programs, as ours is.
#[derive(Clone, Copy, Debug)]
pub struct Handlers {
    /// Where they are, below the scan directory.
    pub directory: &'static str,
    /// How they begin there, before the signal's name.
    pub handler: &'static str,
    /// Signals for which there may be one. Without one, some of them end it.
    pub answerable: &'static [&'static str],
    /// What it becomes when it ends, below the scan directory.
    pub heirs: &'static [&'static str],
}

const OTHERS: [Other; 3] = [
    Other {
        scanner: Scanner::Daemontools,
        program: "svscan",
        supervise: "supervise",
        copies: &[],
        options: &[],
        blocked: &[],
        handlers: None,
    },
    Other {
        scanner: Scanner::Runit,
        program: "runsvdir",
        supervise: "runsv",
        copies: &[("wrapper/runsv", run::WRAPPER, "runsv"), ("bin/dialect", run::BIN, "pair")],
        options: &["-P"],
        blocked: &[Signal::SIGHUP, Signal::SIGTERM],
        handlers: None,
    },
    Other {
        scanner: Scanner::S6,
        program: "s6-svscan",
        supervise: "s6-supervise",
        copies: &[("wrapper/supervise", run::WRAPPER, "s6-supervise")],
        // Services; it keeps room for all on its stack, newer ones for as many loggers beside them.
        options: &["-c", "5000"],
        blocked: &[],
        handlers: Some(&S6),
    },
];

const S6: Handlers = Handlers {
    directory: scan::S6_SVSCAN,
    handler: scan::S6_HANDLER,
    answerable: &["INT", "PWR", "QUIT", "TERM", "USR1", "USR2", "WINCH"],
    heirs: &[scan::S6_FINISH, scan::S6_CRASH],
};

impl Other {
    /// The one that was chosen; `None`: ours was.
    pub fn chosen(scanner: Scanner) -> Option<&'static Self> {
        OTHERS.iter().find(|other| other.scanner == scanner)
    }

    /// Where it is installed. Ours, of the same name, is in no PATH but its own.
    pub fn installed(&self, boot: &Boot) -> Option<PathBuf> {
        let places = std::env::split_paths(&boot.path).map(|directory| directory.join(self.program));
        places.into_iter().find(|program| program.is_file() && access(program, AccessFlags::X_OK).is_ok())
    }

    /// Why it cannot be process 1, if it cannot.
    fn refusal(&self, boot: &Boot) -> Option<String> {
        if !boot.command.is_empty() {
            return Some("it keeps nothing for a main service".into());
        }
        if self.handlers.is_none() && !capability::is_effective(capability::SYS_BOOT).unwrap_or(true) {
            return Some("it cannot be told to end, and reboot(2) is not allowed here".into());
        }
        let Some(program) = self.installed(boot) else { return Some("it is not in PATH".into()) };
        self.flaw(&program)
    }

    /// Why this program will not do. One that the kernel shows by another name stage 3 would take for somebody else's process 1,
    /// and stop nothing; one that was built to run a supervise by an absolute path does not run ours.
    fn flaw(&self, program: &Path) -> Option<String> {
        let text = fs::read(program).unwrap_or_default();
        let target = program.canonicalize().unwrap_or_default();
        if text.starts_with(b"#!") || !target.ends_with(self.program) {
            return Some(format!("{} is a script, or a link to a program of another name", program.display()));
        }
        let own = format!("/{}\0", self.supervise);
        let names_its_own = text.windows(own.len()).any(|window| window == own.as_bytes());
        names_its_own.then(|| format!("it runs its own {}, whatever PATH is", self.supervise))
    }
}

/// Why the scanner that was asked for cannot be process 1, if it cannot.
pub fn refusal(boot: &Boot) -> Option<Failure> {
    let scanner = boot.settings.scanner;
    let why = Other::chosen(scanner)?.refusal(boot)?;
    let (_, word) = Scanner::ALL.iter().find(|(known, _)| *known == scanner)?;
    Some(Failure::because(format_args!("run the scanner of {word}"), format_args!("{why} (svscan is used)")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A program that names its supervise by a path does not look into PATH, whatever else it says of that.
    #[test]
    fn named_by_a_path() {
        let directory = tempfile::tempdir().unwrap();
        let program = directory.path().join("s6-svscan");
        let s6 = Other::chosen(Scanner::S6).unwrap();
        for (text, is_named) in [
            ("\0s6-supervise\0wait for all /s6-supervise processes\0", false),
            ("\0/usr/bin/s6-supervise\0", true),
            ("", false),
        ] {
            fs::write(&program, text).unwrap();
            assert_eq!(s6.flaw(&program).is_some(), is_named, "{text:?}");
        }
    }

    /// What is not the program of its name is told from one that is, wherever links lead to it.
    #[test]
    fn not_what_it_is_called() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::create_dir(path("store")).unwrap();
        fs::write(path("busybox"), "\x7fELF").unwrap();
        fs::write(path("store/runsvdir"), "\x7fELF").unwrap();
        let runit = Other::chosen(Scanner::Runit).unwrap();
        let why = format!("{} is a script, or a link to a program of another name", path("runsvdir").display());
        for (target, flaw) in [("busybox", Some(&why)), ("store/runsvdir", None)] {
            symlink(target, path("runsvdir")).unwrap();
            assert_eq!(runit.flaw(&path("runsvdir")).as_ref(), flaw, "{target}");
            fs::remove_file(path("runsvdir")).unwrap();
        }
        fs::write(path("runsvdir"), "#!/bin/sh\nexec busybox runsvdir \"$@\"\n").unwrap();
        assert_eq!(runit.flaw(&path("runsvdir")), Some(why));
    }
}
