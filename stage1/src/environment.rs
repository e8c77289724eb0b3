//! What the scanner, and so every service, gets of our environment.
//!
//! Where the machine is ours, its author is nobody: words of the kernel's command line (`BOOT_IMAGE=…`), of the boot
//! loader, of an initramfs' script. Only what is meant for programs goes on. In a container it is its owner's, and goes on
//! as it is.

use std::env;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Variables that are meant for programs.
const KEPT: [&str; 8] = ["PATH", "HOME", "TERM", "TZ", "LANG", "LANGUAGE", "NO_COLOR", "container"];
/// What their names may begin with.
const PREFIXES: [&str; 2] = ["LC_", "SUNUP_"];

/// The variables that go on.
pub fn variables(is_first: bool) -> impl Iterator<Item = (OsString, OsString)> {
    env::vars_os().filter(move |(name, _)| !is_first || is_kept(name))
}

fn is_kept(name: &OsStr) -> bool {
    KEPT.iter().any(|kept| name == *kept) || PREFIXES.iter().any(|p| name.as_bytes().starts_with(p.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a kernel, a boot loader and an initramfs leave behind stays behind.
    #[test]
    fn which() {
        for name in ["PATH", "HOME", "TERM", "LANG", "LC_ALL", "SUNUP_RUN", "TZ"] {
            assert!(is_kept(OsStr::new(name)), "{name}");
        }
        for name in ["BOOT_IMAGE", "rootmnt", "init", "LD_PRELOAD", "PWD", "LANGX", "ENV", ""] {
            assert!(!is_kept(OsStr::new(name)), "{name}");
        }
    }
}
