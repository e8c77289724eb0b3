//! The last lines of a terminal, which change: what is being waited for.
//!
//! The drawing is indicatif's, into memory; nothing here writes, waits, or looks at a clock. The console puts the bytes
//! between its lines, so that a line is never drawn over and the display never stands above one.

use std::fs;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use nix::sys::stat::{fstat, major, minor};
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::terminal::{Size, size};

/// A terminal narrower than this shows lines only.
const FEWEST_COLUMNS: u16 = 20;
/// Which device the machine's console is.
const ACTIVE_CONSOLES: &str = "/sys/class/tty/console/active";

/// What is on the last lines.
#[derive(Debug, Default)]
pub(super) struct Live {
    bar: Option<ProgressBar>,
    canvas: Canvas,
    text: String,
}

impl Live {
    /// Shows these lines instead of what is shown now. Answers the bytes that do it.
    pub fn show(&mut self, text: &str, size: Size) -> Vec<u8> {
        if self.bar.is_some() && self.text == text && self.canvas.lock().size == Some(size) {
            return Vec::new();
        }
        self.canvas.lock().size = Some(size);
        let target = || ProgressDrawTarget::term_like(Box::new(self.canvas.clone()));
        let bar = self.bar.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
            ProgressBar::with_draw_target(None, target()).with_style(style)
        });
        bar.set_message(text.to_owned());
        text.clone_into(&mut self.text);
        std::mem::take(&mut self.canvas.lock().bytes)
    }

    /// Takes it away. Answers the bytes that do it; none where nothing is shown.
    pub fn clear(&mut self) -> Vec<u8> {
        let Some(bar) = self.bar.take() else { return Vec::new() };
        bar.finish_and_clear();
        let mut bytes = std::mem::take(&mut self.canvas.lock().bytes);
        bytes.push(b'\r');
        bytes
    }
}

/// What indicatif takes for a terminal: memory.
#[derive(Clone, Debug, Default)]
struct Canvas(Arc<Mutex<Drawn>>);

#[derive(Debug, Default)]
struct Drawn {
    bytes: Vec<u8>,
    size: Option<Size>,
}

impl Canvas {
    fn lock(&self) -> MutexGuard<'_, Drawn> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, text: &str) -> io::Result<()> {
        self.lock().bytes.extend(text.bytes());
        Ok(())
    }

    fn move_cursor(&self, count: usize, direction: char) -> io::Result<()> {
        if count == 0 { Ok(()) } else { self.put(&format!("\x1b[{count}{direction}")) }
    }
}

impl TermLike for Canvas {
    fn width(&self) -> u16 {
        self.lock().size.map_or(FEWEST_COLUMNS, |size| size.columns)
    }

    fn height(&self) -> u16 {
        self.lock().size.map_or(1, |size| size.rows)
    }

    fn move_cursor_up(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'A')
    }

    fn move_cursor_down(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'B')
    }

    fn move_cursor_right(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'C')
    }

    fn move_cursor_left(&self, count: usize) -> io::Result<()> {
        self.move_cursor(count, 'D')
    }

    fn write_line(&self, text: &str) -> io::Result<()> {
        self.put(text)?;
        self.put("\r\n")
    }

    fn write_str(&self, text: &str) -> io::Result<()> {
        self.put(text)
    }

    fn clear_line(&self) -> io::Result<()> {
        self.put("\r\x1b[2K")
    }

    fn flush(&self) -> io::Result<()> {
        Ok(())
    }
}

/// How large the terminal is that a display can be shown on; `None`: this is none, or a serial line, or nobody knows.
pub(super) fn display_size(device: BorrowedFd<'_>) -> Option<Size> {
    let size = size(Descriptor(device.as_raw_fd())).ok()?;
    (size.columns >= FEWEST_COLUMNS && size.rows > 1 && is_display(device)).then_some(size)
}

/// A virtual or a pseudo-terminal, by its device number.
fn is_display(device: BorrowedFd<'_>) -> bool {
    let Ok(stat) = fstat(device) else { return false };
    match (major(stat.st_rdev), minor(stat.st_rdev)) {
        (136..=143, _) | (4, 0..64) => true,
        // The console itself is the last of those that the kernel names.
        (5, 1) => fs::read_to_string(ACTIVE_CONSOLES).is_ok_and(|names| is_virtual(&names)),
        _ => false,
    }
}

/// Whether the last name is `tty` and a number.
fn is_virtual(names: &str) -> bool {
    let last = names.split_whitespace().last().and_then(|name| name.strip_prefix("tty"));
    last.is_some_and(|number| number.parse::<u8>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A serial line is none, whatever comes before it.
    #[test]
    fn consoles() {
        let is = ["tty0\n", "ttyS0 tty0\n", "tty0 ttyS0\n", "hvc0\n", ""].map(is_virtual);
        assert_eq!(is, [true, true, false, false, false]);
    }

    /// Nothing is drawn twice; what was drawn goes, and going twice is nothing.
    #[test]
    fn draws() {
        let size = Size { rows: 24, columns: 20 };
        let mut live = Live::default();
        assert!(live.clear().is_empty());
        assert_eq!(live.show("a\nb", size), b"a                   b                   ");
        assert!(live.show("a\nb", size).is_empty());
        assert_eq!(live.show("c", size), b"\x1b[1A\r\x1b[2K\x1b[1B\r\x1b[2K\x1b[1Ac                   ");
        assert_eq!(live.clear(), b"\r\x1b[2K\r");
        assert!(live.clear().is_empty());
    }
}
