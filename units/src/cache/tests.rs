//! A cache is never wrong, only of no use: whatever is damaged, stale, or somebody else's.

use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tempfile::TempDir;

use super::{Cache, Identity, MAGIC, NewCache, PREFIX, checksum, entry};
use crate::UnitSet;
use crate::set::Reading;
use crate::source::Source;
use crate::tree::{Document, parse};

const TEXTS: [(&str, &str); 3] = [
    ("a.yaml", "kind: oneshot\nstart: [echo, \"ä\", '']\nneeds: [b]\n"),
    ("b.yaml", "name: b\nkind: milestone\n---\nname: c\nkind: milestone\nneeds: []\n\n"),
    ("d.yaml", "kind: longrun\nrun: &x [a]\nready: {exec: *x, every: 1s}\n"),
];

/// One with a value that is not there, which is an error to those who check it.
const EMPTY: &str = "kind: milestone\ndescription:\n";

fn documents(path: &str, text: &str) -> Vec<Document<'static>> {
    let source = Source::from_bytes(Path::new(path).into(), text.as_bytes().to_vec()).unwrap();
    parse(&source).into_iter().map(Document::into_owned).collect()
}

fn identity(number: u64) -> Identity {
    Identity([number; Identity::WORDS])
}

/// The bytes of a cache of [`TEXTS`], whose identities are their numbers.
fn small_cache() -> Vec<u8> {
    let entries = TEXTS
        .iter()
        .zip(1..)
        .map(|((path, text), number)| entry(Path::new(path), &identity(number), &documents(path, text)).unwrap());
    let entries: Vec<Vec<u8>> = entries.collect();
    NewCache::new(Path::new(""), entries.iter().map(Vec::as_slice)).bytes
}

/// How many files the cache knows as they are; it panics where it knows one as it is not.
fn known(bytes: Vec<u8>) -> usize {
    let cache = Cache::from_bytes(bytes);
    let mut known = 0;
    for ((path, text), number) in TEXTS.iter().zip(1..) {
        if let Some((found, _)) = cache.find(&Arc::from(Path::new(path)), &identity(number)) {
            assert_eq!(format!("{found:?}"), format!("{:?}", documents(path, text)));
            known += 1;
        }
    }
    known
}

/// Every place, text and kind of node comes back; another identity or path does not.
#[test]
fn comes_back() {
    assert_eq!(known(small_cache()), 3);
    let empty = documents("x", EMPTY);
    let cache =
        NewCache::new(Path::new(""), [entry(Path::new("x"), &identity(9), &empty).unwrap().as_slice()].into_iter());
    let cache = Cache::from_bytes(cache.bytes);
    let (found, _) = cache.find(&Arc::from(Path::new("x")), &identity(9)).unwrap();
    assert_eq!(format!("{found:?}"), format!("{empty:?}"));
    let cache = Cache::from_bytes(small_cache());
    assert!(cache.find(&Arc::from(Path::new("a.yaml")), &identity(2)).is_none());
    assert!(cache.find(&Arc::from(Path::new("e.yaml")), &identity(1)).is_none());
    for word in 0..Identity::WORDS {
        let mut other = identity(1);
        other.0[word] += 1;
        assert!(cache.find(&Arc::from(Path::new("a.yaml")), &other).is_none(), "{word}");
    }
}

/// Whatever byte is another, no file is known as what it is not, and some file is not known.
#[test]
fn every_byte_flipped() {
    let good = small_cache();
    for at in 0..good.len() {
        for flip in [0x01, 0x10, 0x80, 0xff] {
            let mut bytes = good.clone();
            bytes[at] ^= flip;
            assert!(known(bytes) < 3, "byte {at} ^ {flip:#x}");
        }
    }
}

/// Cut anywhere, it knows less and nothing else.
#[test]
fn every_length() {
    let good = small_cache();
    let counts: Vec<usize> = (0..good.len()).map(|length| known(good[..length].to_vec())).collect();
    assert!(counts.is_sorted() && counts[0] == 0 && counts[good.len() - 1] == 2, "{counts:?}");
}

/// A checksum that is right over bytes that are not is no reason to trip.
#[test]
fn nonsense_with_a_good_checksum() {
    let good = small_cache();
    let first = u32::from_le_bytes(good[MAGIC.len()..MAGIC.len() + 4].try_into().unwrap()) as usize;
    for at in 0..first {
        for byte in [0, 1, 3, 0x7f, 0x80, 0xff] {
            let mut bytes = good.clone();
            let entry = MAGIC.len() + PREFIX..MAGIC.len() + PREFIX + first;
            bytes[entry.start + at] = byte;
            let sum = checksum(&bytes[entry]).to_le_bytes();
            bytes[MAGIC.len() + 4..MAGIC.len() + PREFIX].copy_from_slice(&sum);
            let cache = Cache::from_bytes(bytes);
            let _ = cache.find(&Arc::from(Path::new("a.yaml")), &identity(1));
        }
    }
}

/// A unit directory and a cache.
struct Place(TempDir);

impl Place {
    fn new() -> Self {
        let place = Self(tempfile::tempdir().unwrap());
        fs::create_dir(place.units()).unwrap();
        TEXTS.iter().for_each(|(name, text)| fs::write(place.units().join(name), text).unwrap());
        place
    }

    fn units(&self) -> PathBuf {
        self.0.path().join("units")
    }

    fn cache(&self) -> PathBuf {
        self.0.path().join("cache")
    }

    /// The units, and whether all of them were in the cache; what was not is there the next time.
    fn load(&self) -> (UnitSet, bool) {
        let mut set = UnitSet::load_cached(&[self.units()], &Reading::default(), Some(&self.cache()));
        let was_known = !set.has_new_cache();
        set.write_cache().unwrap();
        let fresh = UnitSet::load(&[self.units()]);
        assert_eq!(
            (set.units(), set.broken(), set.diagnostics()),
            (fresh.units(), fresh.broken(), fresh.diagnostics())
        );
        assert_eq!(set.check(), fresh.check());
        (set, was_known)
    }
}

/// What is read from the cache is what would be read from the files, whatever has happened to them.
#[test]
fn follows_the_files() {
    let place = Place::new();
    assert_eq!((place.load().1, place.load().1), (false, true));
    let file = place.units().join("a.yaml");
    // The same inode and size; the times tell.
    fs::write(&file, TEXTS[0].1.replace("echo", "sort")).unwrap();
    assert_eq!((place.load().1, place.load().1), (false, true));
    fs::rename(place.units().join("d.yaml"), &file).unwrap();
    let (set, was_known) = place.load();
    assert_eq!((was_known, set.units().len()), (false, 3));
    // What is broken is read each time, and told with its line.
    fs::write(&file, "kind: longrun\nrunn: [a]\n").unwrap();
    place.load();
    assert!(place.load().0.diagnostics()[0].snippet.is_some());
    fs::remove_file(&file).unwrap();
    symlink("b.yaml", &file).unwrap();
    assert_eq!(place.load().0.units().len(), 2);
}

/// A cache that others may have written, or that is no file, is not read; the same cache in the right hands is.
#[test]
fn whose_it_is() {
    let place = Place::new();
    let file = place.units().join("a.yaml");
    let identity = Identity::of(&nix::sys::stat::stat(&file).unwrap());
    let lie = entry(&file, &identity, &documents("a.yaml", "kind: milestone\ndescription: a lie\n")).unwrap();
    NewCache::new(&place.cache(), [lie.as_slice()].into_iter()).write().unwrap();
    let is_believed = || {
        let set = UnitSet::load_cached(&[place.units()], &Reading::default(), Some(&place.cache()));
        set.get("a").unwrap().description == "a lie"
    };
    let mode = |mode: u32| fs::set_permissions(place.cache(), PermissionsExt::from_mode(mode)).unwrap();
    assert!(is_believed());
    for wrong in [0o664, 0o646] {
        mode(wrong);
        assert!(!is_believed(), "{wrong:o}");
    }
    mode(0o644);
    if nix::unistd::geteuid().is_root() {
        chown(place.cache(), Some(12345), None).unwrap();
        assert!(!is_believed());
        chown(place.cache(), Some(0), None).unwrap();
    }
    fs::rename(place.cache(), place.0.path().join("elsewhere")).unwrap();
    symlink("elsewhere", place.cache()).unwrap();
    assert!(!is_believed());
}

/// Variables and drop-ins count as they are now, not as they were when the cache was written.
#[test]
fn what_comes_after_reading() {
    let place = Place::new();
    fs::write(place.units().join("v.yaml"), "kind: milestone\ndescription: ${X}\n").unwrap();
    let describe = |value: &str| {
        let variables = crate::Variables::new([("X".into(), value.into())]);
        let reading = Reading { variables, ..Reading::default() };
        let mut set = UnitSet::load_cached(&[place.units()], &reading, Some(&place.cache()));
        set.write_cache().unwrap();
        set.get("v").map(|unit| unit.description.clone())
    };
    assert_eq!((describe("one"), describe("two")), (Some("one".into()), Some("two".into())));
    fs::create_dir(place.units().join("v.yaml.d")).unwrap();
    fs::write(place.units().join("v.yaml.d/x.yaml"), "description: three\n").unwrap();
    assert_eq!(describe("two"), Some("three".into()));
}

/// No change of one byte goes unseen, nor does an end that is cut off or grown.
#[test]
fn checksums() {
    let bytes: Vec<u8> = (0..43).map(|number: u8| number.wrapping_mul(7)).collect();
    let sum = checksum(&bytes);
    for (at, change) in (0..bytes.len()).flat_map(|at| (1..=255).map(move |change: u8| (at, change))) {
        let mut other = bytes.clone();
        other[at] ^= change;
        assert_ne!(checksum(&other), sum, "byte {at} by {change}");
    }
    for length in 0..bytes.len() {
        assert_ne!(checksum(&bytes[..length]), sum, "{length}");
        assert_ne!(checksum(&[&bytes[..length], &[0; 8]].concat()), checksum(&bytes[..length]), "{length}");
    }
}
