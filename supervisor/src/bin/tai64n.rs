//! tai64n: puts a label of the time before each line.
//!
//! Everything that was read is written before it waits for more.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod command_line;
}

use client::command_line;
use std::time::{SystemTime, UNIX_EPOCH};
use supervisor::sys::descriptor::{STDIN, STDOUT};
use supervisor::sys::error::Result;
use supervisor::tai::Tai64n;

const HELP: &str = "\
usage: tai64n
Copies lines, each with @, 24 hexadecimal digits (the TAI64N label of the moment it began) and a space before it.

exit codes: 0 end of input, 111 trouble with input or output

example: dmesg --follow | tai64n
";

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    let answered = command_line::answer("tai64n", HELP, &command_line::words()).is_some();
    if answered || copy().is_ok() { 0 } else { 111 }
}

/// Copies all lines.
fn copy() -> Result<()> {
    let mut bytes = [0; 16 * 1024];
    let mut labelled = Vec::new();
    let mut begins = true;
    loop {
        let count = STDIN.read(&mut bytes)?;
        if count == 0 {
            return Ok(());
        }
        labelled.clear();
        for part in bytes[..count].split_inclusive(|&byte| byte == b'\n') {
            if begins {
                labelled.extend(now().label());
                labelled.push(b' ');
            }
            labelled.extend(part);
            begins = part.ends_with(b"\n");
        }
        STDOUT.write_all(&labelled)?;
    }
}

/// The label of this moment.
fn now() -> Tai64n {
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Tai64n::from_unix(time.as_secs().cast_signed(), time.subsec_nanos())
}
