//! A sink: one place that a script writes to, with what to do when it cannot be written.
//!
//! A sink that blocks waits until it works again, so that the writer of the log waits as well; one that does not drops
//! whole lines, counts them and writes the number as soon as it can. Lines are written as whole as the disk lets us: after
//! a line that was cut by a full disk, the next one begins on a line of its own.

use core::ffi::CStr;
use core::fmt::Write;

use super::directory::{Directory, LOCKING, Trouble};
use super::input::Piece;
use super::orders::Orders;
use super::processor::PROCESSING;
use super::script::{Dialect, Limits};
use super::trouble;
use crate::sys::descriptor::STDERR;
use crate::sys::message::{Level, Messages};
use crate::sys::process::Environment;
use crate::sys::text::Text;
use crate::sys::time;

/// Bytes that are written at once.
const SIZE: usize = 9 * 1024;
/// A newline this close to the largest size ends the file, in bytes.
const NEAR: u64 = 2000;
/// Most bytes of a line that an alert shows.
const ALERT: usize = 200;

/// Bytes on their way to a sink; all sinks share one buffer, because it is empty between them.
#[derive(Debug)]
pub struct Output {
    bytes: [u8; SIZE],
    filled: usize,
}

impl Output {
    /// An empty buffer.
    pub const fn new() -> Self {
        Self { bytes: [0; SIZE], filled: 0 }
    }

    /// Appends as much as fits; gives how much that was.
    fn push(&mut self, bytes: &[u8]) -> usize {
        let space = self.bytes.get_mut(self.filled..).unwrap_or_default();
        let size = bytes.len().min(space.len());
        if let (Some(space), Some(bytes)) = (space.get_mut(..size), bytes.get(..size)) {
            space.copy_from_slice(bytes);
        }
        self.filled += size;
        size
    }

    fn pending(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    fn remove(&mut self, count: usize) {
        self.bytes.copy_within(count..self.filled, 0);
        self.filled -= count;
    }
}

impl Default for Output {
    fn default() -> Self {
        Self::new()
    }
}

/// What all sinks share.
#[derive(Debug)]
pub struct Context {
    /// Wait until a place works again, instead of dropping lines.
    pub blocks: bool,
    /// Whose words messages have.
    pub dialect: Dialect,
    /// What processors get.
    pub environment: Environment,
    /// Lines carry labels, so ours do as well.
    pub labels: bool,
    /// What signals have asked for.
    pub orders: Orders,
    /// Where troubles are told.
    pub messages: Messages,
    /// Bytes on their way to a file.
    pub output: Output,
}

/// A directory that a script writes to.
#[derive(Debug)]
pub struct Sink {
    path: &'static CStr,
    limits: Limits,
    directory: Option<Directory>,
    /// What was last said to be wrong, while it is.
    trouble: Option<Trouble>,
    /// Why the last rotation did not work; it is tried again with the next input.
    rotation: Option<Trouble>,
    /// Lines dropped since the number was last written.
    lost: u64,
    /// The last byte in the file is in the middle of a line.
    torn: bool,
    /// The rest of the present line is dropped, as its beginning was.
    skips: bool,
}

impl Sink {
    /// A sink that is not open yet.
    pub const fn new(path: &'static CStr, limits: Limits) -> Self {
        let (directory, trouble, rotation) = (None, None, None);
        Self { path, limits, directory, trouble, rotation, lost: 0, torn: false, skips: false }
    }

    /// The directory's path.
    pub const fn path(&self) -> &'static CStr {
        self.path
    }

    /// True when it is open.
    pub const fn is_open(&self) -> bool {
        self.directory.is_some()
    }

    /// True when it should be tried again after a while.
    pub const fn is_troubled(&self) -> bool {
        self.trouble.is_some()
    }

    /// When `current` is too old, in ns of CLOCK_MONOTONIC.
    pub fn expires(&self) -> Option<u64> {
        self.directory.as_ref()?.expires()
    }

    /// Opens the directory if it is not open; waits for it if sinks block. Another logger's lock is given as an error, and
    /// to multilog any trouble is.
    pub fn open(&mut self, context: &mut Context) -> Result<(), Trouble> {
        while self.directory.is_none() {
            match Directory::open(self.path, self.limits) {
                Ok(directory) => self.directory = Some(directory),
                Err(trouble @ Trouble(LOCKING, _)) => return Err(trouble),
                Err(trouble) if context.dialect == Dialect::Multilog => return Err(trouble),
                Err(trouble) => {
                    if !self.meet(trouble, context) {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Takes a piece of a selected line.
    pub fn take(&mut self, piece: &Piece<'_>, label: &[u8], context: &mut Context) {
        if piece.starts {
            self.skips = false;
            self.append(label, context);
        }
        self.append(piece.bytes, context);
        if piece.ends {
            self.append(b"\n", context);
            if self.room(context) <= NEAR {
                self.rotate(context);
            }
        }
    }

    /// Bytes that still go into `current`, those on their way taken off.
    fn room(&self, context: &Context) -> u64 {
        match &self.directory {
            Some(directory) if self.rotation.is_none() => directory.room().saturating_sub(context.output.filled as u64),
            _ => u64::MAX,
        }
    }

    fn append(&mut self, mut bytes: &[u8], context: &mut Context) {
        while !bytes.is_empty() && !self.skips {
            let room = self.room(context);
            if room == 0 {
                self.rotate(context);
                continue;
            }
            let size = bytes.len().min(usize::try_from(room).unwrap_or(usize::MAX));
            match context.output.push(bytes.get(..size).unwrap_or_default()) {
                0 => self.flush(context),
                pushed => bytes = bytes.get(pushed..).unwrap_or_default(),
            }
        }
    }

    /// Finishes `current` and begins another. A processor that fails is run again if sinks block.
    pub fn rotate(&mut self, context: &mut Context) {
        self.flush(context);
        let mut said = false;
        while let Some(Err(trouble)) = self.directory.as_mut().map(|directory| directory.rotate(context.environment)) {
            let again = context.blocks && trouble.0 == PROCESSING;
            if !said {
                let then = if again { "waiting until it works" } else { "writing on without rotation" };
                let path = self.path.to_bytes();
                trouble::say(&mut context.messages, context.dialect, path, Level::Warning, trouble, then);
                said = true;
            }
            if !(again && context.orders.pause()) {
                self.rotation = Some(trouble);
                return;
            }
        }
    }

    /// Writes what is on its way, and the number of lost lines before it.
    pub fn flush(&mut self, context: &mut Context) {
        self.rotation = None;
        while !context.output.pending().is_empty() || self.is_troubled() {
            match self.write(context) {
                Ok(()) => self.recover(context),
                Err(trouble) => {
                    if !self.meet(trouble, context) {
                        self.drop_pending(&mut context.output);
                        return;
                    }
                }
            }
        }
    }

    /// One step of [`Sink::flush`].
    fn write(&mut self, context: &mut Context) -> Result<(), Trouble> {
        if self.directory.is_none() {
            self.directory = Some(Directory::open(self.path, self.limits)?);
        }
        let Some(directory) = &mut self.directory else { return Ok(()) };
        let failed = |errno| Trouble("write to current", errno);
        if self.lost > 0 {
            let note = note(self.lost, self.torn, context.labels);
            let written = directory.write(note.bytes()).map_err(failed)?;
            if written < note.bytes().len() {
                self.torn = true;
                return Ok(());
            }
            (self.lost, self.torn) = (0, false);
        }
        let pending = context.output.pending();
        if !pending.is_empty() {
            let written = directory.write(pending).map_err(failed)?;
            self.torn = pending.get(..written).and_then(<[u8]>::last).is_some_and(|byte| *byte != b'\n');
            context.output.remove(written);
        }
        Ok(())
    }

    /// Says that something does not work, once; true when it is to be tried again now, after a pause.
    fn meet(&mut self, trouble: Trouble, context: &mut Context) -> bool {
        if self.trouble != Some(trouble) {
            let then = if context.blocks { "waiting until it works" } else { "dropping lines until it works" };
            let path = self.path.to_bytes();
            trouble::say(&mut context.messages, context.dialect, path, Level::Warning, trouble, then);
            self.trouble = Some(trouble);
        }
        context.blocks && context.orders.pause()
    }

    /// Says that it works again.
    fn recover(&mut self, context: &mut Context) {
        if self.lost == 0 && self.trouble.take().is_some() && context.dialect == Dialect::Svlog {
            context.messages.say(self.path.to_bytes(), Level::Info, format_args!("works again"));
        }
    }

    /// Drops what is on its way, and the rest of the line that it ends in.
    fn drop_pending(&mut self, output: &mut Output) {
        let pending = output.pending();
        let mut lines = pending.iter().filter(|byte| **byte == b'\n').count() as u64;
        if pending.last().is_some_and(|byte| *byte != b'\n') {
            lines += 1;
            self.skips = true;
        }
        // A line of which only the newline is missing is not lost: the note, which begins with one, completes it.
        if lines > 1 && self.torn && pending.first() == Some(&b'\n') {
            lines -= 1;
        }
        self.lost += lines;
        output.filled = 0;
    }

    /// Writes everything and marks `current` complete. False when something was lost for good.
    pub fn close(&mut self, context: &mut Context) -> bool {
        self.flush(context);
        let path = self.path.to_bytes();
        if self.lost > 0 {
            context.messages.warn(path, format_args!("{} lines were lost", self.lost));
            return false;
        }
        match self.directory.as_mut().map(Directory::close) {
            Some(Err(trouble)) => {
                trouble::say(&mut context.messages, context.dialect, path, Level::Warning, trouble, "");
                false
            }
            _ => true,
        }
    }
}

/// The line that tells of lost ones; it begins with a newline where the file ends in the middle of a line.
fn note(lost: u64, torn: bool, labels: bool) -> Text<128> {
    let mut text = Text::new();
    if torn {
        text.push(b"\n");
    }
    if labels {
        text.push(&time::label().label());
        text.push(b" ");
    }
    // A Text never refuses what is written to it.
    let _ = writeln!(text, "svlog: warning: {lost} lines were lost");
    text
}

/// Shows the beginning of a selected line on standard error.
pub fn alert(piece: &Piece<'_>, label: &[u8]) {
    let mut text = Text::<{ ALERT + 5 }>::new();
    let room = ALERT.saturating_sub(label.len());
    text.push(label);
    text.push(piece.bytes.get(..room).unwrap_or(piece.bytes));
    text.push(if piece.bytes.len() > room { b"...\n" } else { b"\n" });
    // There is nowhere left to tell of a failure.
    let _ = STDERR.write_all(text.bytes());
}
