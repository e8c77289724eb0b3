//! The console: whole lines, one write each, never interleaved with another program's, coloured on terminals.
//!
//! A console must never stop the boot. One that takes no more (a serial line with flow control) is waited for once, for a
//! moment; after that lines queue up for it, up to a bound, and beyond that they are lost there, counted and told once
//! it takes lines again. boot.log has them all.

use std::collections::VecDeque;
use std::env;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::{O_NOCTTY, O_NONBLOCK};
use nix::poll::{PollFd, PollFlags, poll};
use supervisor::line::{Line, Output};

use crate::record::boot_log::BootLog;

/// How long a console that takes no more is waited for, in ms: once, until it takes something again.
const PATIENCE_MS: u16 = 100;
/// Bytes that queue up for a console that takes no more: some screens of lines.
const LONGEST_BACKLOG: usize = 1 << 14;

/// Where lines go: the console and boot.log.
pub struct Console {
    terminal: Option<Box<dyn Terminal>>,
    colour: bool,
    log: Option<BootLog>,
    /// What it has not taken yet; always to the end of a line.
    backlog: VecDeque<u8>,
    /// Lines that are lost there.
    lost: usize,
    /// It was waited for in vain.
    is_stuck: bool,
}

/// What a console is written to.
trait Terminal: Write + AsFd {}
impl<T: Write + AsFd> Terminal for T {}

impl Console {
    /// Standard output: of a program in the foreground.
    pub fn standard_output(log: Option<BootLog>) -> Self {
        let output = io::stdout();
        let colour = wants_colour(output.is_terminal());
        Self::new(Some(Box::new(output)), colour, log)
    }

    /// The device: of the supervised engine. Without one there is boot.log.
    pub fn device(path: &Path, log: Option<BootLog>) -> Self {
        let device = OpenOptions::new().append(true).custom_flags(O_NOCTTY | O_NONBLOCK).open(path).ok();
        let colour = device.as_ref().is_some_and(|device| wants_colour(device.is_terminal()));
        Self::new(device.map(|device| Box::new(device) as Box<dyn Terminal>), colour, log)
    }

    fn new(terminal: Option<Box<dyn Terminal>>, colour: bool, log: Option<BootLog>) -> Self {
        Self { terminal, colour, log, backlog: VecDeque::new(), lost: 0, is_stuck: false }
    }

    /// Writes a unit's line and what it said last. Answers the text without colour, for the progress stream.
    pub fn line(&mut self, line: Line<'_>, output: &[String]) -> String {
        let first = line.to_string();
        let coloured = if self.colour { format!("{line:#}") } else { first.clone() };
        let rest: Vec<String> = output.iter().map(|text| Output(text).to_string()).collect();
        self.put(&coloured);
        self.append(&first);
        for text in &rest {
            self.put(text);
            self.append(text);
        }
        std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")
    }

    /// Writes a line that is not about a unit. Control characters are the caller's to avoid.
    pub fn plain(&mut self, text: &str) {
        for line in text.lines() {
            self.put(line);
            self.append(line);
        }
    }

    fn append(&mut self, line: &str) {
        if let Some(log) = &mut self.log {
            log.append(line);
        }
    }

    /// One write a line, unless the console takes no more.
    fn put(&mut self, line: &str) {
        if self.terminal.is_none() {
            return;
        }
        self.tell_losses();
        self.enqueue(line);
        self.flush();
    }

    fn enqueue(&mut self, line: &str) {
        if self.backlog.len() + line.len() >= LONGEST_BACKLOG {
            self.lost += 1;
        } else {
            self.backlog.extend(line.bytes().chain([b'\n']));
        }
    }

    /// Says what is missing, before the next line that has room.
    fn tell_losses(&mut self) {
        self.flush();
        if self.lost > 0 && self.backlog.is_empty() {
            let lost = std::mem::take(&mut self.lost);
            self.enqueue(&format!("stage2: warning: {lost} lines are in boot.log only"));
        }
    }

    /// Writes what the console takes.
    pub fn flush(&mut self) {
        while !self.backlog.is_empty() {
            let Some(terminal) = &mut self.terminal else { return };
            match terminal.write(self.backlog.make_contiguous()) {
                Ok(count) if count > 0 => {
                    self.backlog.drain(..count);
                    self.is_stuck = false;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    if self.is_stuck || !takes_more(terminal.as_ref()) {
                        self.is_stuck = true;
                        return;
                    }
                }
                Ok(_) | Err(_) => return self.backlog.clear(),
            }
        }
        let _ = self.terminal.as_mut().map(Write::flush);
    }
}

/// Whether it does within [`PATIENCE_MS`].
fn takes_more(terminal: &dyn Terminal) -> bool {
    let mut wanted = [PollFd::new(terminal.as_fd(), PollFlags::POLLOUT)];
    poll(&mut wanted, PATIENCE_MS) == Ok(1)
}

impl Drop for Console {
    /// The last lines of an engine that goes down get one more chance.
    fn drop(&mut self) {
        self.is_stuck = false;
        self.tell_losses();
        self.flush();
    }
}

/// Whether marks are coloured on what is (or is not) a terminal.
fn wants_colour(is_terminal: bool) -> bool {
    is_terminal
        && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && env::var_os("TERM").is_none_or(|term| term != OsStr::new("dumb"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::Mode;
    use std::fs;
    use std::io::Read;
    use std::time::{Duration, Instant};

    /// A FIFO in the place of a serial line, which takes no more once its 64 kB are full.
    fn stuck_console(directory: &Path) -> (Console, fs::File) {
        let path = directory.join("console");
        nix::unistd::mkfifo(&path, Mode::S_IRWXU).unwrap();
        let line = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(&path).unwrap();
        let log = BootLog::open(&directory.join("boot.log")).unwrap();
        (Console::device(&path, Some(log)), line)
    }

    fn read(line: &mut fs::File) -> String {
        let (mut text, mut buffer) = (Vec::new(), [0; 4096]);
        while let Ok(count @ 1..) = line.read(&mut buffer) {
            text.extend_from_slice(&buffer[..count]);
        }
        String::from_utf8(text).unwrap()
    }

    /// Two thousand lines to a console that takes no more take no longer than one patience; afterwards every line on
    /// it is whole, and it says how many are missing.
    #[test]
    fn a_stuck_console_stops_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let (mut console, mut line) = stuck_console(directory.path());
        let text = |number: usize| format!("line {number:04} {}", "x".repeat(90));
        let start = Instant::now();
        (0..2000).for_each(|number| console.plain(&text(number)));
        assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
        let mut shown = read(&mut line);
        console.plain(&text(2000));
        shown += &read(&mut line);
        drop(console);
        shown += &read(&mut line);
        let lines: Vec<&str> = shown.lines().collect();
        let log = fs::read_to_string(directory.path().join("boot.log")).unwrap();
        let whole = lines.iter().take_while(|line| line.len() == text(0).len()).count();
        assert!(whole > 600 && lines[..whole].iter().enumerate().all(|(number, line)| *line == text(number)));
        let missing = format!("stage2: warning: {} lines are in boot.log only", 2000 - whole);
        assert_eq!(lines[whole..], [missing.as_str(), text(2000).as_str()]);
        assert_eq!(log.lines().count(), 2001);
    }
}
