//! Asking the engine: a request is written, the engine is upped, its progress is shown, its answer is the exit code.
//!
//! The verb only watches: when it is killed, or its terminal closes, the engine goes on.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process;

use nix::unistd::Uid;
use serde_json::Value;
use supervisor::control::supervise::UP;
use supervisor::paths::{run, service};
use supervisor::sys::time;

use super::asked::Options;
use super::failure::{Failure, Outcome};
use super::follow::Follow;
use crate::request::{Answer, Request};
use crate::system::places::Places;

/// The engine's name in the scan directory.
pub(super) const ENGINE: &str = "engine";

/// Answers at once where there is no engine that could be asked.
pub(super) fn reach(places: &Places) -> Result<(), Failure> {
    fs::metadata(places.requests()).map(drop).map_err(|error| unreachable(places, &error))
}

/// Writes the request, then follows it to its end, or as far as the options say.
pub fn run(places: &Places, request: Request, options: &Options, out: &mut dyn Write) -> Outcome {
    let directory = places.requests();
    let follow =
        Follow::begin(&directory, engine(&places.run).join(service::SUPERVISE)).map_err(|e| unreachable(places, &e))?;
    let id = format!("{:020}-{}", time::monotonic(), process::id());
    let timeout_ms = options.timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX));
    let (uid, pid) = (Some(Uid::current().as_raw()), Some(process::id()));
    write_request(&directory, &id, &Request { uid, pid, timeout_ms, ..request })?;
    let wake = || wake(places, &id);
    wake()?;
    if options.no_wait {
        return Ok(0);
    }
    let (mut silence, mut errors) = (std::io::sink(), std::io::stderr());
    let shown: &mut dyn Write = match (options.json, options.quiet) {
        (true, _) => &mut silence,
        (false, true) => &mut errors,
        (false, false) => out,
    };
    let is_live = !options.json && !options.quiet && places.settings().0.console.live;
    let follow = follow.showing(is_live).only_failures(options.quiet);
    let Some(answer) = follow.to_the_end(&id, shown, options.timeout, wake)? else {
        let seconds = options.timeout.unwrap_or_default().as_secs_f64();
        return Err(Failure { message: format!("not done after {seconds} s; the engine goes on"), code: 1 });
    };
    if options.json {
        // As the engine has written it: docs/formats.md has its keys in this order.
        let ordered = serde_json::from_value::<Answer>(answer.clone()).and_then(|it| serde_json::to_string(&it));
        let text = ordered.unwrap_or_else(|_| answer.to_string());
        writeln!(out, "{text}").map_err(|e| Failure::unable("write", e))?;
        return Ok(exit_of(&answer));
    }
    let notes = answer.get("notes").filter(|_| !options.quiet);
    for note in notes.and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        writeln!(shown, "{note}").map_err(|e| Failure::unable("write", e))?;
    }
    conclude(&answer)
}

/// The exit code of an answer; a refusal is told.
pub(super) fn conclude(answer: &Value) -> Outcome {
    let exit = exit_of(answer);
    match answer.get("error").and_then(Value::as_str) {
        Some(error) => Err(Failure { message: error.to_owned(), code: exit }),
        None => Ok(exit),
    }
}

fn exit_of(answer: &Value) -> u8 {
    answer.get("exit").and_then(Value::as_u64).and_then(|code| u8::try_from(code).ok()).unwrap_or(111)
}

/// The engine's service directory.
pub(super) fn engine(run_directory: &Path) -> PathBuf {
    run_directory.join(run::SERVICE).join(ENGINE)
}

/// Puts a request where the engine finds it.
pub(super) fn write_request(directory: &Path, id: &str, request: &Request) -> Result<(), Failure> {
    let text = serde_json::to_string(request).map_err(|e| Failure::unable("write a request", e))?;
    let new = directory.join(format!(".{id}.new"));
    let unable = |e: io::Error| match e.kind() {
        io::ErrorKind::PermissionDenied => Failure::unable("write a request", "Permission denied (only root may)"),
        _ => Failure::unable("write a request", e),
    };
    fs::write(&new, text + "\n").map_err(unable)?;
    fs::rename(&new, directory.join(id)).map_err(unable)
}

/// Ups the engine for a request. One that wakes nobody is taken back: what cannot be done now must not be done some day.
pub(super) fn wake(places: &Places, id: &str) -> Result<(), Failure> {
    let control = engine(&places.run).join(service::CONTROL);
    let open = fs::File::options().write(true).custom_flags(nix::libc::O_NONBLOCK).open(&control);
    open.and_then(|mut fifo| fifo.write_all(&[UP])).map_err(|error| {
        let _ = fs::remove_file(places.requests().join(id));
        unreachable(places, &error)
    })
}

/// Why the engine is not to be had. Nobody is there only if the scanner is not either: an engine alone comes back.
fn unreachable(places: &Places, cause: &io::Error) -> Failure {
    let place = places.run.display();
    if !places.run.is_dir() {
        return Failure::nobody(places, format!("unable to reach the engine: {place} is not there"));
    }
    let message = format!("unable to reach the engine in {place}: {cause}");
    let is_absent = matches!(cause.raw_os_error(), Some(nix::libc::ENOENT | nix::libc::ENXIO));
    match is_absent && places.scanner().is_err() {
        true => Failure::nobody(places, message),
        false => Failure::system(message),
    }
}
