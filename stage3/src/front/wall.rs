//! Messages to everyone who is logged in, on their terminals.
//!
//! A terminal that takes nothing loses the message: nobody may hold up a stop by not reading.

use nix::libc::{O_NOCTTY, O_NONBLOCK};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use supervisor::line::Clean;
use supervisor::login::{self, SIZE, UTMP};

/// Tells everyone who is logged in.
pub fn tell(text: &str) {
    let host = nix::unistd::gethostname().unwrap_or_default();
    let message = message(&host.to_string_lossy(), text);
    for (_, terminal) in logged_in(&fs::read(UTMP).unwrap_or_default()) {
        write(&Path::new("/dev").join(terminal), message.as_bytes());
    }
}

/// User and terminal of every login.
pub fn logged_in(utmp: &[u8]) -> Vec<(String, PathBuf)> {
    let users = utmp.chunks_exact(SIZE).filter_map(login::user);
    let terminals = users.map(|(user, line)| (user.to_owned(), PathBuf::from(line)));
    terminals.filter(|(_, line)| line.components().all(|part| matches!(part, Component::Normal(_)))).collect()
}

/// Begins anew on the screen, and rings. The text is anyone's: it must not steer terminals.
fn message(host: &str, text: &str) -> String {
    let lines: String = text.lines().map(|line| format!("{}\r\n", Clean(line))).collect();
    format!("\x07\r\nMessage from root@{}:\r\n{lines}\r\n", Clean(host))
}

fn write(terminal: &Path, bytes: &[u8]) {
    if !fs::metadata(terminal).is_ok_and(|data| data.file_type().is_char_device()) {
        return;
    }
    let opened = OpenOptions::new().write(true).custom_flags(O_NONBLOCK | O_NOCTTY).open(terminal);
    let _ = opened.and_then(|mut terminal| terminal.write_all(bytes));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text cannot steer a terminal, and every line of it is one.
    #[test]
    fn is_harmless() {
        assert_eq!(message("a", "b\x1b[2J\nc"), "\x07\r\nMessage from root@a:\r\nb?[2J\r\nc\r\n\r\n");
    }

    /// Only terminals below /dev are written to.
    #[test]
    fn finds_terminals() {
        let mut utmp = Vec::new();
        for line in ["tty1", "pts/0", "../etc/passwd", "/etc/passwd"] {
            let mut record = [0; SIZE];
            record[0] = 7;
            record[8..8 + line.len()].copy_from_slice(line.as_bytes());
            record[44..47].copy_from_slice(b"eve");
            utmp.extend_from_slice(&record);
        }
        let found = logged_in(&utmp);
        assert_eq!(found, [("eve".to_owned(), "tty1".into()), ("eve".to_owned(), "pts/0".into())]);
    }
}
