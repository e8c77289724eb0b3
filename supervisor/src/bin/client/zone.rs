//! Local time by the zone files of /usr/share/zoneinfo, and by POSIX's rules in TZ.
//!
//! The C library's look-up is beyond safe code. What TZ says wins, then /etc/localtime, then UTC, as there.

use super::zone_rule::Rule;
use std::path::Path;

/// Where zones are found by their names.
const ZONES: &str = "/usr/share/zoneinfo";

/// A zone.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Zone {
    /// From when on (UNIX seconds) which offset holds (seconds east of Greenwich), in order.
    changes: Vec<(i64, i64)>,
    /// The offset before the first change.
    first: i64,
    /// What holds after the last change.
    rule: Option<Rule>,
    /// From when on so many leap seconds have been inserted.
    leaps: Vec<(i64, i64)>,
}

impl Zone {
    /// The zone of this process.
    pub fn local() -> Self {
        let found = match std::env::var("TZ") {
            Err(_) => Self::read(Path::new("/etc/localtime")),
            Ok(text) => Self::named(text.strip_prefix(':').unwrap_or(&text)),
        };
        found.unwrap_or_default()
    }

    /// The zone that TZ names: a file, or a rule.
    fn named(text: &str) -> Option<Self> {
        if text.is_empty() {
            return None;
        }
        // A relative name stays below the directory; joining an absolute one gives that.
        let inside = text.starts_with('/') || !text.split('/').any(|part| part == "..");
        let file = inside.then(|| Self::read(&Path::new(ZONES).join(text))).flatten();
        file.or_else(|| Some(Self { rule: Some(Rule::parse(text)?), ..Self::default() }))
    }

    fn read(path: &Path) -> Option<Self> {
        Self::parse(&std::fs::read(path).ok()?)
    }

    /// Reads a zone file (RFC 8536, version 2 or later).
    fn parse(bytes: &[u8]) -> Option<Self> {
        let old = Counts::read(bytes)?;
        let rest = bytes.get(HEADER + old.size(4)..)?;
        let counts = Counts::read(rest)?;
        let mut body = rest.get(HEADER..)?;
        let mut take = |size: usize| {
            let (part, after) = body.split_at_checked(size)?;
            body = after;
            Some(part)
        };
        let (times, indices, types) = (take(counts.times * 8)?, take(counts.times)?, take(counts.types * 6)?);
        take(counts.letters)?;
        let leaps = take(counts.leaps * 12)?;
        take(counts.flags)?;
        let offset =
            |index: usize| Some(i64::from(i32::from_be_bytes(types.get(index * 6..)?.first_chunk().copied()?)));
        let changes = times.chunks_exact(8).zip(indices);
        let leaps = leaps.chunks_exact(12);
        Some(Self {
            changes: changes
                .map(|(time, &index)| Some((number(time)?, offset(index.into())?)))
                .collect::<Option<_>>()?,
            first: offset(0)?,
            rule: std::str::from_utf8(body).ok().and_then(|text| Rule::parse(text.trim_matches('\n'))),
            leaps: leaps
                .map(|leap| Some((number(leap)?, i64::from(i32::from_be_bytes(leap.get(8..)?.try_into().ok()?)))))
                .collect::<Option<_>>()?,
        })
    }

    /// Seconds that local time is ahead of `time`, and whether it is within an inserted second.
    pub fn offset(&self, time: i64) -> (i64, bool) {
        let leap =
            self.leaps.partition_point(|(from, _)| *from <= time).checked_sub(1).and_then(|at| self.leaps.get(at));
        let (inserted, inside) = leap.map_or((0, false), |(from, count)| (*count, *from == time));
        let at = self.changes.partition_point(|(from, _)| *from <= time);
        let offset = match (at.checked_sub(1).and_then(|at| self.changes.get(at)), self.rule) {
            (_, Some(rule)) if at == self.changes.len() => rule.offset(time - inserted),
            (Some((_, offset)), _) => *offset,
            (None, _) => self.first,
        };
        (offset - inserted, inside)
    }
}

/// The first eight bytes as a number.
fn number(bytes: &[u8]) -> Option<i64> {
    bytes.first_chunk().map(|bytes| i64::from_be_bytes(*bytes))
}

/// Bytes of a header.
const HEADER: usize = 44;

/// How many of each a part of a zone file has.
struct Counts {
    flags: usize,
    leaps: usize,
    times: usize,
    types: usize,
    letters: usize,
}

impl Counts {
    fn read(bytes: &[u8]) -> Option<Self> {
        let version = bytes.strip_prefix(b"TZif")?.first()?;
        let count = |at: usize| {
            let bytes = bytes.get(20 + 4 * at..)?.first_chunk()?;
            usize::try_from(u32::from_be_bytes(*bytes)).ok()
        };
        let (universal, standard) = (count(0)?, count(1)?);
        let counts = Self {
            flags: universal.checked_add(standard)?,
            leaps: count(2)?,
            times: count(3)?,
            types: count(4)?,
            letters: count(5)?,
        };
        (*version >= b'2').then_some(counts)
    }

    /// Bytes of the part, in which a time has `time` bytes.
    const fn size(&self, time: usize) -> usize {
        self.times * (time + 1) + self.types * 6 + self.letters + self.leaps * (time + 4) + self.flags
    }
}
