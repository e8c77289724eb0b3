//! Any bytes as lines of fstab.
#![no_main]

#[path = "../subjects.rs"]
#[allow(dead_code)]
mod subjects;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| subjects::fstab(bytes));
