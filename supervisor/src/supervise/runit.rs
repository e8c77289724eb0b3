//! runit's `supervise/stat` and `supervise/pid`: the state in words, for people and scripts that read them.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::service;
use crate::status::{Phase, Status, Want};
use crate::sys::descriptor::Descriptor;
use crate::sys::error::Result;
use crate::sys::files::{self, O_CREAT, O_NONBLOCK, O_TRUNC, O_WRONLY};
use crate::sys::text::Text;

/// Writes both files.
pub fn publish(directory: Descriptor, status: &Status, leaving: bool) -> Result<()> {
    let mut pid = Text::<16>::new();
    if status.pid > 0 {
        pid.push_number(u64::from(status.pid));
        pid.push(b"\n");
    }
    replace(directory, c_path!(service::PID_NEW), c_path!(service::PID), pid.bytes())?;
    replace(directory, c_path!(service::STAT_NEW), c_path!(service::STAT), words(status, leaving).bytes())
}

/// The line of `stat`.
fn words(status: &Status, leaving: bool) -> Text<64> {
    let phase = match status.phase {
        Phase::Finish => "finish",
        // A record from before exec has a pid already.
        Phase::Down if status.pid == 0 => "down",
        Phase::Down | Phase::Run => "run",
    };
    let mut text = Text::new();
    text.push(phase.as_bytes());
    for (holds, word) in [
        (status.paused, ", paused"),
        (status.got_term, ", got TERM"),
        (phase != "down" && leaving, ", want exit"),
        (phase != "down" && !leaving && status.want != Want::Up, ", want down"),
    ] {
        if holds {
            text.push(word.as_bytes());
        }
    }
    text.push(b"\n");
    text
}

/// Replaces a file of `supervise/`.
pub fn replace(directory: Descriptor, new: &CStr, path: &CStr, content: &[u8]) -> Result<()> {
    let file = files::open_at(directory, new, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0o644)?;
    file.write_all(content)?;
    files::rename_at(directory, new, path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// runsv's words.
    #[test]
    fn runsvs_words() {
        let run = Status { pid: 9, phase: Phase::Run, ..Status::NEW };
        for (status, leaving, text) in [
            (Status::NEW, false, "down\n"),
            (Status { want: Want::Down, ..Status::NEW }, true, "down\n"),
            (run, false, "run\n"),
            (Status { phase: Phase::Down, ..run }, false, "run\n"),
            (Status { paused: true, ..run }, false, "run, paused\n"),
            (Status { got_term: true, want: Want::Down, ..run }, false, "run, got TERM, want down\n"),
            (Status { phase: Phase::Finish, ..run }, true, "finish, want exit\n"),
        ] {
            assert_eq!(words(&status, leaving).bytes(), text.as_bytes());
        }
    }
}
