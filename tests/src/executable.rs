//! Executables that a test makes.
//!
//! They are written by a process of their own: what a test's own process has open for writing, a fork in another test's
//! thread has open too until it executes something, and nobody can execute it meanwhile (ETXTBSY). They are whole and executable
//! from the moment that they have their names, since somebody may wait for just that.
//!
//! Test programs of the other packages include this file by its path: they may not import this one.

#![allow(dead_code, reason = "not everyone who includes it both writes and copies")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Writes an executable, and makes the directories above it.
pub fn write(path: &Path, text: &str) {
    let mut install = install(Path::new("/dev/stdin"), path);
    let mut child = install.stdin(Stdio::piped()).spawn().expect("install");
    let told = child.stdin.take().map(|mut input| input.write_all(text.as_bytes()));
    assert!(told.is_some_and(|told| told.is_ok()) && child.wait().expect("its end").success(), "{install:?}");
    fs::rename(unnamed(path), path).expect("its name");
}

/// Copies an executable, and makes the directories above the copy.
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) {
    let to = to.as_ref();
    let mut install = install(from.as_ref(), to);
    assert!(install.status().expect("install").success(), "{install:?}");
    fs::rename(unnamed(to), to).expect("its name");
}

fn install(from: &Path, to: &Path) -> Command {
    let mut install = Command::new("install");
    install.args(["-D", "-m", "755"]).arg(from).arg(unnamed(to));
    install
}

/// What it is called until it is whole.
fn unnamed(path: &Path) -> PathBuf {
    let name = path.file_name().expect("a file's name").display();
    path.with_file_name(format!(".{name}.new"))
}
