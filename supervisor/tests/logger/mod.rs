//! What the tests of svlog share: running it on an input or on a pipe, reading what it wrote.
#![allow(dead_code)] // Each test program uses a part of it.

use std::fs;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

use crate::kit::{ours, until};

/// Runs a logger on a whole input.
pub fn log(program: &Path, script: &[&str], input: &[u8], directory: &Path) -> Output {
    let mut command = Command::new(program);
    command.args(script).current_dir(directory).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&input));
    let output = child.wait_with_output().unwrap();
    let _ = writer.join();
    output
}

/// A running svlog on a pipe of which the test holds both ends, as a scanner does.
pub struct Running {
    pub child: Child,
    pub reader: OwnedFd,
    pub writer: Option<fs::File>,
    pub directory: tempfile::TempDir,
}

impl Running {
    pub fn start(script: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let (reader, writer) = nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC).unwrap();
        let stdin = reader.try_clone().unwrap();
        let errors = fs::File::create(directory.path().join("errors")).unwrap();
        let mut command = Command::new(ours("svlog"));
        command.args(script).current_dir(&directory).stdin(stdin).stderr(errors);
        Self { child: command.spawn().unwrap(), reader, writer: Some(writer.into()), directory }
    }

    pub fn write(&mut self, text: &str) {
        self.writer.as_mut().unwrap().write_all(text.as_bytes()).unwrap();
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_default()
    }

    pub fn until_read(&self, name: &str, text: &str) {
        until(&format!("{text:?} in {name}"), || self.read(name) == text);
    }
}

/// Finished files in order, then `current`.
pub fn files(directory: &Path) -> Vec<PathBuf> {
    let mut names: Vec<_> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.retain(|name| name.file_name().unwrap().to_str().unwrap().starts_with('@'));
    names.sort();
    names.push(directory.join("current"));
    names
}

pub fn content(directory: &Path) -> String {
    files(directory).iter().map(|file| fs::read_to_string(file).unwrap()).collect()
}

pub fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// Bytes in a pipe.
pub fn waiting(pipe: impl std::os::fd::AsFd) -> usize {
    let fd = std::os::fd::AsRawFd::as_raw_fd(&pipe.as_fd());
    supervisor::sys::descriptor::Descriptor(fd).bytes_waiting().unwrap()
}

/// What a log tells after a logger that was killed.
pub const INTERRUPTED: &str = "svlog: warning: the last logger was interrupted, up to 7168 bytes may be missing\n";
