//! What a longrun said last, from the log of its own logger. In the catch-all nobody can tell whose a line is.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::O_NONBLOCK;
use supervisor::tai::Tai64n;

/// How far from its end the log is looked at, in bytes.
const LOOKED_AT: u64 = 1 << 14;
/// The characters of a line's time, and the space after it.
const LABEL: usize = 26;

/// At most `count` last lines of a logger's directory that are not older than `since`. The logger may not have written
/// the very last ones yet: nobody waits for it.
pub fn last_lines(directory: &Path, since: Tai64n, count: usize) -> Vec<String> {
    let text = read_end(&directory.join("current")).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let since = since.label();
    let new =
        text.lines().rev().take_while(|line| line.as_bytes().get(..since.len()).is_some_and(|at| *at >= since[..]));
    let mut lines: Vec<String> = new.take(count).map(|line| line.get(LABEL..).unwrap_or_default().to_owned()).collect();
    lines.reverse();
    lines
}

fn read_end(path: &Path) -> io::Result<Vec<u8>> {
    let mut file: File = OpenOptions::new().read(true).custom_flags(O_NONBLOCK).open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(LOOKED_AT)))?;
    let mut text = Vec::new();
    file.take(LOOKED_AT).read_to_end(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The last five, none from before, and no time in front of them.
    #[test]
    fn only_what_is_new() {
        let directory = tempfile::tempdir().unwrap();
        let line = |second: i64| {
            let label = Tai64n::from_unix(second, 0).label();
            format!("{} line {second}\n", str::from_utf8(&label).unwrap())
        };
        let log: String = (100..120).map(line).collect();
        std::fs::write(directory.path().join("current"), log).unwrap();
        let last = |since| last_lines(directory.path(), Tai64n::from_unix(since, 0), 5);
        assert_eq!(last(0), ["line 115", "line 116", "line 117", "line 118", "line 119"]);
        assert_eq!(last(118), ["line 118", "line 119"]);
        assert!(last(120).is_empty());
        assert!(last_lines(Path::new("/no/such"), Tai64n::NEVER, 5).is_empty());
    }
}
