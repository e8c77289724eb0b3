//! Bytes on their way to a file.

/// Bytes that are written at once.
const SIZE: usize = 9 * 1024;

/// The buffer; all sinks share one, because it is empty between them.
#[derive(Debug)]
pub struct Output {
    bytes: [u8; SIZE],
    filled: usize,
}

impl Output {
    /// An empty buffer.
    pub const fn new() -> Self {
        Self { bytes: [0; SIZE], filled: 0 }
    }

    /// Appends as much as fits; gives how much that was.
    pub fn push(&mut self, bytes: &[u8]) -> usize {
        let space = self.bytes.get_mut(self.filled..).unwrap_or_default();
        let size = bytes.len().min(space.len());
        if let (Some(space), Some(bytes)) = (space.get_mut(..size), bytes.get(..size)) {
            space.copy_from_slice(bytes);
        }
        self.filled += size;
        size
    }

    /// What is in it.
    pub fn pending(&self) -> &[u8] {
        self.bytes.get(..self.filled).unwrap_or_default()
    }

    /// Takes the first bytes away.
    pub fn remove(&mut self, count: usize) {
        self.bytes.copy_within(count.min(self.filled)..self.filled, 0);
        self.filled = self.filled.saturating_sub(count);
    }

    /// Takes everything away.
    pub const fn clear(&mut self) {
        self.filled = 0;
    }
}

impl Default for Output {
    fn default() -> Self {
        Self::new()
    }
}
