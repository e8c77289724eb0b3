//! s6's fifodir `event/`: whoever listens has a FIFO `ftrig1…` there, and hears a letter for everything that happens.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::service;
use crate::sys::descriptor::Descriptor;
use crate::sys::error::Errno;
use crate::sys::files::{self, Names, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_RDONLY, O_WRONLY};

/// What the names of listeners' FIFOs begin with.
const LISTENER: &[u8] = b"ftrig1";

/// Tells every listener. One that is gone is removed; one that does not read loses what does not fit.
#[inline(never)]
pub fn tell(directory: Descriptor, letters: &[u8]) {
    let Ok(event) = files::open_at(directory, c_path!(service::EVENT), O_RDONLY | O_DIRECTORY, 0) else { return };
    let mut names = Names::of(*event);
    while let Ok(Some(name)) = names.next_name() {
        if name.to_bytes().starts_with(LISTENER) && is_dead(*event, name, letters) {
            let _ = files::remove_at(*event, name);
        }
    }
}

/// Writes to a listener; true when nobody reads there any more. Others may make names there: what is no FIFO may be a link
/// to a file that is not theirs to write.
fn is_dead(event: Descriptor, name: &CStr, letters: &[u8]) -> bool {
    let told = files::open_at(event, name, O_WRONLY | O_NONBLOCK | O_NOFOLLOW, 0).and_then(|fifo| {
        match files::status_of(*fifo)?.is_fifo() {
            true => fifo.write(letters),
            false => Ok(0),
        }
    });
    matches!(told, Err(Errno::ENXIO | Errno::EPIPE))
}
