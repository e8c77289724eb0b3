//! The terminal in front of a rehearsal: its size is the sandbox's console's, and what is typed there is typed at that.
//!
//! The rehearsed boot draws its display itself, as any boot does.

use std::io::stdout;

use nix::unistd::{getpgrp, tcgetpgrp, ttyname};
use supervisor::sys::terminal::Size;

use crate::record::console::followed::standard_output_size;
use crate::record::console::keyboard::Keyboard;

/// The terminal, which gives each key at once until this is dropped.
#[derive(Debug)]
pub struct Terminal {
    /// How large it is.
    pub size: Size,
    /// Its keys.
    pub keyboard: Keyboard,
}

impl Terminal {
    /// The one on standard output; `None`: that is none for a display, or another program has its keys.
    pub fn take() -> Option<Self> {
        let size = standard_output_size()?;
        // Where it is not our session's, nobody is stopped for reading it.
        let is_ours = tcgetpgrp(stdout()).map_or(true, |group| group == getpgrp());
        let keyboard = Keyboard::open(&ttyname(stdout()).ok().filter(|_| is_ours)?).ok()?;
        Some(Self { size, keyboard })
    }
}
