//! `sunup log`: what a unit has said, across the rotation of its log, with local times; or what everything early has.
//!
//! Times are tai64nlocal's work: it is executed, beside this program, and given the lines as they are.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use nix::libc::O_NONBLOCK;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::inotify::{AddWatchFlags, InitFlags, Inotify};
use supervisor::paths::run;
use units::{Kind, Log, UnitSet};

use super::failure::{Failure, Outcome};
use crate::service::log_directory;
use crate::system::places::Places;

/// The program that turns labels into local times.
const LOCAL_TIME: &str = "tai64nlocal";
/// The file that is being written.
const CURRENT: &str = "current";
/// Lines that `-f` begins with.
const BEFORE: usize = 10;

/// What is asked.
#[derive(Debug, Default)]
pub struct Asked {
    /// Whose lines; without it those of the catch-all.
    pub unit: Option<String>,
    /// Go on with what is said from now on.
    pub follow: bool,
    /// Only so many last lines.
    pub lines: Option<usize>,
}

/// Writes the lines. Exit 100 for a name that no unit has, 1 where there is no log.
pub fn run(places: &Places, asked: &Asked) -> Outcome {
    let (directory, prefix) = find(places, asked.unit.as_deref())?;
    if !directory.join(CURRENT).exists() {
        return Err(Failure { message: format!("there is no log in {}", directory.display()), code: 1 });
    }
    let mut sink = Sink::new();
    let count = asked.lines.or(asked.follow.then_some(BEFORE));
    let mut reader = Tail::new(&directory, prefix);
    let outcome = reader.existing(count, &mut sink).and_then(|()| match asked.follow {
        true => reader.follow(&mut sink),
        false => Ok(()),
    });
    sink.end();
    match outcome {
        Ok(()) => Ok(0),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(0),
        Err(error) => Err(Failure::unable(format!("read {}", directory.display()), error)),
    }
}

/// The log's directory, and how a unit's lines begin in it where it is not the unit's alone.
fn find(places: &Places, unit: Option<&str>) -> Result<(PathBuf, Option<String>), Failure> {
    let catch_all = places.run.join(run::LOG);
    let Some(name) = unit else { return Ok((catch_all, None)) };
    let known = UnitSet::load_with(&places.unit_directories(), &places.reading());
    let log = match known.get(name).or_else(|| known.remains(name)).map(|unit| &unit.kind) {
        Some(Kind::Longrun(longrun)) => longrun.log.clone(),
        Some(_) => Log::None,
        None if places.log.join(name).join(CURRENT).exists() => Log::Auto,
        None if known.broken().contains_key(name) => Log::None,
        None => return Err(Failure::usage(format!("no unit is named '{name}'{}", known.did_you_mean(name)))),
    };
    let own = log_directory(&places.log, name, &log);
    match own.join(CURRENT).exists() && log != Log::None {
        true => Ok((own, None)),
        false => Ok((catch_all, Some(format!("{name}: ")))),
    }
}

/// Where lines go: tai64nlocal, or standard output where there is none.
enum Sink {
    Local(Child),
    Plain(io::Stdout),
}

impl Sink {
    fn new() -> Self {
        let beside = std::env::current_exe().ok().map(|own| own.with_file_name(LOCAL_TIME));
        let program = beside.filter(|program| program.exists()).unwrap_or_else(|| LOCAL_TIME.into());
        let child = Command::new(program).stdin(Stdio::piped()).spawn();
        child.map_or_else(|_| Self::Plain(io::stdout()), Self::Local)
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        match self {
            Self::Local(child) => child.stdin.as_mut().map_or(Ok(()), |pipe| pipe.write_all(text.as_bytes())),
            Self::Plain(out) => out.write_all(text.as_bytes()).and_then(|()| out.flush()),
        }
    }

    /// Everything is out once the program has ended.
    fn end(self) {
        if let Self::Local(mut child) = self {
            drop(child.stdin.take());
            let _ = child.wait();
        }
    }
}

/// A log that is read to its end, and on.
struct Tail {
    directory: PathBuf,
    prefix: Option<String>,
    /// The file that is being read, and how far, with the beginning of a line that is not whole yet.
    file: Option<File>,
    partial: String,
}

impl Tail {
    fn new(directory: &Path, prefix: Option<String>) -> Self {
        Self { directory: directory.to_owned(), prefix, file: None, partial: String::new() }
    }

    /// What is there: rotated files, the oldest first, then the current one.
    fn existing(&mut self, count: Option<usize>, sink: &mut Sink) -> io::Result<()> {
        let names = fs::read_dir(&self.directory)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
        let mut rotated: Vec<String> = names.filter(|name| name.starts_with('@')).collect();
        rotated.sort();
        let mut lines: Vec<String> = Vec::new();
        for name in rotated {
            if let Ok(file) = open(&self.directory.join(name)) {
                self.file = Some(file);
                lines.extend(self.read_lines()?);
                self.partial.clear();
                shorten(&mut lines, count);
            }
        }
        self.file = open(&self.directory.join(CURRENT)).ok();
        lines.extend(self.read_lines()?);
        shorten(&mut lines, count);
        lines.iter().try_for_each(|line| sink.write(line))
    }

    /// What is said from now on: of the file that was current, then of its successor.
    fn follow(&mut self, sink: &mut Sink) -> io::Result<()> {
        let watch = Inotify::init(InitFlags::IN_CLOEXEC)?;
        let events = AddWatchFlags::IN_MODIFY | AddWatchFlags::IN_CREATE | AddWatchFlags::IN_MOVED_TO;
        watch.add_watch(&self.directory, events)?;
        loop {
            self.read_lines()?.iter().try_for_each(|line| sink.write(line))?;
            if self.is_rotated() {
                // The last lines of the old one first: it is written no more.
                self.read_lines()?.iter().try_for_each(|line| sink.write(line))?;
                self.file = open(&self.directory.join(CURRENT)).ok();
                continue;
            }
            poll(&mut [PollFd::new(watch.as_fd(), PollFlags::POLLIN)], PollTimeout::NONE)?;
            watch.read_events()?;
        }
    }

    fn is_rotated(&self) -> bool {
        let identity = |metadata: fs::Metadata| (metadata.dev(), metadata.ino());
        let now = fs::metadata(self.directory.join(CURRENT)).map(identity).ok();
        let ours = self.file.as_ref().and_then(|file| file.metadata().ok()).map(identity);
        now.is_some() && now != ours
    }

    /// The unit's whole lines from where the file was read to.
    fn read_lines(&mut self) -> io::Result<Vec<String>> {
        let Some(file) = &mut self.file else { return Ok(Vec::new()) };
        let (mut lines, mut reader) = (Vec::new(), BufReader::new(&mut *file));
        let mut bytes = Vec::new();
        while reader.read_until(b'\n', &mut bytes)? > 0 {
            self.partial += &String::from_utf8_lossy(&bytes);
            bytes.clear();
            if self.partial.ends_with('\n') {
                lines.push(std::mem::take(&mut self.partial));
            }
        }
        lines.retain(|line| self.prefix.as_ref().is_none_or(|prefix| is_of(line, prefix)));
        Ok(lines)
    }
}

/// A line of the catch-all is this unit's.
fn is_of(line: &str, prefix: &str) -> bool {
    let text = line.split_once(' ').filter(|(label, _)| label.starts_with('@')).map_or(line, |(_, text)| text);
    text.starts_with(prefix) || text.split_once(' ').is_some_and(|(_, rest)| rest.starts_with(prefix))
}

fn shorten(lines: &mut Vec<String>, count: Option<usize>) {
    let surplus = count.map_or(0, |count| lines.len().saturating_sub(count));
    lines.drain(..surplus);
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A unit's lines in the catch-all are its own output and its supervise's messages, and nobody else's.
    #[test]
    fn whose() {
        let check = |line: &str, expected| assert_eq!(is_of(line, "sshd: "), expected, "{line}");
        check("@4000000067 sshd: hello\n", true);
        check("@4000000067 supervise sshd: warning: it ended\n", true);
        check("sshd: hello\n", true);
        check("@4000000067 sshd-keys: made\n", false);
        check("@4000000067 mysshd: hello\n", false);
    }
}
