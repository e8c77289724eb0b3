//! What the writers have noted: their starts, and how many lines each has written.

use std::fs;
use std::path::Path;

/// Bytes of a record.
const RECORD: usize = 16;

/// One start of a writer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// Its pid.
    pub pid: u32,
    /// Lines that it has certainly written; it may have written one more.
    pub lines: u64,
}

/// The starts of the writer in a service directory, in order; none where it never ran.
pub fn starts(service: &Path) -> Vec<Start> {
    parse(&fs::read(service.join("ledger")).unwrap_or_default())
}

fn parse(bytes: &[u8]) -> Vec<Start> {
    let whole = bytes.chunks_exact(RECORD).filter_map(|record| {
        let (pid, rest) = record.split_first_chunk()?;
        Some(Start { pid: u32::from_le_bytes(*pid), lines: u64::from_le_bytes(*rest.last_chunk()?) })
    });
    whole.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Records are read whole; half a record is none.
    #[test]
    fn records() {
        let mut bytes = vec![1, 1, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 0, 0, 0, 0];
        bytes.extend([2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 9]);
        assert_eq!(parse(&bytes), [Start { pid: 257, lines: 7 }, Start { pid: 2, lines: 0 }]);
    }
}
