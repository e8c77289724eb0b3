//! A one-shot's output taken apart into lines, the last of which are kept.

use std::collections::VecDeque;

/// Lines of output that are kept for the `[fail]` line.
const LINES_KEPT: usize = 5;
/// Bytes of one line that are kept; a longer one is broken.
const LONGEST_LINE: usize = 1000;

/// What a one-shot has said.
#[derive(Debug, Default)]
pub(super) struct Lines {
    partial: Vec<u8>,
    last: VecDeque<String>,
}

impl Lines {
    /// Takes in bytes; answers the lines that are whole now.
    pub fn take(&mut self, bytes: &[u8]) -> Vec<String> {
        self.partial.extend_from_slice(bytes);
        let mut whole = Vec::new();
        let mut begin = 0;
        while let Some(length) = end_of_line(&self.partial[begin..]) {
            whole.push(text(&self.partial[begin..begin + length]));
            begin += length;
        }
        self.partial.drain(..begin);
        self.keep(&whole);
        whole
    }

    /// A last line without its newline.
    pub fn rest(&mut self) -> Option<String> {
        let rest = std::mem::take(&mut self.partial);
        let line = (!rest.is_empty()).then(|| text(&rest))?;
        self.keep(std::slice::from_ref(&line));
        Some(line)
    }

    /// The last lines.
    pub fn last(&self) -> Vec<String> {
        self.last.iter().cloned().collect()
    }

    fn keep(&mut self, lines: &[String]) {
        self.last.extend(lines.iter().skip(lines.len().saturating_sub(LINES_KEPT)).cloned());
        self.last.drain(..self.last.len().saturating_sub(LINES_KEPT));
    }
}

/// The length of the first line, with its end.
fn end_of_line(bytes: &[u8]) -> Option<usize> {
    let end = bytes.iter().take(LONGEST_LINE).position(|byte| *byte == b'\n').map(|at| at + 1);
    end.or((bytes.len() > LONGEST_LINE).then_some(LONGEST_LINE))
}

fn text(line: &[u8]) -> String {
    String::from_utf8_lossy(line).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines come whole however they are cut, long ones are broken, the last five are kept.
    #[test]
    fn lines() {
        let mut lines = Lines::default();
        assert!(lines.take(b"on").is_empty());
        assert_eq!(lines.take(b"e\ntwo \nthr"), ["one", "two"]);
        assert_eq!((lines.rest().as_deref(), lines.rest()), (Some("thr"), None));
        assert_eq!(lines.take("x".repeat(2001).as_bytes()), ["x".repeat(1000), "x".repeat(1000)]);
        assert_eq!(lines.take(b"\n4\n5\n6\n").len(), 4);
        assert_eq!(lines.last(), ["x".repeat(1000).as_str(), "x", "4", "5", "6"]);
    }
}
