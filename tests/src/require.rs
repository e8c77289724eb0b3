//! What a test needs of the machine it runs on. For root a missing thing is a failure, for others a counted skip.

use std::io::Write;

/// Whether this process runs as root.
pub fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Whether the test may go on: true for root, else false after the skip was noted.
pub fn root() -> bool {
    is_root() || skip("needs root")
}

/// Whether every tool is in PATH. A missing one fails the test for root and skips it for others.
pub fn tools(names: &[&str]) -> bool {
    names.iter().all(|name| found(name) || skip(&format!("{name} is not installed")))
}

fn found(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|directory| directory.join(name).exists())
}

/// Notes that the running test is skipped and why: a line `SKIP test: reason` in the file `SUNUP_SKIPS`, which the
/// test command counts. Panics for root.
fn skip(reason: &str) -> bool {
    let thread = std::thread::current();
    let line = format!("SKIP {}: {reason}\n", thread.name().unwrap_or("test"));
    assert!(!is_root(), "{line}");
    eprint!("{line}");
    if let Some(path) = std::env::var_os("SUNUP_SKIPS") {
        let file = std::fs::OpenOptions::new().append(true).create(true).open(path);
        file.and_then(|mut file| file.write_all(line.as_bytes())).expect("the list of skipped tests");
    }
    false
}
