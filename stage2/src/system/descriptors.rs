//! How many descriptors may be open: many for us, who hold one for every running one-shot, and as many as before for
//! everything that we start.

use std::sync::OnceLock;

use supervisor::sys::process::{descriptor_limit, set_descriptor_limit};

/// The limits from before they were raised, soft and hard.
static BEFORE: OnceLock<(u64, u64)> = OnceLock::new();

/// Raises our soft limit as far as it goes.
pub fn raise_limit() {
    if let Ok((soft, hard)) = descriptor_limit()
        && set_descriptor_limit(hard, hard).is_ok()
    {
        let _ = BEFORE.set((soft, hard));
    }
}

/// Puts the limit back, in a child.
pub fn restore_limit() {
    if let Some((soft, hard)) = BEFORE.get() {
        let _ = set_descriptor_limit(*soft, *hard);
    }
}
