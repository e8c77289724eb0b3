//! svc: writes command letters into the control FIFOs of supervises, and waits for what becomes of them if asked to.
//!
//! daemontools' contract: letters in the order given, each once, one write a directory; a directory that cannot be
//! controlled is a warning and not a failure. Without `-w` it never waits.

mod client {
    pub mod announces;
    pub mod command_line;
    pub mod error_text;
    pub mod fifo;
    pub mod goal;
    pub mod ok;
    pub mod record;
    pub mod signal_letter;
    pub mod svc_options;
    pub mod wait;
}

use client::error_text::error_text;
use client::svc_options::{Options, Wrong};
use client::wait::Wait;
use client::{command_line, fifo};
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::ExitCode;
use supervisor::paths::service;

const HELP: &str = "\
usage: svc [-LETTERS] [-s SIGNAL] [-w{u|U|d|D|r|R}] [-T MILLISECONDS] DIR...
Sends commands to the supervise of each service directory; with -w waits for the state that follows.

letters: u up                  d down (TERM, CONT)     o once               x exit when down
         p pause (STOP)        c continue (CONT)       h HUP                a ALRM
         i INT                 t TERM                  k KILL               q QUIT
         b ABRT                1 USR1                  2 USR2               y WINCH
         r restart             l reload signal         P C K: p c k for the process group
         O once, no start      Q once, and a down file D U: d u, and make or remove the down file
wait:    u running  U ready  d down  D down and finish done  r restarted  R restarted and ready
         -T: give up after so many milliseconds (0, the default: never)

exit codes: 0 (daemontools': also when a directory could not be controlled; that is a warning),
            1 with -w: a service did not get there, 100 usage, 111 system failure

examples: svc -d -wD -T 10000 /run/sunup/scan/sshd
          svc -t /run/sunup/scan/*
";

fn main() -> ExitCode {
    let arguments = command_line::words();
    if let Some(answered) = command_line::answer("svc", HELP, &arguments) {
        return answered;
    }
    let (options, directories) = match Options::parse(&arguments) {
        Ok(parsed) => parsed,
        Err(wrong) => return usage(&wrong),
    };
    let origin = match std::env::current_dir() {
        Ok(origin) => origin,
        Err(error) => return fatal("unable to open current directory", error),
    };
    let Some(goal) = options.goal else {
        for directory in directories {
            control(directory, &origin, &options.letters);
        }
        return ExitCode::SUCCESS;
    };
    match Wait::new(goal, false) {
        Ok(wait) => control_and_wait(wait, &options, directories, &origin),
        Err(error) => fatal("unable to watch", error),
    }
}

/// Says what was wrong with the command line, in daemontools' words where it has them.
fn usage(wrong: &Wrong) -> ExitCode {
    match wrong {
        Wrong::Option(letter) => eprintln!("svc: illegal option -- {letter}"),
        Wrong::Missing(letter) => eprintln!("svc: option requires an argument -- {letter}"),
        Wrong::Argument(letter, text) => eprintln!("svc: wrong argument of -{letter}: {text}"),
    }
    eprintln!(
        "svc options: u up, d down, o once, x exit, p pause, c continue, h hup, a alarm, i interrupt, t term, k kill, \
         q quit, b abort, 1 usr1, 2 usr2, y winch, r restart, l reload, s signal, w wait, T timeout"
    );
    ExitCode::from(100)
}

fn fatal(what: &str, error: std::io::Error) -> ExitCode {
    eprintln!("svc: fatal: {what}: {}", error_text(error));
    ExitCode::from(111)
}

/// Watches every directory, sends the letters, waits. A directory that cannot be controlled counts as not got there.
fn control_and_wait(mut wait: Wait, options: &Options, directories: &[OsString], origin: &Path) -> ExitCode {
    let mut code = ExitCode::SUCCESS;
    let mut watched: Vec<&OsString> = Vec::new();
    for directory in directories {
        let path = origin.join(directory);
        match wait.add(directory.to_string_lossy().into_owned(), path) {
            Ok(()) => watched.push(directory),
            Err(error) => {
                eprintln!("svc: warning: unable to watch {}: {}", directory.display(), error_text(error));
                code = ExitCode::from(1);
            }
        }
    }
    for directory in watched {
        if !control(directory, origin, &options.letters) {
            code = ExitCode::from(1);
        }
    }
    match wait.run(options.timeout, false) {
        Ok(missing) if missing.is_empty() => code,
        Ok(missing) => {
            missing.iter().for_each(|(name, reason)| eprintln!("svc: warning: {name} did not get there: {reason}"));
            ExitCode::from(1)
        }
        Err(error) => fatal("unable to wait", error),
    }
}

/// Sends the letters to one directory's supervise; what goes wrong is a warning. True when they were sent.
fn control(directory: &OsStr, origin: &Path, letters: &[u8]) -> bool {
    match send(directory, origin, letters) {
        Ok(()) => true,
        Err(text) => {
            eprintln!("svc: warning: {text}");
            false
        }
    }
}

/// Writes the letters into the control FIFO; the error is daemontools' text.
fn send(directory: &OsStr, origin: &Path, letters: &[u8]) -> Result<(), String> {
    let name = directory.display();
    nix::unistd::chdir(origin)
        .and_then(|()| nix::unistd::chdir(directory))
        .map_err(|error| format!("unable to chdir to {name}: {}", error_text(error)))?;
    let fifo = fifo::open_fifo(Path::new("."), service::CONTROL).map_err(|error| match error {
        Errno::ENXIO => format!("unable to control {name}: supervise not running"),
        error => format!("unable to control {name}: {}", error_text(error)),
    })?;
    write_command(&fifo, letters).map_err(|error| format!("error writing commands to {name}: {}", error_text(error)))
}

/// Writes a whole command with one write. It waits for a supervise that is slow to read, as daemontools' svc does.
fn write_command(fifo: &OwnedFd, letters: &[u8]) -> Result<(), Errno> {
    fcntl(fifo, FcntlArg::F_SETFL(OFlag::O_WRONLY))?;
    match nix::unistd::write(fifo, letters)? {
        written if written == letters.len() => Ok(()),
        _ => Err(Errno::EIO),
    }
}
