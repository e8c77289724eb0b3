//! readproctitle: shows the last of what it reads as its own last argument, where `ps` finds it.
//!
//! It keeps nothing else, says nothing, and never stops reading: who writes to it is never held up.
#![no_std]
#![no_main]

use core::ffi::CStr;

use supervisor::sys::descriptor::{STDIN, STDOUT};
use supervisor::sys::start::Stack;
use supervisor::sys::title::Title;

supervisor::resident!(run);

const HELP: &str = "\
usage: readproctitle WORD... DOTS
Shows the last bytes of standard input in place of DOTS (at least five), for ps to see; the first three dots stay.

exit codes: 0 end of input, 100 usage, 111 standard input cannot be read

example: svscan /etc/service 2>&1 | readproctitle service errors: ....................
";

/// Dots that stay at the left.
const KEPT: usize = 3;

fn run(stack: Stack) -> i32 {
    let text = match (stack.len(), stack.argument(1).map(CStr::to_bytes)) {
        (2, Some(b"--help")) => HELP,
        (2, Some(b"--version")) => concat!("readproctitle (sunup) ", env!("CARGO_PKG_VERSION"), "\n"),
        _ => return Title::of(stack).map_or(100, show),
    };
    if STDOUT.write_all(text.as_bytes()).is_ok() { 0 } else { 111 }
}

/// Shows the input until it ends.
fn show(mut title: Title) -> i32 {
    for at in 0..title.len() {
        title.set(at, b'.');
    }
    if title.len() < 5 {
        return 100;
    }
    let mut bytes = [0; 512];
    loop {
        match STDIN.read(&mut bytes) {
            Ok(0) => return 0,
            Ok(count) => append(&mut title, bytes.get_mut(..count).unwrap_or_default()),
            Err(_) => return 111,
        }
    }
}

/// Moves the text to the left and appends what was read, without its zeros.
fn append(title: &mut Title, bytes: &mut [u8]) {
    let count = bytes.iter().filter(|byte| **byte != 0).count();
    for at in KEPT..title.len() {
        title.set(at, title.get(at + count));
    }
    let room = title.len() - KEPT;
    let end = title.len() - count.min(room);
    let shown = bytes.iter().filter(|byte| **byte != 0).skip(count.saturating_sub(room));
    for (at, byte) in shown.enumerate() {
        title.set(end + at, *byte);
    }
}
