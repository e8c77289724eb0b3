//! A set that is read with a cache.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{Reading, UnitSet};
use crate::cache::{Cache, NewCache};
use crate::parallel;
use crate::reading::{FileCached, UnitDirectory, UnitFile};

/// A cache of so many bytes, a few hundred units, is worth a thread.
const LARGE: u64 = 100_000;

impl UnitSet {
    /// As [`UnitSet::load_with`], but files that the cache, if there is one, knows as they are now are not read.
    pub fn load_cached(directories: &[PathBuf], reading: &Reading, cache: Option<&Path>) -> Self {
        let Some(path) = cache else { return Self::load_with(directories, reading) };
        let is_long_work = fs::metadata(path).is_ok_and(|metadata| metadata.len() > LARGE);
        let (cache, (mut set, opened)) =
            parallel::at_once(is_long_work, || Cache::read(path, reading), || Self::open(directories, reading));
        set.add_cached(&opened, &cache, path);
        set.finish();
        set
    }

    /// Writes the cache that this set was read with, if it has changed: to be called when there is time for it.
    pub fn write_cache(&mut self) -> io::Result<()> {
        self.new_cache.take().map_or(Ok(()), |cache| cache.write())
    }

    /// Whether [`UnitSet::write_cache`] has anything to do.
    pub fn has_new_cache(&self) -> bool {
        self.new_cache.is_some()
    }

    fn add_cached(&mut self, directories: &[UnitDirectory], cache: &Cache, path: &Path) {
        let mut entries = Vec::new();
        let preparation = self.preparation.clone();
        for directory in directories {
            let read = |file: &UnitFile| directory.read_cached(file, &preparation, cache);
            self.add_directory(directory.files.len(), |take| {
                parallel::for_each(&directory.files, read, |FileCached { read, entry }| {
                    entries.extend(entry);
                    take(read);
                });
            });
        }
        let is_new = entries.iter().any(|entry| matches!(entry, Cow::Owned(_)));
        if is_new || entries.len() * 2 < cache.len() {
            self.new_cache = Some(NewCache::new(path, &self.preparation.reading, entries.iter().map(AsRef::as_ref)));
        }
    }
}
