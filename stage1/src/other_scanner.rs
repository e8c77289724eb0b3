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
    /// Signals for which there may be one. Without one, some of them end it.
    pub answerable: &'static [&'static str],
    /// What it becomes when it ends.
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
        options: &[],
        blocked: &[],
        handlers: Some(&S6),
    },
];

const S6: Handlers = Handlers {
    directory: scan::S6_SVSCAN,
    answerable: &["ABRT", "INT", "PWR", "QUIT", "TERM", "USR1", "USR2", "WINCH"],
    heirs: &["finish", "crash"],
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
        let Some(program) = self.installed(boot) else { return Some("it is not in PATH".into()) };
        self.names_its_own(&program).then(|| format!("it runs its own {}, whatever PATH is", self.supervise))
    }

    /// It was built to run a supervise by an absolute path.
    fn names_its_own(&self, program: &Path) -> bool {
        let name = format!("/{}\0", self.supervise);
        let text = fs::read(program).unwrap_or_default();
        text.windows(name.len()).any(|window| window == name.as_bytes())
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
            assert_eq!(s6.names_its_own(&program), is_named, "{text:?}");
        }
    }
}
