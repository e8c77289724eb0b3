//! Executing a command as execvp would, in a child that must not allocate: everything is prepared before.

use std::env;
use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;

use supervisor::sys::error::Errno;
use supervisor::sys::words::{Word, exec_words};

use super::command_lookup::DEFAULT_PATH;

/// This process's environment, with a PATH in any case.
pub fn environment() -> Vec<CString> {
    let mut variables: Vec<(Vec<u8>, Vec<u8>)> =
        env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec())).collect();
    if env::var_os("PATH").is_none() {
        variables.push((b"PATH".to_vec(), DEFAULT_PATH.into()));
    }
    variables.into_iter().filter_map(|(name, value)| CString::new([name, value].join(&b'=')).ok()).collect()
}

/// A command's words.
pub fn c_strings(words: &[String]) -> Result<Vec<CString>, String> {
    let words: Result<Vec<_>, _> = words.iter().map(|word| CString::new(word.as_str())).collect();
    words.map_err(|_| "a word of the command holds a NUL".into())
}

/// The paths that are tried for a command.
pub fn candidates(words: &[CString], path: &str) -> Vec<CString> {
    let Some(program) = words.first() else { return Vec::new() };
    if program.as_bytes().contains(&b'/') {
        return vec![program.clone()];
    }
    let joined = path.split(':').map(|directory| {
        let directory = if directory.is_empty() { "." } else { directory };
        CString::new([directory.as_bytes(), b"/", program.as_bytes()].concat())
    });
    joined.filter_map(Result::ok).collect()
}

/// The list that exec takes.
pub fn list(strings: &[CString]) -> Vec<Word<'_>> {
    strings.iter().map(CString::as_c_str).map(Word::of).chain([Word::END]).collect()
}

/// Becomes a command; returns only why it cannot.
pub fn execute(paths: &[CString], arguments: &[Word<'_>], environment: &[Word<'_>]) -> Errno {
    let mut answer = Errno::ENOENT;
    for path in paths {
        let error = exec_words(path, arguments, environment);
        match error {
            Errno::ENOENT | Errno::ENOTDIR => {}
            // One that is there but denied is the better reason, if no other is found.
            Errno::EACCES => answer = error,
            _ => return error,
        }
    }
    answer
}
