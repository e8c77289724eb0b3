//! What is said of a place that does not work: our sentences, or multilog's.

use super::directory::{LOCKING, NO_NUMBER, Trouble};
use super::processor::{CRASHED, FAILED, PROCESSING};
use crate::sys::message::Piece::{self, Name, Text};
use crate::sys::message::{Level, Messages};

/// Says of a place what does not work, and, in brackets, what is done about it. Each program links its own words only.
pub type Say = fn(&mut Messages, &[u8], Level, Trouble, &'static str);

/// Our words.
pub fn say_as_svlog(messages: &mut Messages, path: &[u8], level: Level, trouble: Trouble, then: &'static str) {
    let Trouble(what, errno) = trouble;
    let (what, why) = if errno == NO_NUMBER { (PROCESSING, Text(what)) } else { (what, Piece::Errno(errno)) };
    let [open, close] = if then.is_empty() { [""; 2] } else { [" (", ")"] };
    messages.tell(path, level, &[Text("unable to "), Text(what), Text(": "), why, Text(open), Text(then), Text(close)]);
}

/// multilog's words. It never says what it does, since it always pauses; for a crash it has two lines.
pub fn say_as_multilog(messages: &mut Messages, path: &[u8], level: Level, trouble: Trouble, _: &'static str) {
    if trouble.0 == CRASHED {
        tell_as_multilog(messages, path, level, trouble);
    }
    let Trouble(what, errno) = trouble;
    tell_as_multilog(messages, path, level, Trouble(if what == CRASHED { FAILED } else { what }, errno));
}

/// One line, with its words where it has some for what was being done; fatal ones pause for nothing.
fn tell_as_multilog(messages: &mut Messages, path: &[u8], level: Level, Trouble(what, errno): Trouble) {
    let (before, after) = match what {
        CRASHED => ("processor crashed in ", ""),
        FAILED => ("processor failed in ", ""),
        PROCESSING => ("unable to fork for processor in ", ""),
        "create directory" | "open directory" => ("unable to open directory ", ""),
        LOCKING | "open lock" => ("unable to lock directory ", ""),
        "open current" => ("unable to create ", "/current"),
        "write to current" => ("unable to write to ", "/current"),
        "sync current" => ("unable to write ", "/current to disk"),
        "set mode of current" => ("unable to set mode of ", "/current"),
        "rename current" => ("unable to rename current to previous in directory ", ""),
        "write processed" => ("unable to write ", "/processed to disk"),
        "write newstate" => ("unable to write ", "/newstate to disk"),
        "read directory" => ("unable to read ", ""),
        "remove old file" => ("unable to remove a file in ", ""),
        "create" => ("unable to create ", ""),
        "write to" => ("unable to write to ", ""),
        _ => ("unable to work in directory ", ""),
    };
    let pausing = if level == Level::Fatal { "" } else { ", pausing" };
    let why = if errno == NO_NUMBER { [Text(""); 2] } else { [Text(": "), Piece::Errno(errno)] };
    messages.tell(b"", level, &[Text(before), Name(path), Text(after), Text(pausing), why[0], why[1]]);
}
