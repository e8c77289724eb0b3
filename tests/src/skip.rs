//! A test that cannot run here says so, and is counted.
//!
//! Test programs of the other packages include this file by its path: they may not import this one.

use std::io::Write;

/// Notes that the running test is skipped and why: a line `SKIP test: reason` in the file `SUNUP_SKIPS`, which the test
/// command counts. For root a missing thing is a failure, so this panics.
pub fn skip(reason: &str) {
    let thread = std::thread::current();
    let line = format!("SKIP {}: {reason}\n", thread.name().unwrap_or("test"));
    let is_root = std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0);
    assert!(!is_root, "{line}");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("SUNUP_SKIPS") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the list of skipped tests");
    }
}
