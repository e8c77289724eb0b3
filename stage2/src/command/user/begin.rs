//! The beginning of a user tree: this program becomes svscan, or has a copy of itself become it in a session of its own.

use std::env;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::unistd::{pipe, setsid};
use supervisor::paths::requests::BOOT;
use supervisor::paths::{run, service};

use super::tree;
use crate::command::ask;
use crate::command::failure::{Failure, Outcome};
use crate::command::follow::Follow;
use crate::system::places::Places;

/// Becomes svscan. Returns only what went wrong.
pub(super) fn in_foreground(places: &Places) -> Failure {
    match tree::prepare(places, false) {
        Ok(()) => become_svscan(&mut svscan(places)),
        Err(failure) => failure,
    }
}

/// Begins the tree in a session of its own, and shows the boot.
pub(super) fn in_background(places: &Places, out: &mut dyn Write) -> Outcome {
    tree::prepare(places, true)?;
    let unable = |error: io::Error| Failure::unable("begin in the background", error);
    let supervise = ask::engine(&places.run).join(service::SUPERVISE);
    let follow = Follow::begin(&places.requests(), supervise).map_err(unable)?;
    let mut started = spawn_leader().map_err(unable)?;
    let mut newline = [0];
    if started.read(&mut newline).map_err(unable)? == 0 {
        return Err(Failure::system("svscan has not started"));
    }
    // The engine ups itself: it is not down in this tree.
    let answer = follow.to_the_end(BOOT, out, None, || Ok(()))?;
    answer.map_or(Ok(1), |answer| ask::conclude(&answer))
}

/// Starts the leader. Answers where a newline comes from once svscan runs; nothing comes if it does not.
fn spawn_leader() -> io::Result<File> {
    let (read, write) = pipe()?;
    fcntl(&read, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    let mut command = Command::new(env::current_exe()?);
    command.args(["--user", "boot", "--leader"]).arg(write.as_raw_fd().to_string());
    command.stdin(Stdio::null()).stdout(Stdio::null()).spawn()?;
    Ok(File::from(read))
}

/// The copy: leads a session, and becomes svscan with the catch-all's FIFO as its output. Returns only what went wrong.
pub(super) fn lead(places: &Places, descriptor: RawFd) -> Failure {
    // It fails for one that leads a session already.
    let _ = setsid();
    // Opened for reading too, so that nobody ever writes without a reader.
    let fifo = File::options().read(true).write(true).open(tree::log_fifo(places));
    let outputs = fifo.and_then(|fifo| Ok((OwnedFd::from(fifo.try_clone()?), OwnedFd::from(fifo))));
    match outputs {
        Ok((output, error)) => {
            let mut command = svscan(places);
            command.args(["-d", &descriptor.to_string()]).stdout(output).stderr(error);
            become_svscan(&mut command)
        }
        Err(error) => Failure::unable("open the log's FIFO", error),
    }
}

/// svscan with the tree's supervise first in its PATH; services get the same environment.
fn svscan(places: &Places) -> Command {
    let mut path = OsString::from(places.run.join(run::BIN));
    if let Some(rest) = env::var_os("PATH").filter(|rest| !rest.is_empty()) {
        path.push(":");
        path.push(rest);
    }
    let mut command = Command::new(tree::program("svscan"));
    command.args(["-t", "0"]).env("PATH", path).current_dir(&places.scan).stdin(Stdio::null());
    command
}

fn become_svscan(command: &mut Command) -> Failure {
    Failure::unable("run svscan", command.exec())
}
