//! A change of an environment that the files of a directory stand for: daemontools' envdir, and what others made of it.

use super::variable::set_variable;
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::stat::Mode;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;

/// What could not be done, and why.
pub struct Trouble(pub Vec<u8>, pub io::Error);

/// What a file's content means.
pub struct Style {
    /// The whole file is the value, not its first line.
    pub whole: bool,
    /// What stands at the end stays: of a line spaces and tabs, of a whole file its last newline.
    pub keeps_end: bool,
    /// What a zero byte in a value becomes.
    pub zero: u8,
    /// A directory is no variable; otherwise it is trouble.
    pub skips_directories: bool,
}

impl Style {
    /// daemontools'.
    pub const DAEMONTOOLS: Self = Self { whole: false, keeps_end: false, zero: b'\n', skips_directories: false };
}

/// Changes the environment as the directory says; gives the names of the directories that were skipped.
pub fn change(environment: &mut Vec<CString>, directory: &CStr, style: &Style) -> Result<Vec<OsString>, Trouble> {
    let trouble = |what: &[u8], error: io::Error| Trouble([what, directory.to_bytes()].concat(), error);
    let here = open(".", OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty())
        .map_err(|error| Trouble(b"unable to switch to current directory".to_vec(), error.into()))?;
    nix::unistd::chdir(directory).map_err(|error| trouble(b"unable to switch to directory ", error.into()))?;
    let reading = |error| trouble(b"unable to read directory ", error);
    let mut skipped = Vec::new();
    for entry in std::fs::read_dir(".").map_err(reading)? {
        let name = entry.map_err(reading)?.file_name();
        if name.as_bytes().starts_with(b".") {
            continue;
        }
        match read(&name) {
            Ok(content) => set_variable(environment, variable(&name, &content, style)),
            Err(error) if style.skips_directories && error.kind() == io::ErrorKind::IsADirectory => skipped.push(name),
            Err(error) => {
                let what = [b"unable to read ", directory.to_bytes(), b"/", name.as_bytes()];
                return Err(Trouble(what.concat(), error));
            }
        }
    }
    nix::unistd::fchdir(here)
        .map_err(|error| Trouble(b"unable to switch to starting directory".to_vec(), error.into()))
        .map(|()| skipped)
}

/// A file's content. One that is gone meanwhile, or a link to nothing, is an empty one.
fn read(name: &OsStr) -> io::Result<Vec<u8>> {
    let mut content = Vec::new();
    match open(name, OFlag::O_RDONLY | OFlag::O_NONBLOCK | OFlag::O_CLOEXEC, Mode::empty()) {
        Err(Errno::ENOENT) => {}
        Err(error) => return Err(error.into()),
        Ok(file) => drop(File::from(file).read_to_end(&mut content)?),
    }
    Ok(content)
}

/// The change that a file stands for: `NAME=value`, or `NAME` to remove it.
fn variable(name: &OsStr, content: &[u8], style: &Style) -> CString {
    let mut entry = name.as_bytes().to_vec();
    if !content.is_empty() {
        entry.push(b'=');
        entry.extend(value(content, style).iter().map(|&byte| if byte == 0 { style.zero } else { byte }));
    }
    CString::new(entry).unwrap_or_default()
}

/// The part of a file that is the value.
fn value<'a>(content: &'a [u8], style: &Style) -> &'a [u8] {
    if style.whole {
        return if style.keeps_end { content } else { content.strip_suffix(b"\n").unwrap_or(content) };
    }
    let line = content.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let end = line.iter().rposition(|byte| style.keeps_end || !b" \t".contains(byte));
    line.get(..end.map_or(0, |last| last + 1)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first line without blanks at its end, or more, as the style has it; an empty file removes.
    #[test]
    fn values() {
        let shown = |content: &[u8], style: &Style| variable(OsStr::new("A"), content, style).into_string().unwrap();
        let [line, file, all] = [(false, true), (true, false), (true, true)];
        for (content, plain, expected) in [
            (&b"v \t\nw\n"[..], "A=v", ["A=v \t", "A=v \t\nw", "A=v \t\nw\n"]),
            (b"a\0b ", "A=a\nb", ["A=aZb ", "A=aZb ", "A=aZb "]),
            (b" \n", "A=", ["A= ", "A= ", "A= \n"]),
            (b"", "A", ["A"; 3]),
        ] {
            assert_eq!(shown(content, &Style::DAEMONTOOLS), plain);
            for ((whole, keeps_end), expected) in [line, file, all].into_iter().zip(expected) {
                assert_eq!(shown(content, &Style { whole, keeps_end, zero: b'Z', ..Style::DAEMONTOOLS }), expected);
            }
        }
    }
}
