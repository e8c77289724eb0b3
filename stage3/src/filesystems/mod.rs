//! Filesystems: what is mounted, who holds it, what it lies on, and what outlives its unmount.

pub mod devices;
pub mod holders;
pub mod mounts;
pub mod superblocks;
