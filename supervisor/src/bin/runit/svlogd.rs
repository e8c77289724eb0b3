//! svlogd: lines of standard input, written to directories that each have a configuration of their own.
//!
//! Lines are whole in one file or the other. A processor is waited for, where runit's runs in the background until the next
//! rotation.

use super::svlogd_config::Config;
use crate::client::error_text::error_text;
use crate::client::{chain, options};
use crate::log::directory::Directory;
use crate::log::source::{Event, Manner, Source};
use crate::log::stamp::{Labels, Moment};
use std::ffi::{CStr, CString, OsStr, OsString};
use std::io::{self, Write};
use std::net::UdpSocket;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Its name.
pub const NAME: &str = "svlogd";
const USAGE: &[u8] = b"usage: svlogd [-ttv] [-r c] [-R abc] [-l len] [-b buflen] dir ...\n";
/// Bytes of a line that is not broken.
const LONGEST: usize = 1 << 20;

/// What the command line says.
struct Options {
    /// How many `-t`.
    labels: u32,
    verbose: bool,
    /// What takes the place of what is not printed.
    replacement: Option<u8>,
    /// More that is replaced.
    replaced: Vec<u8>,
    /// Bytes that patterns see.
    window: usize,
    /// Of a buffer, which is to hold more than that; it grows with the line.
    buffer: usize,
}

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let words: Vec<CString> = arguments.iter().cloned().map(chain::c_string).collect();
    let mut options =
        Options { labels: 0, verbose: false, replacement: None, replaced: Vec::new(), window: 1000, buffer: 1024 };
    let rest =
        options::parse(NAME, b"R:r:l:b:tvV", &words, |letter, argument| options.take(letter, argument).is_some());
    let Some(directories) = rest.filter(|rest| !rest.is_empty() && options.buffer > options.window) else {
        return chain::say(111, &[USAGE]);
    };
    let paths = directories.iter().map(|path| PathBuf::from(OsStr::from_bytes(path.to_bytes()))).collect();
    let mut logger = Logger { options, paths, logs: Vec::new() };
    match logger.keep() {
        Ok(code) => code,
        Err(error) => chain::fatal(NAME, &[b"unable to read standard input"], error),
    }
}

impl Options {
    fn take(&mut self, letter: u8, argument: &CStr) -> Option<()> {
        // As with runit's, what is no number is 0, and 0 is the default.
        let number = || argument.to_str().ok().and_then(|text| text.parse::<usize>().ok()).filter(|number| *number > 0);
        match letter {
            b't' => self.labels += 1,
            b'v' => self.verbose = true,
            b'r' => match argument.to_bytes() {
                [byte] => self.replacement = Some(*byte),
                _ => return None,
            },
            b'R' => {
                self.replaced = argument.to_bytes().to_vec();
                self.replacement = self.replacement.or(Some(b'_'));
            }
            b'l' => self.window = number().unwrap_or(1000),
            b'b' => self.buffer = number().unwrap_or(1024),
            b'V' => {
                chain::say(0, &[b"svlogd (sunup) ", env!("CARGO_PKG_VERSION").as_bytes()]);
                return None;
            }
            _ => return None,
        }
        Some(())
    }

    /// What stands before a line.
    fn label(&self, now: Moment) -> String {
        match self.labels {
            0 => String::new(),
            1 => format!("{} ", now.label(Labels::Daemontools)),
            2 => format!("{} ", now.universal('_')),
            _ => format!("{} ", now.universal('T')),
        }
    }

    fn clean(&self, line: &mut [u8]) {
        let Some(replacement) = self.replacement else { return };
        let is_replaced = |byte: &u8| !(b' '..=b'~').contains(byte) || self.replaced.contains(byte);
        line.iter_mut().filter(|byte| is_replaced(byte)).for_each(|byte| *byte = replacement);
    }
}

/// A directory, its configuration, and where else its lines go.
struct Log {
    directory: Directory,
    config: Config,
    socket: Option<UdpSocket>,
}

/// A logger at work.
struct Logger {
    options: Options,
    paths: Vec<PathBuf>,
    logs: Vec<Log>,
}

impl Logger {
    /// Reads and writes until the end; gives the exit code.
    fn keep(&mut self) -> io::Result<i32> {
        let mut source = Source::new(Manner { heeds_term: true, hup_reloads: true, longest: LONGEST })?;
        if !self.open_all() {
            return Ok(111);
        }
        loop {
            let until = self.logs.iter().filter_map(|log| log.directory.expires()).min();
            match source.next(until)? {
                Event::Line(line) => self.treat(line),
                Event::Pause => {
                    let now = Instant::now();
                    let is_old = |log: &&mut Log| log.directory.expires().is_some_and(|end| end <= now);
                    self.logs.iter_mut().filter(is_old).for_each(|log| log.directory.rotate());
                }
                Event::Rotate => {
                    self.inform_of("sigalarm");
                    self.logs.iter_mut().for_each(|log| log.directory.rotate());
                }
                Event::Reload => {
                    self.inform_of("sighangup");
                    self.close_all();
                    if !self.open_all() {
                        return Ok(111);
                    }
                }
                Event::End => break,
            }
        }
        self.close_all();
        Ok(0)
    }

    /// Opens every directory that can be opened; false when none can.
    fn open_all(&mut self) -> bool {
        for path in &self.paths {
            match open(path, &self.options) {
                Ok(log) => self.logs.push(log),
                Err((what, error)) => warn(what, path, error),
            }
        }
        if self.logs.is_empty() {
            chain::say(111, &[b"svlogd: fatal: no functional log directories."]);
        }
        !self.logs.is_empty()
    }

    fn inform_of(&self, signal: &str) {
        if self.options.verbose {
            chain::say(0, &[b"svlogd: info: ", signal.as_bytes(), b" received."]);
        }
    }

    fn close_all(&mut self) {
        for mut log in self.logs.drain(..) {
            if let Err((what, error)) = log.directory.close() {
                warn(what, log.directory.path(), error);
            }
            if self.options.verbose {
                inform("close", log.directory.path());
            }
        }
    }

    /// Gives a line to every log that wants it.
    fn treat(&mut self, mut line: Vec<u8>) {
        self.options.clean(&mut line);
        let window = line.get(..self.options.window).unwrap_or(&line);
        let label = self.options.label(Moment::now());
        for log in &mut self.logs {
            let verdict = log.config.judge(window);
            let text = [label.as_bytes(), &log.config.prefix, &line, b"\n"].concat();
            if verdict.alert {
                // There is nowhere left to tell of a failure.
                let _ = io::stderr().write_all(&text);
            }
            if verdict.log {
                log.write(&text, self.options.window);
            }
        }
    }
}

impl Log {
    fn write(&mut self, text: &[u8], window: usize) {
        if let (Some(socket), Some(address)) = (&self.socket, self.config.address) {
            // Such packets may be lost anywhere.
            let _ = socket.send_to(text.get(..window).unwrap_or(text), address);
        }
        if !self.config.only_sends {
            self.directory.write(text);
        }
    }
}

fn open(path: &Path, options: &Options) -> Result<Log, (&'static str, io::Error)> {
    let file = path.join("config");
    let text = match std::fs::read(&file) {
        Ok(text) => Some(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(("read config", error)),
    };
    if options.verbose && text.is_some() {
        inform("read", &file);
    }
    let config = Config::read(text.as_deref().unwrap_or_default(), options.window);
    if let Some(wrong) = &config.wrong_address {
        chain::say(0, &[b"svlogd: warning: unable to scan ip address: ", wrong]);
    }
    let is_new = !path.join("current").exists();
    let directory = Directory::open(path, config.limits.clone(), NAME, Labels::Daemontools)?;
    if options.verbose {
        inform(if is_new { "new" } else { "append" }, &path.join("current"));
    }
    let bound = config.address.map(|_| UdpSocket::bind("0.0.0.0:0")).transpose();
    Ok(Log { directory, config, socket: bound.map_err(|error| ("make a socket", error))? })
}

fn inform(what: &str, path: &Path) {
    chain::say(0, &[b"svlogd: info: ", what.as_bytes(), b": ", path.as_os_str().as_bytes()]);
}

fn warn(what: &str, path: &Path, error: io::Error) {
    let text = error_text(error);
    chain::say(
        0,
        &[b"svlogd: warning: unable to ", what.as_bytes(), b": ", path.as_os_str().as_bytes(), b": ", text.as_bytes()],
    );
}
