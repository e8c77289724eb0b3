//! svscanboot: runs svscan in /etc/service, its messages in the title of a readproctitle.
//!
//! A supervise that is left from another scanner is told to leave first. svscan gets an environment of only PATH, in which
//! the directory of this program comes first. Nothing but svscan and readproctitle, which svscanboot becomes, stays.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod command_line;
    pub mod error_text;
}

use client::command_line;
use client::error_text::error_text;
use std::fs::File;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const HELP: &str = "\
usage: svscanboot
Tells the supervises of /etc/service to leave, runs svscan there, and shows the last 400 bytes of messages in the title of
readproctitle.

exit codes: readproctitle's; 111 something cannot be run

example: svscanboot &
";

/// The scan directory, as Debian's daemontools has it.
const SERVICES: &str = "/etc/service";
/// Where programs are looked for.
const PATH: &str = "/command:/usr/local/bin:/usr/local/sbin:/bin:/sbin:/usr/bin:/usr/sbin:/usr/X11R6/bin";
/// Bytes of messages that are shown.
const SHOWN: usize = 400;

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    if command_line::answer("svscanboot", HELP, &command_line::words()).is_some() {
        return 0;
    }
    match boot() {
        Ok(never) => match never {},
        Err((what, error)) => {
            eprintln!("svscanboot: fatal: unable to {what}: {}", error_text(error));
            111
        }
    }
}

/// Does it all; returns only when something failed.
fn boot() -> Result<std::convert::Infallible, (&'static str, io::Error)> {
    let path = search_path();
    let null = || File::options().read(true).write(true).open("/dev/null");
    let command = |name: &str| -> io::Result<Command> {
        let mut command = Command::new(name);
        command.env("PATH", &path).stdin(null()?).stdout(null()?).stderr(null()?);
        Ok(command)
    };
    let mut svc = command("svc").map_err(|error| ("open /dev/null", error))?;
    // Where there is none yet, there is nobody to tell.
    let _ = svc.arg("-dx").args(services()).status();
    let piped = |error| ("create pipe", error);
    let (reader, writer) = io::pipe().map_err(piped)?;
    let failed = |error| ("run svscan", error);
    let mut svscan = command("svscan").map_err(failed)?;
    svscan.arg(SERVICES).env_clear().env("PATH", &path);
    svscan.stdout(writer.try_clone().map_err(piped)?).stderr(writer);
    svscan.spawn().map_err(failed)?;
    drop(svscan);
    let failed = |error| ("run readproctitle", error);
    let mut title = command("readproctitle").map_err(failed)?;
    title.args(["service", "errors:", &".".repeat(SHOWN)]).env_clear().env("PATH", &path).stdin(Stdio::from(reader));
    Err(failed(title.exec()))
}

/// daemontools' PATH, behind the directory that this program lies in.
fn search_path() -> String {
    let own = std::env::current_exe().ok().and_then(|path| Some(path.parent()?.to_str()?.to_string()));
    own.map_or_else(|| PATH.to_string(), |own| format!("{own}:{PATH}"))
}

/// The service directories, then their loggers', in the order of their names.
fn services() -> Vec<PathBuf> {
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(SERVICES).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    names.retain(|path| !path.file_name().unwrap_or_default().as_encoded_bytes().starts_with(b"."));
    names.sort();
    let logs: Vec<PathBuf> =
        names.iter().map(|path| path.join("log")).filter(|log: &PathBuf| Path::exists(log)).collect();
    names.into_iter().chain(logs).collect()
}
