//! runsv: supervises a service, and its logger with it.
//!
//! Without a logger it becomes supervise; with one it keeps two of them.

use super::pair::Pair;
use crate::client::error_text::error_text;
use crate::client::{chain, native, ok};
use std::ffi::OsString;
use std::path::Path;
use supervisor::paths::service;

/// Its name.
pub const NAME: &str = "runsv";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let [directory] = arguments else { return chain::say(1, &[b"usage: runsv dir\n"]) };
    let name = [b"runsv ", directory.as_encoded_bytes()].concat();
    let fatal = |what: &str, error: std::io::Error| {
        chain::say(111, &[&name, b": fatal: ", what.as_bytes(), b": ", error_text(error).as_bytes()])
    };
    if let Err(error) = nix::unistd::chdir(Path::new(directory)) {
        return fatal("unable to change to directory", error.into());
    }
    if ok::open_ok(Path::new(".")).is_ok() {
        return fatal("unable to lock supervise/lock", nix::errno::Errno::EAGAIN.into());
    }
    if !Path::new(service::LOG).is_dir() {
        return native::become_native(NAME, "supervise", &[c".".to_owned()], &chain::environment());
    }
    match Pair::keep(&name, NAME, Path::new(".")) {
        Ok(()) => 0,
        Err(error) => fatal("unable to supervise", error),
    }
}
