//! One command, run by both.

use crate::kit;
use std::fs::{self, File};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// What a program did: how it ended, what it said.
#[derive(Debug, PartialEq, Eq)]
pub struct Done {
    pub status: String,
    pub out: String,
    pub err: String,
}

/// A command that both run, each in a directory of its own.
pub struct Pair {
    name: &'static str,
    arguments: Vec<String>,
    input: Vec<u8>,
    variables: Vec<(&'static str, String)>,
    prepare: fn(&Path),
}

/// The command `NAME WORD...`; words are separated by single blanks.
pub fn command(name: &'static str, line: &str) -> Pair {
    let words = line.split(' ').filter(|word| !word.is_empty());
    let arguments = words.map(|word| if word == "''" { String::new() } else { word.to_string() }).collect();
    Pair { name, arguments, input: Vec::new(), variables: Vec::new(), prepare: |_| {} }
}

impl Pair {
    /// One more argument, blanks and all.
    pub fn argument(mut self, text: &str) -> Self {
        self.arguments.push(text.into());
        self
    }

    /// What is on standard input; nothing, if not told.
    pub fn input(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.input = bytes.into();
        self
    }

    /// A variable of the environment.
    pub fn variable(mut self, name: &'static str, value: &str) -> Self {
        self.variables.push((name, value.into()));
        self
    }

    /// What is done in the directory before.
    pub fn prepare(mut self, prepare: fn(&Path)) -> Self {
        self.prepare = prepare;
        self
    }

    /// Runs ours and Debian's and asserts that they did the same; gives what it was, or `None` without Debian's.
    pub fn same(&self) -> Option<Done> {
        let theirs = self.run(&kit::peer(self.name)?);
        let ours = self.ours();
        if ours != theirs {
            let differing = |(ours, theirs): &(&str, &str)| ours != theirs;
            let lines: Vec<_> = ours.out.lines().zip(theirs.out.lines()).filter(differing).take(5).collect();
            let rest = [(&ours.status, &ours.err), (&theirs.status, &theirs.err)];
            panic!("{} {:?} {:?}: ours, daemontools': {rest:?} {lines:#?}", self.name, self.arguments, self.variables);
        }
        Some(ours)
    }

    /// Runs ours alone.
    pub fn ours(&self) -> Done {
        self.run(&kit::ours(self.name))
    }

    fn run(&self, program: &PathBuf) -> Done {
        let directory = tempfile::tempdir().unwrap();
        (self.prepare)(directory.path());
        let mut input = tempfile::tempfile().unwrap();
        input.write_all(&self.input).unwrap();
        input.rewind().unwrap();
        let outputs = ["out", "err"].map(|name| File::create(directory.path().join(name)).unwrap());
        let [out, err] = outputs;
        let mut command = Command::new(program);
        command.args(&self.arguments).current_dir(directory.path()).env_clear().env("PATH", "/usr/bin:/bin");
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let mut child = command.stdin(Stdio::from(input)).stdout(out).stderr(err).spawn().unwrap();
        let mut status = None;
        kit::until(self.name, || {
            status = child.try_wait().unwrap();
            status.is_some()
        });
        let text = |name: &str| {
            let mut bytes = Vec::new();
            File::open(directory.path().join(name)).unwrap().read_to_end(&mut bytes).unwrap();
            String::from_utf8_lossy(&bytes).replace(directory.path().to_str().unwrap(), "DIRECTORY")
        };
        Done { status: status.unwrap().to_string(), out: text("out"), err: text("err") }
    }
}

/// Writes a file for [`Pair::prepare`].
pub fn file(directory: &Path, name: &str, bytes: &[u8]) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, bytes).unwrap();
}
