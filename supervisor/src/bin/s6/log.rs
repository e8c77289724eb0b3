//! s6-log: lines of standard input, treated by a script of selections, limits and actions.
//!
//! It always waits where it cannot write, as s6's does with `-b`: no line is dropped, and memory is bounded.

use super::log_script::{Action, Directive, Marks, Refusal, Script};
use super::say;
use crate::client::getopt;
use crate::client::zone::Zone;
use crate::log::directory::{Directory, Limits};
use crate::log::source::{Event, Manner, Source};
use crate::log::stamp::{Labels, Moment};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use supervisor::sys::descriptor::Owned;

/// Its name.
pub const NAME: &str = "s6-log";
/// The shortest line limit, in bytes.
const SHORTEST: usize = 48;
/// What stands in an alert for the rest of a line.
const CUT: &[u8] = b"...";
const USAGE: &str = "[ -d notif ] [ -q | -v ] [ -b ] [ -p ] [ -l linelimit ] [ -- ] logging_script";

/// What the options say.
struct Options {
    ready: Option<i32>,
    quiet: bool,
    protected: bool,
    longest: usize,
}

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let Some((options, words)) = options(arguments) else { return say::usage(NAME, USAGE) };
    if let Some(Err(code)) = options.ready.map(|number| say::check_descriptor(NAME, "notification", number)) {
        return code;
    }
    if words.is_empty() {
        return say::usage(NAME, USAGE);
    }
    let script = match Script::read(words) {
        Ok(script) => script,
        Err(refusal) => return refuse(&refusal),
    };
    if script.has_extra && !options.quiet {
        say::warn(NAME, OsStr::new(""), "ignoring extraneous non-action directives");
    }
    match log(&options, script.directives) {
        Ok(code) => code,
        Err(error) => say::failed(111, NAME, "unable to read from standard input", OsStr::new(""), error),
    }
}

/// Says why a script is refused; gives the exit code.
fn refuse(refusal: &Refusal) -> i32 {
    let none = OsStr::new("");
    let (what, word, rest) = match refusal {
        Refusal::NoAction => ("no action directive specified", none, ""),
        Refusal::Unknown(word) => ("unrecognized directive: ", word.as_os_str(), ""),
        Refusal::Syntax(word) => ("syntax error at directive: ", word.as_os_str(), ""),
        Refusal::Conflict(word) => ("directive ", word.as_os_str(), " conflicts with previous s directive"),
    };
    say::fatal(100, NAME, what, word, rest)
}

fn options(arguments: &[OsString]) -> Option<(Options, &[OsString])> {
    // A script that begins with a deselection needs `--` before it, as with s6.
    let (given, rest) = getopt::split(b"qvbpd:l:", arguments)?;
    let mut options = Options { ready: None, quiet: false, protected: false, longest: 8192 };
    for (letter, argument) in given {
        match letter {
            b'd' => options.ready = Some(getopt::number(argument)?),
            b'q' | b'v' => options.quiet = letter == b'q',
            b'p' => options.protected = true,
            b'l' => {
                options.longest = match getopt::number(argument)? {
                    0 => usize::MAX,
                    number => SHORTEST.max(number),
                };
            }
            // Writing always waits.
            _ => {}
        }
    }
    Some((options, rest))
}

/// A directive at work.
enum Step {
    Judge(Directive),
    Act(Outlet, Marks),
}

/// Where lines go.
enum Outlet {
    Alert(usize),
    /// Standard output, until it fails.
    Forward(bool),
    Status(PathBuf, usize),
    Directory(Box<Directory>),
}

impl Step {
    /// Opens what a directive writes to; the error is the exit code of what was said.
    fn new(directive: Directive) -> Result<Self, i32> {
        let Directive::Act(action, marks) = directive else { return Ok(Self::Judge(directive)) };
        let outlet = match action {
            Action::Alert(size) => Outlet::Alert(size),
            Action::Forward => Outlet::Forward(true),
            Action::Status(path, size) => Outlet::Status(path, size),
            Action::Directory(path, limits) => Outlet::Directory(Box::new(open(&path, limits)?)),
        };
        Ok(Self::Act(outlet, marks))
    }
}

fn open(path: &Path, limits: Limits) -> Result<Directory, i32> {
    make(path).map_err(|error| say::failed(111, NAME, "unable to mkdir ", path.as_os_str(), error))?;
    Directory::open(path, limits, NAME, Labels::S6)
        .map_err(|(what, error)| say::failed(111, NAME, &format!("unable to {what} in "), path.as_os_str(), error))
}

/// Makes a directory where it is missing, and what a processor is to find in it.
fn make(path: &Path) -> io::Result<()> {
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
        answer => answer?,
    }
    fs::OpenOptions::new().create(true).append(true).open(path.join("state")).map(drop)
}

/// Reads and writes until the end; gives the exit code. Signals are taken before anybody can see a directory's lock.
fn log(options: &Options, directives: Vec<Directive>) -> io::Result<i32> {
    let manner = Manner { heeds_term: !options.protected, hup_reloads: false, longest: options.longest };
    let mut source = Source::new(manner)?;
    let steps: Result<Vec<Step>, i32> = directives.into_iter().map(Step::new).collect();
    let mut steps = match steps {
        Ok(steps) => steps,
        Err(code) => return Ok(code),
    };
    let zone = Zone::local();
    if let Some(descriptor) = options.ready {
        // A reader of this that has gone does not need to know.
        let _ = Owned::adopt(descriptor).write_all(b"\n");
    }
    loop {
        let until = directories(&mut steps).filter_map(|directory| directory.expires()).min();
        match source.next(until)? {
            Event::Line(line) => treat(&mut steps, &line, &zone),
            Event::Pause => {
                let now = std::time::Instant::now();
                let is_old = |directory: &&mut Directory| directory.expires().is_some_and(|end| end <= now);
                directories(&mut steps).filter(is_old).for_each(Directory::rotate);
            }
            Event::Rotate => directories(&mut steps).for_each(Directory::rotate),
            Event::Reload => {}
            Event::End => break,
        }
    }
    for directory in directories(&mut steps) {
        if let Err((what, error)) = directory.close() {
            say::warn(NAME, directory.path().as_os_str(), &format!(": unable to {what}: {}", say::cause(error)));
        }
    }
    Ok(0)
}

fn directories(steps: &mut [Step]) -> impl Iterator<Item = &mut Directory> {
    steps.iter_mut().filter_map(|step| match step {
        Step::Act(Outlet::Directory(directory), _) => Some(&mut **directory),
        Step::Act(..) | Step::Judge(_) => None,
    })
}

/// Carries the script out for one line.
fn treat(steps: &mut [Step], line: &[u8], zone: &Zone) {
    let now = Moment::now();
    let (mut selected, mut acted) = (true, false);
    for step in steps {
        match step {
            Step::Judge(Directive::Select(expression)) => selected = selected || expression.matches(line),
            Step::Judge(Directive::Deselect(expression)) => selected = selected && !expression.matches(line),
            Step::Judge(_) => selected = !acted,
            Step::Act(outlet, marks) if selected => {
                acted = true;
                outlet.write(&marked(line, marks, now, zone));
            }
            Step::Act(..) => {}
        }
    }
}

/// The line with what stands before it, and its newline.
fn marked(line: &[u8], marks: &Marks, now: Moment, zone: &Zone) -> Vec<u8> {
    let mut text = Vec::with_capacity(line.len() + 64);
    if marks.label {
        text.extend(format!("{} ", now.label(Labels::S6)).bytes());
    }
    if marks.local {
        text.extend(format!("{}  ", now.local(zone)).bytes());
    }
    if !marks.prefix.is_empty() {
        text.extend(&marks.prefix);
        text.push(b' ');
    }
    text.extend(line);
    text.push(b'\n');
    text
}

impl Outlet {
    /// Writes a line, whose newline is its last byte.
    fn write(&mut self, line: &[u8]) {
        match self {
            Self::Directory(directory) => directory.write(line),
            Self::Forward(works) => {
                if *works && let Err(error) = io::stdout().write_all(line).and_then(|()| io::stdout().flush()) {
                    *works = false;
                    let text = "unable to write to stdout, closing the stream - error was: ";
                    say::warn(NAME, OsStr::new(text), &say::cause(error));
                }
            }
            Self::Alert(size) => {
                let mut text = b"s6-log: alert: ".to_vec();
                let whole = beginning(line, 0);
                let shown = beginning(line, *size);
                // What the dots would take the place of is shown.
                let is_cut = shown.len() + CUT.len() < whole.len();
                text.extend(if is_cut { shown } else { whole });
                text.extend(if is_cut { CUT } else { b"" });
                text.push(b'\n');
                // There is nowhere left to tell of a failure.
                let _ = io::stderr().write_all(&text);
            }
            Self::Status(path, size) => {
                let mut text = beginning(line, *size).to_vec();
                text.resize((*size).max(text.len() + usize::from(*size == 0)), b'\n');
                if let Err(error) = replace(path, &text) {
                    say::warn(NAME, path.as_os_str(), &format!(": unable to update: {}", say::cause(error)));
                }
            }
        }
    }
}

/// The first bytes of a line without its newline; a size of 0 is all of them.
fn beginning(line: &[u8], size: usize) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    if size == 0 { line } else { line.get(..size).unwrap_or(line) }
}

/// Replaces a file.
fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut new = path.as_os_str().to_os_string();
    new.push(".new");
    fs::write(&new, bytes)?;
    fs::rename(&new, path)
}
