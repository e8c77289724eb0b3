//! Tests of the engine: examples to read, and thousands of random runs.

mod examples;
mod foresight;
#[path = "../../../../tests/src/random.rs"]
pub(crate) mod prng;
mod processors;
mod random;
mod script;
mod transactions;
mod world;
