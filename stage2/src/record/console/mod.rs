//! The console: whole lines, one write each, never interleaved with another program's, coloured on terminals.
//!
//! A console must never stop the boot: one that takes no more, or that is gone, costs what it should have shown and no
//! more. boot.log has every line. Below the lines of a terminal there may be a display of what is waited for; an error of the
//! terminal is the end of it, and a boot never depends on it.

pub mod awaited;
pub mod followed;
pub mod keyboard;

mod live;
mod screen;

use std::env;
use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::{self, IsTerminal};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::libc::{O_NOCTTY, O_NONBLOCK};
use supervisor::line::{Line, Output};
use units::{Colour, Console as Wanted};

use crate::record::boot_log::BootLog;
use crate::record::kernel_log::KernelLog;
use awaited::Display;
use keyboard::Keyboard;
use live::{Live, display_size};
use screen::Screen;

/// Where lines go: the console, boot.log, and the kernel's log where that is asked for.
#[derive(Debug)]
pub struct Console {
    screen: Option<Screen>,
    has_colour: bool,
    log: Option<BootLog>,
    kernel_log: Option<KernelLog>,
    /// The device, if it may show a display.
    path: Option<PathBuf>,
    /// The display, while there is one.
    live: Option<Live>,
}

impl Console {
    /// Standard output: of a program in the foreground.
    pub fn standard_output(log: Option<BootLog>, colour: Colour) -> Self {
        let output = io::stdout();
        let has_colour = wants_colour(colour, output.is_terminal());
        Self { screen: Some(Screen::new(Box::new(output))), has_colour, log, ..Self::nowhere() }
    }

    /// The device: of the supervised engine. Without one there is boot.log.
    pub fn device(path: &Path, log: Option<BootLog>, wanted: &Wanted) -> Self {
        let device = OpenOptions::new().append(true).custom_flags(O_NOCTTY | O_NONBLOCK).open(path).ok();
        let has_colour = wants_colour(wanted.colour, device.as_ref().is_some_and(IsTerminal::is_terminal));
        let path = (wanted.live && !is_dumb()).then(|| path.to_owned());
        Self { screen: device.map(|device| Screen::new(Box::new(device))), has_colour, log, path, ..Self::nowhere() }
    }

    fn nowhere() -> Self {
        Self { screen: None, has_colour: false, log: None, kernel_log: None, path: None, live: None }
    }

    /// Writes every line there as well.
    pub fn with_kernel_log(mut self, log: Option<KernelLog>) -> Self {
        self.kernel_log = log;
        self
    }

    /// Writes a unit's line and what it said last; into boot.log with the next [`Console::flush`]. Answers the text without
    /// colour, for the progress stream.
    pub fn line(&mut self, line: Line<'_>, output: &[String]) -> String {
        let first = line.to_string();
        let coloured = if self.has_colour { format!("{line:#}") } else { first.clone() };
        let rest: Vec<String> = output.iter().map(|text| Output(text).to_string()).collect();
        self.put(&coloured, &first);
        rest.iter().for_each(|text| self.put(text, text));
        std::iter::once(first).chain(rest).collect::<Vec<_>>().join("\n")
    }

    /// Writes a line that is not about a unit. Control characters are the caller's to avoid.
    pub fn plain(&mut self, text: &str) {
        text.lines().for_each(|line| self.put(line, line));
        self.flush();
    }

    fn put(&mut self, shown: &str, plain: &str) {
        if let Some(screen) = &mut self.screen {
            if let Some(live) = &mut self.live {
                screen.draw(&live.clear());
            }
            screen.line(shown);
        }
        if let Some(log) = &mut self.log {
            log.queue(plain);
        }
        if let Some(log) = &mut self.kernel_log {
            log.append(plain);
        }
    }

    /// Has a display below the lines from now on, with the keyboard if there is one; `None`: this is not a terminal to
    /// show one on.
    pub fn begin_display(&mut self) -> Option<io::Result<Keyboard>> {
        display_size(self.screen.as_ref()?.device())?;
        let keyboard = Keyboard::open(self.path.as_ref()?);
        self.live = Some(Live::default());
        Some(keyboard)
    }

    /// Takes the display away, for good.
    pub fn end_display(&mut self) {
        self.hide();
        self.live = None;
    }

    /// Shows this below the lines, unless the terminal is behind with them. Answers whether it is still one to show it on.
    pub fn show(&mut self, display: &Display<'_>) -> bool {
        let (Some(screen), Some(live)) = (&mut self.screen, &mut self.live) else { return false };
        let Some(size) = display_size(screen.device()) else { return false };
        !screen.is_clear() || screen.draw(&live.show(&display.text(size), size))
    }

    /// Shows nothing below the lines.
    pub fn hide(&mut self) {
        if let (Some(screen), Some(live)) = (&mut self.screen, &mut self.live) {
            screen.draw(&live.clear());
        }
    }

    /// Writes what waits for boot.log, and what the console takes of what waits for it.
    pub fn flush(&mut self) {
        if let Some(log) = &mut self.log {
            log.flush();
        }
        let _ = self.screen.as_mut().map(Screen::flush);
    }
}

/// Whether marks are coloured on what is (or is not) a terminal.
fn wants_colour(colour: Colour, is_terminal: bool) -> bool {
    match colour {
        Colour::Always => true,
        Colour::Never => false,
        Colour::Auto => is_terminal && env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && !is_dumb(),
    }
}

/// The terminal can do nothing but lines.
fn is_dumb() -> bool {
    env::var_os("TERM").is_some_and(|term| term == OsStr::new("dumb"))
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
        (Console::device(&path, Some(log), &Wanted::default()), line)
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

    /// The kernel's log gets each line as a record of its own, without colour.
    #[test]
    fn kernel_log() {
        let directory = tempfile::tempdir().unwrap();
        let [device, kernel] = ["console", "kmsg"].map(|name| directory.path().join(name));
        fs::write(&device, "").unwrap();
        fs::write(&kernel, "").unwrap();
        let log = KernelLog::open(&kernel).ok();
        let wanted = Wanted { colour: Colour::Always, ..Wanted::default() };
        let mut console = Console::device(&device, None, &wanted).with_kernel_log(log);
        let line = Line { mark: supervisor::line::Mark::Fail, unit: "web", text: "exit 3", milliseconds: Some(4) };
        console.line(line, &["no space".into()]);
        console.plain("that is all");
        let expected = "<31>sunup: [fail] web: exit 3 (4 ms)\n<31>sunup:        | no space\n<31>sunup: that is all\n";
        assert_eq!(fs::read_to_string(kernel).unwrap(), expected);
        let expected = "[\x1b[31mfail\x1b[0m] web: exit 3 (4 ms)\n       | no space\nthat is all\n";
        assert_eq!(fs::read_to_string(device).unwrap(), expected);
    }
}
