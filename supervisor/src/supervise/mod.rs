//! supervise: keeps services running, one process for one service or for several.
//!
//! It must never block, never allocate, and never end because a disk is full or a program cannot be run.
//!
//! [`machine`] decides, `service` acts, [`run`] waits.

pub mod action;
mod child;
mod context;
mod directory;
pub mod event;
mod group;
pub mod machine;
#[cfg(test)]
mod machine_tests;
pub mod run;
mod service;
mod settings;
mod start;
