//! Files that appear whole: copied under another name, then renamed. A program that runs (stage 1 may find the run
//! directory of an earlier process 1) cannot be written, but it can be replaced.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Copies content and mode.
pub fn copy(from: &Path, to: &Path) -> io::Result<()> {
    let new = beside(to);
    fs::copy(from, &new).and_then(|_| fs::rename(&new, to)).inspect_err(|_| drop(fs::remove_file(&new)))
}

/// Makes a symbolic link, in the place of another one if need be.
pub fn link(target: &Path, to: &Path) -> io::Result<()> {
    let new = beside(to);
    let _ = fs::remove_file(&new);
    symlink(target, &new).and_then(|()| fs::rename(&new, to)).inspect_err(|_| drop(fs::remove_file(&new)))
}

/// `.NAME.new`.
fn beside(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".new");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A program that runs is replaced, as is a link; nothing is left beside them.
    #[test]
    fn replaces_what_runs() {
        let directory = tempfile::tempdir().unwrap();
        let (program, text) = (directory.path().join("program"), directory.path().join("text"));
        fs::copy("/bin/sleep", &program).unwrap();
        fs::write(&text, "new").unwrap();
        let mut running = std::process::Command::new(&program).arg("1000").spawn().unwrap();
        let copied = copy(&text, &program);
        running.kill().unwrap();
        running.wait().unwrap();
        copied.unwrap();
        assert_eq!(fs::read(&program).unwrap(), b"new");
        let name = directory.path().join("link");
        for target in ["a", "b"] {
            link(Path::new(target), &name).unwrap();
            assert_eq!(fs::read_link(&name).unwrap(), Path::new(target));
        }
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
        copy(Path::new("/nowhere"), &program).unwrap_err();
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 3);
    }
}
