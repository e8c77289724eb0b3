//! The main service: the command behind `--`, as in `init -- nginx -g "daemon off;"`. The container lives as long as it
//! does, and process 1 exits with its code.
//!
//! It is a unit like any other, with a service directory whose `finish` is stage 3: what ends is told there. Its
//! standard descriptors are ours, as they came; process 1 keeps them open, and /proc shows them.

use std::fs::{self, Permissions};
use std::io::{self, stderr, stdin, stdout};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use nix::unistd::dup;
use supervisor::json::Quoted;
use supervisor::paths::{run, service};

use crate::boot::Boot;
use crate::failure::{Failure, Trying};
use crate::quote::quote;

/// Its unit's name.
pub const NAME: &str = "main";
/// How the shell opens standard input, output and error.
const OPENED: [&str; 3] = ["<", ">>", "2>>"];

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    if boot.command.is_empty() {
        return Ok(());
    }
    boot.streams = kept().trying("keep standard input, output and error")?;
    let directory = boot.below_run(run::MAIN);
    // Stage 3 is the interpreter, as in process 1's handlers.
    let finish = format!("#!{} main-ended\n", boot.below_run(run::BIN).join("stage3").display());
    fs::create_dir_all(&directory)
        .and_then(|()| executable(&directory.join(service::RUN), &program(boot)))
        .and_then(|()| executable(&directory.join(service::FINISH), finish.as_bytes()))
        .and_then(|()| fs::write(boot.below_run(run::UNITS).join(format!("{NAME}.yaml")), unit(&directory)))
        .trying("make the main service")
}

/// Second descriptors for the standard ones, which the scanner inherits.
fn kept() -> nix::Result<Vec<OwnedFd>> {
    [dup(stdin()), dup(stdout()), dup(stderr())].into_iter().collect()
}

/// It begins when the system is there, and so is stopped before the rest.
fn unit(directory: &Path) -> String {
    let place = directory.to_string_lossy();
    format!(
        "description: What init was told to run\nkind: longrun\nafter: [local, network]\nlog: none\nservicedir: {}\n",
        Quoted(&place)
    )
}

/// The service's `run`: the command, where and with what process 1 was started. A socket cannot be opened through /proc;
/// what goes there goes to the log instead.
fn program(boot: &Boot) -> Vec<u8> {
    let mut text = b"#!/bin/sh\ncd ".to_vec();
    quote(&mut text, boot.directory.as_os_str());
    text.extend_from_slice(b" || exit 111\n");
    for (opened, stream) in OPENED.iter().zip(&boot.streams) {
        let stream = format!("{opened}/proc/1/fd/{}", stream.as_raw_fd());
        text.extend_from_slice(format!("{{ :; }} 2>/dev/null {stream} && exec {stream}\n").as_bytes());
    }
    text.extend_from_slice(b"exec");
    for word in &boot.command {
        text.push(b' ');
        quote(&mut text, word);
    }
    text.push(b'\n');
    text
}

fn executable(path: &Path, text: &[u8]) -> io::Result<()> {
    fs::write(path, text)?;
    fs::set_permissions(path, Permissions::from_mode(0o755))
}
