//! A peer that is not installed: its Debian packages, downloaded and unpacked beside the built programs. Nothing of them
//! is ever installed.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use tests::cache;

use crate::Outcome;

/// The directory that a peer's packages are unpacked in, which then has `file`. The error says why there is none.
pub fn unpacked(peer: &str, packages: &[&str], file: &str) -> Result<PathBuf, String> {
    let directory = cache::directory().join(peer);
    if directory.join(file).exists() {
        return Ok(directory);
    }
    match download(&directory, packages) {
        Ok(()) if directory.join(file).exists() => Ok(directory),
        _ => Err(format!("{peer} is not installed, and apt-get could not download it")),
    }
}

fn download(directory: &PathBuf, packages: &[&str]) -> Outcome<()> {
    fs::create_dir_all(directory)?;
    let script = "apt-get download -q \"$@\" && for archive in *.deb; do dpkg -x \"$archive\" . || exit; done";
    let mut command = Command::new("sh");
    command.args(["-c", script, "sh"]).args(packages).current_dir(directory).stdin(Stdio::null());
    let output = command.output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}
