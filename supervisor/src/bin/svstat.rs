//! svstat: prints what the status records of service directories say.
//!
//! The default line is daemontools' to the byte. It never waits and never writes.

mod client {
    pub mod announces;
    pub mod command_line;
    pub mod error_text;
    pub mod fifo;
    pub mod ok;
    pub mod record;
    pub mod report;
}

use client::error_text::error_text;
use client::{command_line, report};
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;
use supervisor::tai::Tai64n;

const HELP: &str = "\
usage: svstat DIR...
       svstat -o FIELD[,FIELD...] DIR...
       svstat --json DIR...
Prints the state of each service directory: daemontools' line, or the given fields, or one JSON object.

fields: up wantedup normallyup ready paused pid pgid exitcode signal signum updownsince readysince updownfor readyfor
        (as s6-svstat's), state, deaths; the pid of a service that is down is -1: do not kill by it, use svc -k

exit codes: 0 (with -o: 1 when a service is not supervised, 111 when its record cannot be read), 100 usage, 111 failure

examples: svstat /run/sunup/scan/*
          svstat -o up,pid,updownfor /run/sunup/scan/sshd
";

/// What to print for each directory.
enum Format {
    Line,
    Fields(Vec<report::Field>),
    Json,
}

fn main() -> ExitCode {
    let arguments = command_line::words();
    if let Some(answered) = command_line::answer("svstat", HELP, &arguments) {
        return answered;
    }
    let Some((format, directories)) = parse(&arguments) else {
        eprintln!("svstat: usage: svstat [-o field,... | --json] dir...");
        return ExitCode::from(100);
    };
    let origin = match std::env::current_dir() {
        Ok(origin) => origin,
        Err(error) => {
            eprintln!("svstat: fatal: unable to open current directory: {}", error_text(error));
            return ExitCode::from(111);
        }
    };
    match print_all(&format, directories, &origin) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("svstat: fatal: unable to write: {}", error_text(error));
            ExitCode::from(111)
        }
    }
}

/// The format and the directories; `None` for a wrong field or a missing one.
fn parse(arguments: &[OsString]) -> Option<(Format, &[OsString])> {
    let (format, rest) = match arguments {
        [option, rest @ ..] if option == "--json" => (Format::Json, rest),
        [option, fields, rest @ ..] if option == "-o" => {
            let fields = fields.to_str()?.split(',').map(report::Field::from_name).collect::<Option<_>>()?;
            (Format::Fields(fields), rest)
        }
        [option, ..] if option == "-o" => return None,
        all => (Format::Line, all),
    };
    let rest = rest.strip_prefix(&[OsString::from("--")]).unwrap_or(rest);
    Some((format, rest))
}

/// Prints every directory's state; the exit code is the last failure's.
fn print_all(format: &Format, directories: &[OsString], origin: &Path) -> io::Result<u8> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let mut code = 0;
    for directory in directories {
        let name: &OsStr = directory;
        let view = report::look(origin, Path::new(directory));
        match format {
            Format::Line => {
                out.write_all(name.as_encoded_bytes())?;
                writeln!(out, ": {}", report::line(&view))?;
            }
            Format::Fields(fields) => match &view {
                report::View::Supervised(seen) => writeln!(out, "{}", report::fields(seen, fields, Tai64n::label))?,
                report::View::Unable { not_running, .. } => {
                    code = if *not_running { 1 } else { 111 };
                    out.flush()?;
                    eprintln!("svstat: warning: {}: {}", name.display(), report::line(&view));
                }
            },
            Format::Json => writeln!(out, "{}", report::json(&name.to_string_lossy(), &view))?,
        }
    }
    out.flush()?;
    Ok(code)
}
