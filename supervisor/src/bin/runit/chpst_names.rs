//! chpst by the names of daemontools' helpers, each of which is one of its options.
//!
//! The messages are chpst's, as runit has them.

use super::chpst::Asked;
use crate::client::limit::Amount;
use crate::client::multicall::Command;
use crate::client::{chain, options};
use std::ffi::{CStr, CString, OsString};

/// The names.
pub const COMMANDS: [(&str, Command); 6] = [
    ("setuidgid", |words| with_one("setuidgid", "account", words, |asked, account| asked.user = Some(account))),
    ("envuidgid", |words| {
        with_one("envuidgid", "account", words, |asked, account| asked.environment_user = Some(account))
    }),
    ("envdir", |words| with_one("envdir", "dir", words, |asked, directory| asked.environment = Some(directory))),
    ("pgrphack", pgrphack),
    ("setlock", setlock),
    ("softlimit", softlimit),
];

/// A program whose first argument says all.
fn with_one(name: &str, what: &str, words: &[OsString], set: impl for<'a> Fn(&mut Asked<'a>, &'a CStr)) -> i32 {
    let words = strings(words);
    let Some((first, command)) = words.split_first().filter(|(_, command)| !command.is_empty()) else {
        return usage(name, &format!("{what} child"));
    };
    let mut asked = Asked::of_helper();
    set(&mut asked, first);
    asked.become_program(command)
}

fn pgrphack(words: &[OsString]) -> i32 {
    let command = strings(words);
    if command.is_empty() {
        return usage("pgrphack", "child");
    }
    let mut asked = Asked::of_helper();
    asked.session = true;
    asked.become_program(&command)
}

fn setlock(words: &[OsString]) -> i32 {
    let words = strings(words);
    let (mut waits, mut quiet) = (true, false);
    let rest = options::parse("setlock", b"nNxX", &words, |letter, _| {
        match letter {
            b'n' | b'N' => waits = letter == b'N',
            _ => quiet = letter == b'x',
        }
        true
    });
    match rest.and_then(<[_]>::split_first) {
        Some((file, command)) if !command.is_empty() => {
            let mut asked = Asked::of_helper();
            (asked.lock, asked.quiet) = (Some((file.as_c_str(), waits)), quiet);
            asked.become_program(command)
        }
        _ => usage("setlock", "[ -nNxX ] file program [ arg ... ]"),
    }
}

fn softlimit(words: &[OsString]) -> i32 {
    let words = strings(words);
    let mut asked = Asked::of_helper();
    let command = options::parse("softlimit", b"a:c:d:f:l:m:o:p:r:s:t:", &words, |letter, amount| {
        asked.limits.push((letter, amount));
        Amount::read(amount).is_some()
    });
    match command {
        Some(command) if !command.is_empty() => asked.become_program(command),
        _ => usage(
            "softlimit",
            "[-a allbytes] [-c corebytes] [-d databytes] [-f filebytes] [-l lockbytes] [-m membytes] [-o openfiles] \
             [-p processes] [-r residentbytes] [-s stackbytes] [-t cpusecs] child",
        ),
    }
}

fn strings(words: &[OsString]) -> Vec<CString> {
    words.iter().cloned().map(chain::c_string).collect()
}

fn usage(name: &str, text: &str) -> i32 {
    chain::say(100, &[b"usage: ", name.as_bytes(), b" ", text.as_bytes(), b"\n"])
}
