//! The helpers of daemontools, ours and Debian's: the same command must give the same output, messages and exit code.

#[path = "../kit/mod.rs"]
mod kit;

mod chain;
mod errors;
mod labels;
mod multilog;
mod pair;
mod title;
