//! Any bytes as a status record.
#![no_main]

#[path = "../subjects.rs"]
#[allow(dead_code)]
mod subjects;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| subjects::status(bytes));
