//! What is written for people, for programs that watch, and for the engine's successor.
//!
//! Nothing here may stop a boot: a full disk and a stuck console cost what should have been written, and no more.

pub mod boot_log;
pub mod console;
pub mod durations;
pub mod kept_log;
pub mod kernel_log;
pub mod line_file;
pub mod state_file;
pub mod timeline;
