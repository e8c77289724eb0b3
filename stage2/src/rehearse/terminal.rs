//! The terminal in front of a rehearsal: its size is the sandbox's console's, and what is typed there is typed at that.
//!
//! The rehearsed boot draws its display itself, as any boot does.

use std::io::{self, stdout};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd};

use nix::unistd::{getpgrp, tcgetpgrp, ttyname};
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::terminal::{Size, size};

use crate::record::console::followed::standard_output_size;
use crate::record::console::keyboard::Keyboard;

/// The terminal, which gives each key at once until this is dropped.
#[derive(Debug)]
pub struct Terminal {
    keyboard: Keyboard,
}

impl Terminal {
    /// The one on standard output; `None`: that is none for a display, or another program has its keys.
    pub fn take() -> Option<Self> {
        standard_output_size()?;
        // Where it is not our session's, nobody is stopped for reading it.
        let is_ours = tcgetpgrp(stdout()).map_or(true, |group| group == getpgrp());
        let keyboard = Keyboard::open(&ttyname(stdout()).ok().filter(|_| is_ours)?).ok()?;
        Some(Self { keyboard })
    }

    /// How large it is now, however small.
    pub fn size(&self) -> Option<Size> {
        size(Descriptor(self.as_fd().as_raw_fd())).ok()
    }

    /// Whatever was typed: nothing, perhaps. An error: there is no terminal any more.
    pub fn read_typed(&mut self) -> io::Result<Vec<u8>> {
        self.keyboard.read_typed()
    }
}

impl AsFd for Terminal {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.keyboard.as_fd()
    }
}
