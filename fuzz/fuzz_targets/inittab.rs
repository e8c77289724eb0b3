//! Any bytes as an inittab to be imported.
#![no_main]

#[path = "../subjects.rs"]
#[allow(dead_code)]
mod subjects;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| subjects::inittab(bytes));
