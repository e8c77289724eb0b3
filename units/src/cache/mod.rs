//! Units as they were checked earlier, so that a file that has not changed since need not be read again.
//!
//! A unit is made of its file, of what holds for all units, and of this program; an entry counts for one file with one
//! identity, and a cache for one [`Reading`] and one build of this crate. What drop-ins are laid over, and what there is
//! anything to say of, is not kept. So a cache can only ever make reading quicker; one that is damaged or another owner's
//! is as good as none.

mod checked;
mod flat;
mod identity;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::ops::Range;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use nix::fcntl::OFlag;
use nix::unistd::geteuid;

use crate::Reading;
use crate::check::Checked;
use crate::checksum::checksum;
use crate::name::QuickMap;
use flat::{Flat, Reader, Writer};
pub(crate) use identity::Identity;

/// How every cache begins: what follows is not understood by a program of another version, nor by one that is made of
/// other sources.
const MAGIC: &str = concat!("sunup units ", env!("CARGO_PKG_VERSION"), " ", env!("UNITS_SOURCES"), "\n");

/// The largest cache that is read, in bytes: 100,000 units have a third of it.
const LARGEST: u64 = 256 << 20;

/// What most entries have, in bytes.
const USUAL: usize = 250;

/// An entry begins with the length of what follows its key, the checksum of what follows the checksum, and the key: the
/// checksum of its path.
const SUM: Range<usize> = 4..12;
const KEY: Range<usize> = 12..20;
const PREFIX: usize = KEY.end;

/// A cache as it was found.
#[derive(Debug, Default)]
pub(crate) struct Cache {
    bytes: Vec<u8>,
    /// Where the entry of a path begins, by its key.
    entries: QuickMap<u64, usize>,
}

/// What a cache is to be replaced with.
#[derive(Clone, Debug)]
pub(crate) struct NewCache {
    path: PathBuf,
    bytes: Vec<u8>,
}

impl Cache {
    /// Reads a cache; an empty one where there is none that can be trusted.
    pub(crate) fn read(path: &Path, reading: &Reading) -> Self {
        read_trusted(path).map_or_else(|_| Self::default(), |bytes| Self::from_bytes(bytes, reading))
    }

    /// Finds the entries. What comes after the first that cannot be told from the next is lost.
    fn from_bytes(bytes: Vec<u8>, reading: &Reading) -> Self {
        let header = header(reading);
        if !bytes.starts_with(&header) {
            return Self::default();
        }
        let mut entries = QuickMap::with_capacity_and_hasher(bytes.len() / USUAL, Default::default());
        let mut at = header.len();
        while let Some(entry) = entry_at(&bytes, at) {
            entries.insert(u64::from_le_bytes(entry[KEY].try_into().unwrap_or_default()), at);
            at += entry.len();
        }
        Self { bytes, entries }
    }

    /// How many files it knows.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// What was made of a file that is what it was, and the entry, for the next cache.
    pub(crate) fn find(&self, file: &Arc<Path>, identity: &Identity) -> Option<(Vec<Checked>, &[u8])> {
        let path = file.to_str()?;
        let entry = entry_at(&self.bytes, *self.entries.get(&checksum(path.as_bytes()))?)?;
        let mut reader = Reader::new(&entry[PREFIX..], file)?;
        let is_meant = reader.text()? == path && Identity::take(&mut reader)? == *identity;
        let is_whole = || entry[SUM] == checksum(&entry[SUM.end..]).to_le_bytes();
        let checked = if is_meant && is_whole() { Vec::take(&mut reader)? } else { return None };
        reader.is_at_end().then_some((checked, entry))
    }
}

/// The entry that begins there, if it ends: at least its prefix.
fn entry_at(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..)?;
    let length = u32::from_le_bytes(*rest.first_chunk()?);
    rest.get(..PREFIX.checked_add(length as usize)?)
}

/// What all that is said of units by others than their files is put down as, after [`MAGIC`].
fn header(reading: &Reading) -> Vec<u8> {
    let Reading { variables, init_scripts: _, start_timeout, stop_timeout } = reading;
    let mut writer = Writer::new(Path::new(""));
    variables.put(&mut writer);
    start_timeout.put(&mut writer);
    stop_timeout.put(&mut writer);
    writer.finish(MAGIC.as_bytes().to_vec()).unwrap_or_default()
}

/// The entry of a file, unless there is anything to say of it, or it has a template: that is told, and made, from the text.
/// A file whose path is no text has none either.
pub(crate) fn entry(file: &Path, identity: &Identity, checked: &[Checked]) -> Option<Vec<u8>> {
    if !checked.iter().all(Checked::is_plain) {
        return None;
    }
    let path = file.to_str()?;
    let mut writer = Writer::new(file);
    writer.text(path);
    identity.put(&mut writer);
    writer.all(checked);
    let mut bytes = writer.finish(vec![0; PREFIX])?;
    let length = u32::try_from(bytes.len() - PREFIX).ok()?;
    bytes[..SUM.start].copy_from_slice(&length.to_le_bytes());
    bytes[KEY].copy_from_slice(&checksum(path.as_bytes()).to_le_bytes());
    let sum = checksum(&bytes[SUM.end..]);
    bytes[SUM].copy_from_slice(&sum.to_le_bytes());
    Some(bytes)
}

impl NewCache {
    /// A cache of these entries.
    pub(crate) fn new<'a>(path: &Path, reading: &Reading, entries: impl Iterator<Item = &'a [u8]>) -> Self {
        let mut bytes = header(reading);
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

#[cfg(test)]
mod tests;
