//! Executing a command as execvp would, in a child that must not allocate: everything is prepared before.

use std::env;
use std::ffi::CString;
use std::os::unix::ffi::OsStringExt;
use std::sync::OnceLock;

use supervisor::sys::error::Errno;
use supervisor::sys::words::{Word, exec_places};

use super::command_lookup::DEFAULT_PATH;

/// A command that can be executed. It borrows nothing, so a child may own it.
#[derive(Debug)]
pub struct Execution {
    /// Strings, each with its zero.
    text: Vec<u8>,
    /// Where in it the paths are that are tried.
    paths: Vec<usize>,
    /// Where in it a shell's path is and the command's words, and the end of that list.
    arguments: Vec<usize>,
    environment: &'static [Word<'static>],
}

impl Execution {
    /// Of these words; of none, there is nothing to execute.
    pub fn of(words: &[String]) -> Result<Self, String> {
        if words.iter().any(|word| word.contains('\0')) {
            return Err("a word of the command holds a NUL".into());
        }
        let (mut text, mut arguments) = (Vec::new(), Vec::with_capacity(words.len() + 2));
        let mut put = |parts: &[&str]| {
            let place = text.len();
            parts.iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
            text.push(0);
            place
        };
        arguments.push(put(&["/bin/sh"]));
        arguments.extend(words.iter().map(|word| put(&[word])));
        arguments.push(0);
        let paths = match words.first() {
            Some(program) if !program.contains('/') => {
                let directories = path().split(':').map(|directory| if directory.is_empty() { "." } else { directory });
                directories.map(|directory| put(&[directory, "/", program])).collect()
            }
            program => program.map(|_| arguments[1]).into_iter().collect(),
        };
        Ok(Self { text, paths, arguments, environment: environment() })
    }

    /// Becomes the command; returns only why it cannot.
    pub fn execute(&mut self) -> Errno {
        let mut answer = Errno::ENOENT;
        for path in &self.paths {
            let error = exec_places(&self.text, *path, &mut self.arguments[1..], self.environment);
            match error {
                Errno::ENOENT | Errno::ENOTDIR => {}
                // One that is there but denied is the better reason, if no other is found.
                Errno::EACCES => answer = error,
                // A script without its first line is a shell's.
                Errno::ENOEXEC => {
                    return exec_places(&self.text, self.arguments[0], &mut self.arguments, self.environment);
                }
                _ => return error,
            }
        }
        answer
    }
}

/// Where programs are looked for.
fn path() -> &'static str {
    static PATH: OnceLock<String> = OnceLock::new();
    PATH.get_or_init(|| env::var("PATH").unwrap_or_else(|_| DEFAULT_PATH.into()))
}

/// This process's environment, with a PATH in any case, as exec takes it.
fn environment() -> &'static [Word<'static>] {
    static ENTRIES: OnceLock<Vec<CString>> = OnceLock::new();
    static WORDS: OnceLock<Vec<Word<'static>>> = OnceLock::new();
    let entries = || {
        let mut variables: Vec<(Vec<u8>, Vec<u8>)> =
            env::vars_os().map(|(name, value)| (name.into_vec(), value.into_vec())).collect();
        if env::var_os("PATH").is_none() {
            variables.push((b"PATH".to_vec(), DEFAULT_PATH.into()));
        }
        variables.into_iter().filter_map(|(name, value)| CString::new([name, value].join(&b'=')).ok()).collect()
    };
    let words = || ENTRIES.get_or_init(entries).iter().map(|entry| Word::of(entry)).chain([Word::END]).collect();
    WORDS.get_or_init(words)
}
