//! One-shots: one *keeper*, a small process forked before the units are read, is the parent of every one-shot's command.
//! It starts them, forwards their output line by line, and puts their end on disk.
//!
//! The keeper exists because a result must not be lost with the engine: it, not the engine, sees how a command ends, and
//! it notes that ([`Records`]) before it tells the engine. So for every moment at which the engine can be killed, its
//! successor knows whether a command has not begun, was running, or has ended, and how:
//!
//! ```text
//! engine                      keeper                        command                      on disk (Records)
//! order ────────────────────→ notes that it begins                                       began
//!                             clone ──────────────────────→ session, control group, exec
//!                             reads output ←─────────────── runs
//!                             reaps it, notes the outcome                                began ended
//! hears of it ←────────────── the outcome
//! writes the state file, forgets the notes                                               —
//! ```
//!
//! A job may be ordered behind others: the keeper begins it when they have ended well, without asking (decision 0073).
//!
//! An engine that dies hangs up: the keeper then KILLs what still runs, notes it as interrupted, and takes its name from
//! the disk, which the successor awaits. A keeper that dies takes its commands with it (PR_SET_PDEATHSIG).
//!
//! Why not the engine as the parent: a result would be lost in the moment between the command's end and the state file.
//! Why not a keeper for each: two forks of a large program cost more than all else that ordering does (decision 0031).

mod channel;
mod command;
mod handle;
mod held;
mod keeper;
mod lines;
mod message;
mod outlet;
mod record;
mod running;

pub use handle::{Keeper, RunStep};
pub use message::{Job, JobNumber, Order, Report};
pub use record::{Outcome, Records};
