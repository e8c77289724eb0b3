//! The two ways to run the engine: as a service that takes requests, and in the foreground for one target.

pub mod standalone;
pub mod supervised;

mod boot;
mod boot_state;
mod poke;
mod stopping;
mod transaction;
