//! Executables that a test makes.
//!
//! They are written by a process of their own: what a test's own process has open for writing, a fork in another test's
//! thread has open too until it executes something, and nobody can execute it meanwhile (ETXTBSY). They are whole and executable
//! from the moment that they have their names, and a directory that is made for one has it from that moment, since somebody
//! may wait for just that.
//!
//! Test programs of the other packages include this file by its path: they may not import this one.

#![allow(dead_code, reason = "not everyone who includes it both writes and copies")]

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

/// Writes an executable, and makes the directories above it.
pub fn write(path: &Path, text: &str) {
    whole(path, |unnamed| {
        let mut install = install(Path::new("/dev/stdin"), unnamed);
        let mut child = install.stdin(Stdio::piped()).spawn().expect("install");
        let told = child.stdin.take().map(|mut input| input.write_all(text.as_bytes()));
        assert!(told.is_some_and(|told| told.is_ok()) && child.wait().expect("its end").success(), "{install:?}");
    });
}

/// Copies an executable, and makes the directories above the copy.
pub fn copy(from: impl AsRef<Path>, to: impl AsRef<Path>) {
    whole(to.as_ref(), |unnamed| {
        let mut install = install(from.as_ref(), unnamed);
        assert!(install.status().expect("install").success(), "{install:?}");
    });
}

fn install(from: &Path, to: &Path) -> Command {
    let mut install = Command::new("install");
    install.args(["-D", "-m", "755"]).arg(from).arg(to);
    install
}

/// Has a file made below a hidden name, and gives it its own once it is made: its name is that of the first directory on the way
/// to it that is missing, or the file's.
fn whole(path: &Path, make: impl FnOnce(&Path)) {
    let missing = path.ancestors().take_while(|part| part.symlink_metadata().is_err()).last().unwrap_or(path);
    let name = missing.file_name().expect("a file's name").display();
    let hidden = missing.with_file_name(format!(".{name}.new"));
    let below = path.strip_prefix(missing).expect("a path below it");
    make(&if below.as_os_str().is_empty() { hidden.clone() } else { hidden.join(below) });
    fs::rename(hidden, missing).expect("its name");
}
