//! Boots the configuration before the machine has to: in new user, mount, pid, network, ipc, uts and cgroup
//! namespaces, root's too, over a copy-on-write view of the file system, with the real process 1 and all three stages.
//!
//! Three processes take part. The *front* ([`run`]) owns the terminal: it lays out the files, makes the console, gives
//! the ids, watches the boot, reports and stops it. The *inside* ([`inside::run`]) enters the namespaces and mounts the
//! root. The *first* ([`first::run`]) is process 1 there, and becomes `init`. Front and inside speak in `protocol`
//! lines over a pair of pipes.
//!
//! It must never mount, signal or write anything outside the namespaces but its own work directory, never reach a block
//! device, and never call a thing good that could not be rehearsed.

mod console;
mod console_watch;
pub mod first;
mod front;
mod identity;
pub mod inside;
mod layer;
mod limits;
mod process_tree;
mod protocol;
mod sandbox;
mod terminal;

pub use first::FIRST;
pub use front::{Options, run};
pub use limits::not_rehearsed;
pub use process_tree::ProcessTree;
pub use sandbox::INSIDE;

/// Signals that end a rehearsal: the front cleans up, the inside waits for the front's end.
const INTERRUPTIONS: [nix::sys::signal::Signal; 4] = {
    use nix::sys::signal::Signal::{SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    [SIGHUP, SIGINT, SIGQUIT, SIGTERM]
};
