//! What a test needs of the machine it runs on. For root a missing thing is a failure, for others a counted skip.

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

/// Notes the skip; false, so that the test does not go on.
fn skip(reason: &str) -> bool {
    crate::skip::skip(reason);
    false
}
