//! s6-svstat: the state of one service, in the words of s6 2.15, whoever supervises it.

use super::line::line;
use super::say;
use crate::client::record::Record;
use crate::client::report::{self, Field, Seen};
use crate::client::{getopt, ok};
use nix::errno::Errno;
use std::ffi::{OsStr, OsString};
use std::path::Path;
use supervisor::paths::service;
use supervisor::tai::Tai64n;

/// Its name.
pub const NAME: &str = "s6-svstat";
/// The most fields at once.
const MOST: usize = 16;
/// Fields that s6-svstat does not have.
const OURS: [Field; 2] = [Field::State, Field::Deaths];
const USAGE: &str = "[ -uwNrpgest | -o up,wantedup,normallyup,ready,paused,pid,pgid,exitcode,signal,signum,\
    updownsince,readysince,updownfor,readyfor ] [ -n ] servicedir";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let Some((given, rest)) = getopt::split(b"no:uwNrpgest", arguments) else { return say::usage(NAME, USAGE) };
    let mut numbers = false;
    let mut fields = Vec::new();
    for (letter, argument) in given {
        match letter {
            b'n' => numbers = true,
            b'o' => match named(argument) {
                Ok(names) => fields.extend(names),
                Err(name) => return say::fatal(100, NAME, "invalid option field: ", OsStr::new(&name), ""),
            },
            _ => fields.extend(lettered(letter)),
        }
    }
    if fields.len() > MOST {
        return say::fatal(100, NAME, "too many option fields", OsStr::new(""), "");
    }
    let Some(directory) = rest.first() else { return say::usage(NAME, USAGE) };
    let seen = match look(directory) {
        Ok(seen) => seen,
        Err(code) => return code,
    };
    let label = |time: Tai64n| time.with_leap_seconds().label();
    println!("{}", if fields.is_empty() { line(&seen, numbers) } else { report::fields(&seen, &fields, label) });
    0
}

/// The fields of `-o`; the error is the name of one that there is not.
fn named(list: &OsStr) -> Result<Vec<Field>, String> {
    let list = list.to_string_lossy();
    let names = list.split(',').filter(|name| !name.is_empty());
    names
        .map(|name| Field::from_name(name).filter(|field| !OURS.contains(field)).ok_or_else(|| name.to_string()))
        .collect()
}

fn lettered(letter: u8) -> Option<Field> {
    Some(match letter {
        b'u' => Field::Up,
        b'w' => Field::WantedUp,
        b'N' => Field::NormallyUp,
        b'r' => Field::Ready,
        b'p' => Field::Pid,
        b'g' => Field::Group,
        b'e' => Field::ExitCode,
        b's' => Field::Signal,
        b't' => Field::For,
        _ => return None,
    })
}

/// Looks; the error is the exit code of what was said.
fn look(name: &OsStr) -> Result<Seen, i32> {
    let directory = Path::new(name);
    match ok::open_ok(directory) {
        Ok(_) => {}
        Err(Errno::ENXIO | Errno::ENOENT) => {
            return Err(say::fatal(1, NAME, "unable to read status for ", name, ": s6-supervise not running"));
        }
        Err(error) => return Err(say::failed(111, NAME, "unable to check ", name, error)),
    }
    let failed = |error: std::io::Error| say::failed(111, NAME, "unable to read status for ", name, error);
    let record = Record::of(directory).map_err(failed)?.ok_or_else(|| failed(Errno::EPROTO.into()))?;
    let down = directory.join(service::DOWN);
    match down.try_exists() {
        Ok(is_there) => Ok(Seen::of(directory, record, !is_there)),
        Err(error) => Err(say::failed(111, NAME, "unable to access ", down.as_os_str(), error)),
    }
}
