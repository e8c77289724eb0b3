//! A cache is never wrong, only of no use: whatever is damaged, stale, or somebody else's.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tempfile::TempDir;

use super::{Cache, Identity, MAGIC, NewCache, PREFIX, SUM, entry};
use crate::check::Checked;
use crate::checksum::checksum;
use crate::language::keys;
use crate::preparation::Preparation;
use crate::{Reading, UnitSet, Variables, reading};

const TEXTS: [(&str, &str); 3] = [
    ("a.yaml", "kind: oneshot\nstart: [echo, \"ä\", '']\nneeds: [b]\n"),
    ("b.yaml", "name: b\nkind: milestone\n---\nname: c\nkind: milestone\nneeds: []\n\n"),
    ("d.yaml", "kind: longrun\nrun: &x [a]\nready: {exec: *x, every: 1s}\n"),
];

/// Every key there is, and every kind of value.
const EVERYTHING: [(&str, &str); 3] = [
    (
        "longrun",
        "description: All of it\nkind: longrun\nneeds: [b]\nwants: [c]\nafter: [d, e]\nbefore: [f]\nconflicts: [g]\n\
         provides: [h]\nessential: true\nstart-timeout: 1m30s\nstop-timeout: 7ms\nrun: |\n  #!/bin/sh\n  exec a\n\
         reload: [r, '']\nrestart: on-failure\nmax-deaths: 5 in 60s\nstop-signal: USR1\nkill-mode: main\nforks: true\n\
         pidfile: /run/a.pid\nwatchdog: 3s\nready: notify\nlog: {dir: /var/log/a, size: 4K, keep: 3, when-full: wait}\n\
         sockets: ['tcp://[::1]:80 web', 'udp://127.0.0.1:53', 'unix:///a', 'unix-dgram:///b', 'unix-seqpacket:///c']\n\
         if: {path: [/a, '!/z'], container: true, cmdline: [b, '!y'], user: root}\n\
         user: u\ngroup: '1'\ngroups: [x]\nenv: {A: b}\nenv-file: [/e]\ndirectory: /d\numask: 0027\nnice: -5\n\
         oom-score-adj: -1000\nlimits: {nofile: 10:20, core: unlimited}\ntty: /dev/tty1\nno-new-privileges: true\n\
         capabilities: [KILL]\nprivate-tmp: true\nread-only: [/ro]\nhide: [/h]\ncgroup: {memory.max: 1G}\n",
    ),
    (
        "oneshot",
        "kind: oneshot\ndo: [mount, utmp]\nstart: [a]\nstop: s\nreload: r\nstart-timeout: none\ncapabilities: []\n",
    ),
    (
        "several",
        "name: m\nkind: milestone\n---\nname: s\nkind: longrun\nservicedir: /s\nready: {tcp: '127.0.0.1:80'}\nlog: none\n---\n\
         name: t\nkind: longrun\nrun: [t]\nready: {socket: /s}\n---\nname: u\nkind: longrun\nrun: [u]\nready: {file: /f}\n\
         ---\nname: v\nkind: longrun\nrun: [v]\nready: {fd: 5}\nrestart: never\nlog: {size: 1M}\n",
    ),
];

/// What a text gives, if it were a file.
fn checked(path: &str, text: &str) -> Vec<Checked> {
    reading::from_text(Path::new(path), text, &Preparation::default()).checked
}

fn entry_of(path: &str, text: &str, number: u64) -> Option<Vec<u8>> {
    entry(Path::new(path), &identity(number), &checked(path, text))
}

fn identity(number: u64) -> Identity {
    Identity([number; Identity::WORDS])
}

fn cache(entries: &[Vec<u8>]) -> Vec<u8> {
    NewCache::new(Path::new(""), &Reading::default(), entries.iter().map(Vec::as_slice)).bytes
}

/// The bytes of a cache of [`TEXTS`], whose identities are their numbers.
fn small_cache() -> Vec<u8> {
    let entries = TEXTS.iter().zip(1..).map(|((path, text), number)| entry_of(path, text, number).unwrap());
    cache(&entries.collect::<Vec<_>>())
}

fn read(bytes: Vec<u8>) -> Cache {
    Cache::from_bytes(bytes, &Reading::default())
}

fn find(cache: &Cache, path: &str, identity: &Identity) -> Option<Vec<Checked>> {
    cache.find(&Arc::from(Path::new(path)), identity).map(|(found, _)| found)
}

/// How many files the cache knows as they are; it panics where it knows one as it is not.
fn known(bytes: Vec<u8>) -> usize {
    let cache = read(bytes);
    let mut known = 0;
    for ((path, text), number) in TEXTS.iter().zip(1..) {
        if let Some(found) = find(&cache, path, &identity(number)) {
            assert_eq!(format!("{found:?}"), format!("{:?}", checked(path, text)));
            known += 1;
        }
    }
    known
}

/// What is known comes back as it was; another identity or path does not.
#[test]
fn comes_back() {
    assert_eq!(known(small_cache()), 3);
    let cache = read(small_cache());
    assert!(find(&cache, "a.yaml", &identity(2)).is_none());
    assert!(find(&cache, "e.yaml", &identity(1)).is_none());
    for word in 0..Identity::WORDS {
        let mut other = identity(1);
        other.0[word] += 1;
        assert!(find(&cache, "a.yaml", &other).is_none(), "{word}");
    }
}

/// Every value of every key comes back.
#[test]
fn everything_comes_back() {
    for (path, text) in EVERYTHING {
        let cache = read(cache(&[entry_of(path, text, 1).unwrap_or_else(|| panic!("{:?}", checked(path, text)))]));
        let found = find(&cache, path, &identity(1));
        assert_eq!(format!("{:?}", found.unwrap()), format!("{:?}", checked(path, text)), "{path}");
    }
    let said: BTreeSet<&str> = EVERYTHING.iter().flat_map(|(_, text)| text.lines()).filter_map(key_of).collect();
    let missing: Vec<&str> = keys().map(|key| key.name).filter(|key| !said.contains(key)).collect();
    assert!(missing.is_empty(), "not tried: {missing:?}");
}

fn key_of(line: &str) -> Option<&str> {
    line.split_once(':').map(|(key, _)| key)
}

/// What is wrong is told from the text, and templates are made from it: neither is kept.
#[test]
fn not_kept() {
    for (path, text) in [
        ("a", "kind: milestone\ndescription:\n"),
        ("a", "kind: milestone\nneeds: [b, b]\n"),
        ("a@", "kind: milestone\n"),
        ("a", "name: a\nkind: milestone\n---\nname: b\n"),
    ] {
        assert_eq!(entry_of(path, text, 1), None, "{text}");
    }
}

/// A cache that was made with other variables or timeouts, or by another build, is none.
#[test]
fn what_it_was_made_with() {
    let bytes = small_cache();
    let with = |reading: Reading| Cache::from_bytes(bytes.clone(), &reading).len();
    let (more, default) = (Duration::from_secs(61), Reading::default);
    assert_eq!(with(default()), 3);
    assert_eq!(with(Reading { init_scripts: Some("/x".into()), ..default() }), 3);
    assert_eq!(with(Reading { variables: Variables::new([("A".into(), "b".into())]), ..default() }), 0);
    assert_eq!(with(Reading { start_timeout: more, ..default() }), 0);
    assert_eq!(with(Reading { stop_timeout: more, ..default() }), 0);
    let other = String::from_utf8_lossy(MAGIC.as_bytes()).replace(env!("UNITS_SOURCES"), "0123456789abcdef");
    let other = [other.as_bytes(), &bytes[MAGIC.len()..]].concat();
    assert_eq!(read(other).len(), 0);
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
    for (path, text) in EVERYTHING {
        let good = entry_of(path, text, 1).unwrap();
        for at in PREFIX..good.len() {
            for byte in [0, 1, 3, 0x7f, 0x80, 0xff] {
                let mut bytes = good.clone();
                bytes[at] = byte;
                let sum = checksum(&bytes[SUM.end..]).to_le_bytes();
                bytes[SUM].copy_from_slice(&sum);
                let _ = find(&read(cache(&[bytes])), path, &identity(1));
            }
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
    let lie = checked(&file.to_string_lossy(), "kind: milestone\ndescription: a lie\n");
    let lie = entry(&file, &identity, &lie).unwrap();
    NewCache::new(&place.cache(), &Reading::default(), [lie.as_slice()].into_iter()).write().unwrap();
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
        let variables = Variables::new([("X".into(), value.into())]);
        let reading = Reading { variables, ..Reading::default() };
        let mut set = UnitSet::load_cached(&[place.units()], &reading, Some(&place.cache()));
        set.write_cache().unwrap();
        set.get("v").map(|unit| unit.description.clone())
    };
    assert_eq!((describe("one"), describe("two")), (Some("one".into()), Some("two".into())));
    fs::create_dir(place.units().join("v.yaml.d")).unwrap();
    fs::write(place.units().join("v.yaml.d/x.yaml"), "description: three\n").unwrap();
    assert_eq!((describe("two"), describe("two")), (Some("three".into()), Some("three".into())));
    fs::remove_file(place.units().join("v.yaml.d/x.yaml")).unwrap();
    assert_eq!(describe("two"), Some("two".into()));
}
