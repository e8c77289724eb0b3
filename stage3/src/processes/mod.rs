//! Processes: which there are, when they end, and who is still there after that.

pub mod ends;
pub mod patience;
mod table;

pub use table::{
    Life, Process, all, command, hangs, is_storage_daemon, lives, open_files, open_mounts, others, read, tree, waits_in,
};
