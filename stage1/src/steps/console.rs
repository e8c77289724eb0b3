//! The console again, now that /dev is there, and kmsg where the kernel is ours.

use crate::boot::{self, Boot};
use crate::failure::Failure;

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    boot.report.reopen_console();
    if boot::is_first() {
        boot.report.use_kmsg();
    }
    Ok(())
}
