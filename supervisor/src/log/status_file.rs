//! A status file: holds the latest selected line, 1001 bytes long whatever the line.

use core::ffi::CStr;

use super::directory::Trouble;
use super::input::Piece;
use super::sink::Context;
use crate::sys::descriptor::Owned;
use crate::sys::files::{self, O_CREAT, O_NONBLOCK, O_WRONLY};
use crate::sys::message::Level;

/// Bytes of the file: 1000 of the line, and at least one newline.
const SIZE: usize = 1001;

/// An open status file.
#[derive(Debug)]
pub struct StatusFile {
    path: &'static CStr,
    file: Option<Owned>,
    /// What was last said to be wrong, while it is.
    trouble: Option<Trouble>,
}

impl StatusFile {
    /// A file that is not open yet.
    pub const fn new(path: &'static CStr) -> Self {
        Self { path, file: None, trouble: None }
    }

    /// The file's path.
    pub const fn path(&self) -> &'static CStr {
        self.path
    }

    /// Opens the file, making it if it is missing.
    pub fn open(&mut self) -> Result<(), Trouble> {
        let file = files::open(self.path, O_WRONLY | O_CREAT | O_NONBLOCK, 0o600);
        self.file = Some(file.map_err(|errno| Trouble("create", errno))?);
        Ok(())
    }

    /// Replaces the content by the beginning of a line. On trouble the line is left out, or tried again if sinks block.
    pub fn take(&mut self, piece: &Piece<'_>, label: &[u8], context: &mut Context) {
        let mut bytes = [b'\n'; SIZE];
        for (slot, byte) in bytes.iter_mut().take(SIZE - 1).zip(label.iter().chain(piece.bytes)) {
            *slot = *byte;
        }
        let Some(file) = &self.file else { return };
        loop {
            let Err(errno) = file.write_from_start(&bytes) else {
                self.trouble = None;
                return;
            };
            let trouble = Trouble("write to", errno);
            if self.trouble != Some(trouble) {
                let then = if context.blocks { "waiting until it works" } else { "leaving the line out" };
                let path = self.path.to_bytes();
                (context.say)(&mut context.messages, path, Level::Warning, trouble, then);
                self.trouble = Some(trouble);
            }
            if !(context.blocks && context.orders.pause()) {
                return;
            }
        }
    }
}
