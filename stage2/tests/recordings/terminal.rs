//! A terminal of a test's own: a pseudo-terminal, and the screen that somebody in front of it would see.
//!
//! The whole-system tests include this file by its path.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::ttyname;
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::terminal::{Size, resize};

/// Far beyond what anything shown here takes on a quiet machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// The terminal.
pub struct Terminal {
    keys: File,
    device: OwnedFd,
    screen: Arc<Mutex<Screen>>,
}

struct Screen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
}

#[allow(dead_code, reason = "each test program that includes it uses a part")]
impl Terminal {
    /// One of this size.
    pub fn new(rows: u16, columns: u16) -> Self {
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = openpty(&size, None).unwrap();
        // One that does not say how large it is still has a screen.
        let [screen_rows, screen_columns] = [rows.max(24), columns.max(80)].map(|it| NonZero::new(it).unwrap());
        let parser = vt100::Parser::new(screen_rows, screen_columns, 0);
        let screen = Arc::new(Mutex::new(Screen { parser, bytes: Vec::new() }));
        let (ours, keys) = (Arc::clone(&screen), File::from(master));
        let mut output = keys.try_clone().unwrap();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(count @ 1..) = output.read(&mut buffer) {
                let mut screen = ours.lock().unwrap();
                screen.parser.process(&buffer[..count]);
                screen.bytes.extend(&buffer[..count]);
            }
        });
        Self { keys, device: slave, screen }
    }

    /// The name of its device.
    pub fn path(&self) -> PathBuf {
        ttyname(&self.device).unwrap()
    }

    /// Its device.
    pub fn device(&self) -> OwnedFd {
        self.device.try_clone().unwrap()
    }

    /// It is another size from now on, and whoever is in front of it hears of that.
    pub fn resize(&self, rows: u16, columns: u16) {
        let [screen_rows, screen_columns] = [rows, columns].map(|it| NonZero::new(it).unwrap());
        self.screen.lock().unwrap().parser.screen_mut().set_size(screen_rows, screen_columns);
        resize(Descriptor(self.device.as_raw_fd()), Size { rows, columns }).unwrap();
    }

    /// Presses keys.
    pub fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// It gives whole lines and shows what is typed, as it did when it was made.
    pub fn is_cooked(&self) -> bool {
        tcgetattr(&self.device).unwrap().local_flags.contains(LocalFlags::ICANON | LocalFlags::ECHO)
    }

    /// Everything that was ever written to it.
    pub fn written(&self) -> String {
        String::from_utf8(self.screen.lock().unwrap().bytes.clone()).unwrap()
    }

    /// What is on the screen, its lines without blanks behind them, times as T, pids as N.
    pub fn shown(&self) -> String {
        let screen = self.screen.lock().unwrap();
        let (_, columns) = screen.parser.screen().size();
        let rows = screen.parser.screen().rows(0, columns.get()).map(|row| normal(row.trim_end())).collect::<Vec<_>>();
        rows.join("\n").trim_end().to_owned()
    }

    /// Waits until exactly this is on the screen.
    pub fn expect(&self, lines: &[&str]) {
        self.wait_for(lines, |shown, expected| shown == expected);
    }

    /// Waits until these are the last lines on the screen.
    pub fn expect_last(&self, lines: &[&str]) {
        self.wait_for(lines, |shown, expected| shown.ends_with(&format!("\n{expected}")));
    }

    /// Waits until all of these are somewhere on the screen.
    pub fn expect_parts(&self, parts: &[&str]) {
        self.wait_for(parts, |shown, _| parts.iter().all(|part| shown.contains(part)));
    }

    fn wait_for(&self, lines: &[&str], is_there: impl Fn(&str, &str) -> bool) {
        let (start, expected) = (Instant::now(), lines.join("\n"));
        while !is_there(&self.shown(), &expected) {
            assert!(start.elapsed() < DEADLINE, "expected:\n{expected}\nshown:\n{}", self.shown());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

/// Times become T and pids N, whatever their width was.
fn normal(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let mut normal: Vec<String> = Vec::new();
    let mut at = 0;
    while at < words.len() {
        let (word, next) = (words[at], words.get(at + 1).copied().unwrap_or_default());
        let number = word.trim_start_matches('(');
        let unit = next.trim_end_matches([',', ')', ':']);
        let is_number = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
        if is_number && matches!(unit, "s" | "ms") {
            while normal.last().is_some_and(String::is_empty) {
                normal.pop();
            }
            normal.push(format!("{}T{}", &word[..word.len() - number.len()], &next[unit.len()..]));
            at += 1;
        } else if normal.last().is_some_and(|before| before.ends_with("pid")) {
            normal.push(word.trim_start_matches(|c: char| c.is_ascii_digit()).to_owned());
            let end = normal.len() - 1;
            normal[end].insert(0, 'N');
        } else {
            normal.push(word.to_owned());
        }
        at += 1;
    }
    normal.join(" ")
}
