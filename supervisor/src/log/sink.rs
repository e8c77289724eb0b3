//! A sink: one place that a script writes to, with what to do when it cannot be written.
//!
//! A sink that blocks waits until it works again, so that the writer of the log waits as well, and with lines in hand it
//! does so after TERM too; one that does not drops whole lines, counts them and writes the number as soon as it can. Lines
//! are written as whole as the disk lets us: after a line that was cut by a full disk, the next one begins on a line of its
//! own.

use core::ffi::CStr;

use super::directory::{Directory, LOCKING, Trouble};
use super::input::{self, Piece};
use super::orders::Orders;
use super::output::Output;
use super::processor::{CRASHED, FAILED, PROCESSING};
use super::script::{Dialect, Limits};
use super::trouble::Say;
use crate::sys::descriptor::STDERR;
use crate::sys::exec::Environment;
use crate::sys::message::Piece::{Number, Text as Words};
use crate::sys::message::{Level, Messages};
use crate::sys::text::Text;
use crate::sys::time;

/// A newline this close to the largest size ends the file, in bytes.
const NEAR: u64 = 2000;
/// Most bytes of a line that an alert shows.
const ALERT: usize = 200;

/// What is said of a predecessor that was killed; the number is a logger's buffer.
const INTERRUPTED: &str = "the last logger was interrupted, up to ";
const MAY_BE_MISSING: &str = " bytes may be missing";
/// How long (ns) TERM waits for a processor.
const PATIENCE: u64 = 2_000_000_000;

/// What all sinks share.
#[derive(Debug)]
pub struct Context {
    /// Wait until a place works again, instead of dropping lines.
    pub blocks: bool,
    /// Whose ways it has.
    pub dialect: Dialect,
    /// The words for what does not work.
    pub say: Say,
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
    /// What was last said of a rotation, until one works.
    told: Option<Trouble>,
    /// Lines dropped since the number was last written.
    lost: u64,
    /// The last logger came to no orderly end: the log is to tell.
    interrupted: bool,
    /// The last byte in the file is in the middle of a line.
    torn: bool,
    /// The rest of the present line is dropped, as its beginning was.
    skips: bool,
}

impl Sink {
    /// A sink that is not open yet.
    pub const fn new(path: &'static CStr, limits: Limits) -> Self {
        let (directory, trouble, rotation, told) = (None, None, None, None);
        Self {
            path,
            limits,
            directory,
            trouble,
            rotation,
            told,
            lost: 0,
            interrupted: false,
            torn: false,
            skips: false,
        }
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
            match Directory::open(self.path, self.limits, context.dialect) {
                Ok(directory) => self.begin(directory, context),
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

    /// The directory is open. What the last logger may have lost is told, here and in the log.
    fn begin(&mut self, mut directory: Directory, context: &mut Context) {
        self.interrupted = directory.take_interrupted();
        self.directory = Some(directory);
        if self.interrupted {
            let words = [Words(INTERRUPTED), Number(input::SIZE as u64), Words(MAY_BE_MISSING)];
            context.messages.tell(self.path.to_bytes(), Level::Warning, &words);
        }
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
            Some(directory) if self.rotation.is_none() => {
                directory.room().saturating_sub(context.output.pending().len() as u64)
            }
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

    /// Finishes `current` and begins another. If sinks block, a processor is waited for, and run again until it works.
    pub fn rotate(&mut self, context: &mut Context) {
        self.flush(context);
        let is_multilog = context.dialect == Dialect::Multilog;
        loop {
            let rotated =
                self.directory.as_mut().map(|directory| directory.rotate(context.environment, context.blocks));
            let Some(Err(trouble)) = rotated else {
                self.told = None;
                return;
            };
            let again = context.blocks && (is_multilog || matches!(trouble.0, PROCESSING | FAILED | CRASHED));
            if self.told != Some(trouble) || is_multilog {
                let then = if again { "waiting until it works" } else { "writing on without rotation" };
                self.warn(trouble, then, context);
                self.told = Some(trouble);
            }
            if !(again && context.orders.pause()) {
                self.rotation = Some(trouble);
                return;
            }
        }
    }

    /// A child has ended: if it was the processor, what waits for it goes on.
    pub fn look_after_processor(&mut self, context: &mut Context) {
        match self.directory.as_mut().map(|directory| directory.look_after_processor(context.environment)) {
            Some(Ok(true)) => self.rotate(context),
            Some(Err(trouble)) => self.warn(trouble, "trying again with the next rotation", context),
            Some(Ok(false)) | None => {}
        }
    }

    /// Waits for a processor that runs, after TERM only for a while: its file is whole, processed or not.
    fn finish_processing(&mut self, context: &mut Context) {
        let mut end = None;
        loop {
            // Before every wait: CHLD may have been read by one that was for something else.
            self.look_after_processor(context);
            if !self.directory.as_ref().is_some_and(Directory::is_processing) {
                return;
            }
            if context.orders.leave {
                let end = *end.get_or_insert(time::monotonic().saturating_add(PATIENCE));
                if end <= time::monotonic() {
                    let words = [Words("the processor still runs (its file is left unprocessed)")];
                    return context.messages.tell(self.path.to_bytes(), Level::Warning, &words);
                }
            }
            context.orders.wait(end);
        }
    }

    fn warn(&self, trouble: Trouble, then: &'static str, context: &mut Context) {
        let path = self.path.to_bytes();
        (context.say)(&mut context.messages, path, Level::Warning, trouble, then);
    }

    /// Writes what is on its way, and the number of lost lines before it.
    pub fn flush(&mut self, context: &mut Context) {
        self.rotation = None;
        while !context.output.pending().is_empty() || self.is_troubled() || self.interrupted {
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
            let directory = Directory::open(self.path, self.limits, context.dialect)?;
            self.begin(directory, context);
        }
        let note = self.note(context.labels);
        let Some(directory) = &mut self.directory else { return Ok(()) };
        let failed = |errno| Trouble("write to current", errno);
        if !note.bytes().is_empty() {
            let written = directory.write(note.bytes()).map_err(failed)?;
            self.torn = written < note.bytes().len();
            if self.torn {
                return Ok(());
            }
            (self.interrupted, self.lost) = (false, 0);
        }
        let pending = context.output.pending();
        if !pending.is_empty() {
            let written = directory.write(pending).map_err(failed)?;
            self.torn = pending.get(..written).and_then(<[u8]>::last).is_some_and(|byte| *byte != b'\n');
            context.output.remove(written);
        }
        Ok(())
    }

    /// The lines that tell of lost ones, if any are; the first begins with a newline where the file ends in the middle of
    /// a line.
    fn note(&self, labels: bool) -> Text<256> {
        let mut text = Text::new();
        let begin = |text: &mut Text<256>| {
            text.push(if self.torn && text.bytes().is_empty() { b"\n" } else { b"" });
            if labels {
                text.push(&time::label().label());
                text.push(b" ");
            }
            text.push(b"svlog: warning: ");
        };
        if self.interrupted {
            begin(&mut text);
            text.push(INTERRUPTED.as_bytes());
            text.push_number(input::SIZE as u64);
            text.push(MAY_BE_MISSING.as_bytes());
            text.push(b"\n");
        }
        if self.lost > 0 {
            begin(&mut text);
            text.push_number(self.lost);
            text.push(b" lines were lost\n");
        }
        text
    }

    /// Says that something does not work, once (multilog: each time); true when it is to be tried again now, after a pause.
    fn meet(&mut self, trouble: Trouble, context: &mut Context) -> bool {
        if self.trouble != Some(trouble) || context.dialect == Dialect::Multilog {
            let then = if context.blocks { "waiting until it works" } else { "dropping lines until it works" };
            self.warn(trouble, then, context);
            self.trouble = Some(trouble);
        }
        context.blocks && (context.orders.pause() || !context.output.pending().is_empty())
    }

    /// Says that it works again.
    fn recover(&mut self, context: &mut Context) {
        if self.lost == 0 && self.trouble.take().is_some() && context.dialect == Dialect::Svlog {
            context.messages.tell(self.path.to_bytes(), Level::Info, &[Words("works again")]);
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
        output.clear();
    }

    /// Writes everything and marks `current` complete. False when something was lost for good.
    pub fn close(&mut self, context: &mut Context) -> bool {
        self.flush(context);
        self.finish_processing(context);
        if self.lost > 0 {
            let words = [Number(self.lost), Words(" lines were lost")];
            context.messages.tell(self.path.to_bytes(), Level::Warning, &words);
            return false;
        }
        match self.directory.as_mut().map(Directory::close) {
            Some(Err(trouble)) => {
                self.warn(trouble, "", context);
                false
            }
            _ => true,
        }
    }
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
