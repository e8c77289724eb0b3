//! One-shots: a *keeper* is forked for each, which runs the command, forwards its output, and puts its end on disk.
//!
//! The keeper exists because a result must not be lost with the engine: it, not the engine, is the command's parent, so
//! it alone sees how the command ends, and it writes that down ([`Record`]) before it tells the engine. So for every
//! moment at which the engine can be killed, its successor knows whether the command has not begun, was running, or has
//! ended, and how:
//!
//! ```text
//! engine                      keeper                        worker                       on disk (Record)
//! fork ─────────────────────→ waits at the gate
//! writes pid, start time                                                                 keeper
//! opens the gate ───────────→ session, control group
//!                             fork ───────────────────────→ do: steps
//!                                                           notes that it begins         keeper started
//!                             reads output ←─────────────── exec start
//!                             waits, writes the outcome                                  keeper started outcome
//! reads it ←───────────────── "done"
//! writes the state file, forgets the record                                              —
//! ```
//!
//! An engine that dies before the gate is open leaves a keeper that runs nothing. The alternative, the engine as the
//! parent, loses a result in the moment between the command's end and the state file.

mod keeper;
mod launch;
mod record;
mod report;
mod worker;

pub use launch::{Job, Launched, launch};
pub use record::{KeeperRecord, Outcome, Record};
pub use report::{Report, ReportReader};
