//! Waiting, always with a bound: for events, and for what may hang in the kernel.

pub mod bounded;
pub mod events;
