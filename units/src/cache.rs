//! What was parsed earlier, so that a file that has not changed since need not be read again.
//!
//! Kept are trees, not units: drop-ins, variables and every check come after, as if the file had been read, so that a
//! cache can only ever make reading quicker. An entry counts for one file with one identity; an entry, or a cache, that
//! is damaged, of another version or of another owner is as good as none.

mod encoding;
mod identity;

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use crate::tree::Document;
use encoding::{Reader, put_documents};
pub(crate) use identity::Identity;

/// How every cache begins: what follows is not understood by a program of another version.
const MAGIC: &str = concat!("sunup units 2 ", env!("CARGO_PKG_VERSION"), "\n");

/// The largest cache that is read, in bytes: 100,000 units have a third of it.
const LARGEST: u64 = 256 << 20;

/// Odd, with as many ones as zeros, in no pattern.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// What most entries have, in bytes.
const USUAL: usize = 400;

/// Before an entry stand its length and its checksum.
const PREFIX: usize = 4 + 8;

/// A cache as it was found.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    bytes: Vec<u8>,
    /// Where the entry of a path is, by the path's checksum.
    entries: HashMap<u64, Range<usize>>,
}

/// What a cache is to be replaced with.
#[derive(Clone, Debug)]
pub(crate) struct NewCache {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Cache {
    /// Reads a cache; an empty one where there is none that can be trusted.
    pub(crate) fn read(path: &Path) -> Self {
        read_trusted(path).map_or_else(|_| Self::default(), Self::from_bytes)
    }

    /// Finds the entries. What comes after the first that cannot be told from the next is lost.
    fn from_bytes(bytes: Vec<u8>) -> Self {
        let mut entries = HashMap::with_capacity(bytes.len() / USUAL);
        let mut at = MAGIC.len();
        if !bytes.starts_with(MAGIC.as_bytes()) {
            return Self::default();
        }
        while let Some(length) = bytes.get(at..at + 4).and_then(|four| Some(u32::from_le_bytes(four.try_into().ok()?)))
        {
            let end = at.saturating_add(PREFIX).saturating_add(length as usize);
            let Some(entry) = bytes.get(at + PREFIX..end) else { break };
            if let Some(path) = Reader::new(entry).bytes() {
                entries.insert(checksum(path), at..end);
            }
            at = end;
        }
        Self { bytes, entries }
    }

    /// How many files it knows.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The documents of a file that is what it was, and the entry, for the next cache.
    pub(crate) fn find(&self, file: &Arc<Path>, identity: &Identity) -> Option<(Vec<Document<'_>>, &[u8])> {
        let path = file.as_os_str().as_bytes();
        let whole = self.bytes.get(self.entries.get(&checksum(path))?.clone())?;
        let entry = whole.get(PREFIX..)?;
        let mut reader = Reader::new(entry);
        let is_meant = reader.bytes()? == path && reader.identity()? == *identity;
        let is_whole = || whole.get(4..PREFIX).is_some_and(|sum| sum == checksum(entry).to_le_bytes());
        let documents = if is_meant && is_whole() { reader.documents(file)? } else { return None };
        Some((documents, whole))
    }
}

/// The entry of a file, unless its documents have errors: what is wrong is told from the text.
pub(crate) fn entry(file: &Path, identity: &Identity, documents: &[Document<'_>]) -> Option<Vec<u8>> {
    let mut bytes = vec![0; PREFIX];
    encoding::put_bytes(&mut bytes, file.as_os_str().as_bytes());
    encoding::put_identity(&mut bytes, identity);
    put_documents(&mut bytes, documents)?;
    let length = u32::try_from(bytes.len() - PREFIX).ok()?;
    let sum = checksum(&bytes[PREFIX..]);
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes[4..PREFIX].copy_from_slice(&sum.to_le_bytes());
    Some(bytes)
}

impl NewCache {
    /// A cache of these entries.
    pub(crate) fn new<'a>(path: &Path, entries: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut bytes = MAGIC.as_bytes().to_vec();
        entries.for_each(|entry| bytes.extend_from_slice(entry));
        Self { path: path.into(), bytes }
    }

    /// Replaces the cache. What a crash leaves half written is found out by its checksums.
    pub(crate) fn write(&self) -> io::Result<()> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let new = self.path.with_file_name(format!(".{name}.new"));
        match fs::remove_file(&new) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o644).open(&new)?;
        let written = file.write_all(&self.bytes).and_then(|()| fs::rename(&new, &self.path));
        written.inspect_err(|_| drop(fs::remove_file(&new)))
    }
}

/// Reads a file that only root or we ourselves can have written.
fn read_trusted(path: &Path) -> io::Result<Vec<u8>> {
    let flags = (OFlag::O_NONBLOCK | OFlag::O_NOFOLLOW | OFlag::O_NOCTTY).bits();
    let file: File = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    let is_ours = metadata.uid() == 0 || metadata.uid() == geteuid().as_raw();
    let others_write = metadata.mode() & 0o022 != 0;
    if !metadata.is_file() || !is_ours || others_write || metadata.len() > LARGEST {
        return Err(io::Error::other("not to be trusted"));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(metadata.len()).unwrap_or(0) + 1);
    file.take(LARGEST).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Against accidents, not against attackers: nobody else can write the file. Eight bytes at a time, each step one to one,
/// so that no single change of up to eight bytes that stand together is missed.
fn checksum(bytes: &[u8]) -> u64 {
    let step = |sum: u64, word: [u8; 8]| (sum.rotate_left(23) ^ u64::from_le_bytes(word)).wrapping_mul(MULTIPLIER);
    let (words, rest) = bytes.as_chunks();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let sum = words.iter().fold(bytes.len() as u64, |sum, word| step(sum, *word));
    let sum = step(sum, last);
    sum ^ (sum >> 32)
}

#[cfg(test)]
mod tests;
