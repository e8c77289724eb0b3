//! How far a check has got, on the console: fsck tells it through a pipe, `PASS DONE ALL DEVICE` a line, and people are told
//! every tenth of the whole. A console that is stuck costs the line.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::OpenOptionsExt;

use nix::fcntl::OFlag;

/// Where people are told.
const CONSOLE: &str = "/dev/console";
/// Percent of the whole when each of the five passes begins, and at the end.
const PASSES: [u64; 6] = [0, 70, 90, 92, 95, 100];
/// Percent between two lines.
const STEP: u64 = 10;

/// Reads until the other end of the pipe is closed.
pub(super) fn follow(pipe: File, device: &str) {
    let console =
        OpenOptions::new().write(true).custom_flags((OFlag::O_NOCTTY | OFlag::O_NONBLOCK).bits()).open(CONSOLE);
    follow_to(pipe, |percent| {
        if let Ok(mut console) = console.as_ref() {
            let _ = console.write_all(format!("fsck: {device}: {percent} %\r\n").as_bytes());
        }
    });
}

/// Tells each tenth once; a check that is over before the first one says nothing.
fn follow_to(pipe: File, mut tell: impl FnMut(u64)) {
    let mut next = STEP;
    for line in BufReader::new(pipe).lines().map_while(Result::ok) {
        let Some(percent) = percent(&line).filter(|percent| *percent >= next) else { continue };
        tell(percent);
        next = percent / STEP * STEP + STEP;
    }
}

/// Of the whole check.
pub(super) fn percent(line: &str) -> Option<u64> {
    let mut numbers = line.split_ascii_whitespace().map(|word| word.parse::<u64>().ok());
    let (pass, done, all) = (numbers.next()??, numbers.next()??, numbers.next()??);
    let at = usize::try_from(pass).ok()?;
    let (from, to) = (PASSES.get(at.checked_sub(1)?)?, PASSES.get(at)?);
    Some(from + (to - from) * done.min(all) / all.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first pass is most of it; what is no progress is none.
    #[test]
    fn percentages() {
        assert_eq!(percent("1 0 8 /dev/sda1"), Some(0));
        assert_eq!(percent("1 4 8 /dev/sda1"), Some(35));
        assert_eq!(percent("2 9 8 /dev/sda1"), Some(90));
        assert_eq!(percent("5 0 0 /dev/sda1"), Some(95));
        for line in ["", "0 1 1 x", "6 1 1 x", "1 x 8", "clean"] {
            assert_eq!(percent(line), None, "{line}");
        }
    }

    /// Each tenth is told once, however many lines it takes.
    #[test]
    fn tenths() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("lines");
        std::fs::write(&path, "1 1 70 x\n1 11 70 x\n1 12 70 x\n1 70 70 x\n5 1 1 x\n").unwrap();
        let mut told = Vec::new();
        follow_to(File::open(path).unwrap(), |percent| told.push(percent));
        assert_eq!(told, [11, 70, 100]);
    }
}
