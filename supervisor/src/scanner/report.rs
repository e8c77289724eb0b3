//! The scanner's messages: `svscan: LEVEL: unable to DO SOMETHING: CAUSE (CONSEQUENCE)`.

use crate::sys::error::Errno;
use crate::sys::message::{Level, Messages, Piece};

/// Something could not be done, and we go on. `after` says how, with a space before it.
#[cold]
#[inline(never)]
pub fn unable(messages: &mut Messages, what: &str, name: &[u8], errno: Errno, after: &str) {
    say(messages, Level::Warning, what, name, errno, after);
}

/// Something could not be done that we cannot go on without.
#[cold]
#[inline(never)]
pub fn fatal(messages: &mut Messages, what: &str, name: &[u8], errno: Errno, after: &str) {
    say(messages, Level::Fatal, what, name, errno, after);
}

fn say(messages: &mut Messages, level: Level, what: &str, name: &[u8], errno: Errno, after: &str) {
    let (unable, what, after) = (Piece::Text("unable to "), Piece::Text(what), Piece::Text(after));
    messages.tell(b"", level, &[unable, what, Piece::Name(name), Piece::Text(": "), Piece::Errno(errno), after]);
}
