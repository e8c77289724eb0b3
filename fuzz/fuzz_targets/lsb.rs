//! Any bytes as an init script to be imported.
#![no_main]

#[path = "../subjects.rs"]
#[allow(dead_code)]
mod subjects;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| subjects::lsb(bytes));
