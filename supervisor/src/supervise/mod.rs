//! supervise: keeps services running, one process for one service or for several.
//!
//! It must never block, never allocate, and never end because a disk is full or a program cannot be run.
//!
//! [`machine`] decides, `service` acts, [`run`] waits.

pub mod action;
mod address;
mod aide;
mod announce;
mod arguments;
mod check;
mod child;
mod context;
mod directory;
pub mod event;
mod files;
mod follow;
mod group;
mod hear;
mod held;
mod letters;
mod life;
pub mod machine;
#[cfg(test)]
mod machine_adoption_tests;
#[cfg(test)]
mod machine_pace_tests;
#[cfg(test)]
mod machine_tests;
mod mend;
pub mod notes;
pub mod pace;
mod perform;
pub mod run;
mod runit;
mod service;
mod services;
mod settings;
mod start;
mod tally;
mod variables;
