//! TAI64N labels, as daemontools writes them: 8 bytes of seconds, big-endian, from 2^62, then 4 of nanoseconds.
//!
//! Like daemontools we take TAI to be ten seconds ahead of UTC and ignore leap seconds. s6 counts them: its labels are ahead of ours.

/// Seconds added to a UNIX time: 2^62 and the ten seconds that TAI was ahead in 1970.
const OFFSET: u64 = (1 << 62) + 10;

/// UNIX times that had a leap second before them, which makes 27 until now; no more are announced.
const LEAPS: [i64; 27] = [
    78_796_800,
    94_694_400,
    126_230_400,
    157_766_400,
    189_302_400,
    220_924_800,
    252_460_800,
    283_996_800,
    315_532_800,
    362_793_600,
    394_329_600,
    425_865_600,
    489_024_000,
    567_993_600,
    631_152_000,
    662_688_000,
    709_948_800,
    741_484_800,
    773_020_800,
    820_454_400,
    867_715_200,
    915_148_800,
    1_136_073_600,
    1_230_768_000,
    1_341_100_800,
    1_435_708_800,
    1_483_228_800,
];

/// A point in time as 12 bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tai64n(pub [u8; 12]);

impl Tai64n {
    /// All bytes zero: "never".
    pub const NEVER: Self = Self([0; 12]);

    /// From a UNIX time in seconds and nanoseconds (CLOCK_REALTIME).
    pub const fn from_unix(seconds: i64, nanoseconds: u32) -> Self {
        let s = OFFSET.wrapping_add_signed(seconds).to_be_bytes();
        let n = nanoseconds.to_be_bytes();
        Self([s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7], n[0], n[1], n[2], n[3]])
    }

    /// The UNIX time in seconds and nanoseconds.
    pub const fn to_unix(self) -> (i64, u32) {
        let b = self.0;
        let seconds = u64::from_be_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]);
        (seconds.wrapping_sub(OFFSET) as i64, u32::from_be_bytes([b[8], b[9], b[10], b[11]]))
    }

    /// The same moment as s6 labels it.
    pub fn with_leap_seconds(self) -> Self {
        let (seconds, nanoseconds) = self.to_unix();
        let count = LEAPS.iter().filter(|&&leap| leap <= seconds).count();
        Self::from_unix(seconds.wrapping_add(count as i64), nanoseconds)
    }

    /// The moment that s6 gave this label. A leap second is taken for the one after it.
    pub fn without_leap_seconds(self) -> Self {
        let (seconds, nanoseconds) = self.to_unix();
        let count = LEAPS.iter().zip(1..).filter(|&(&leap, number)| leap + number <= seconds).count();
        Self::from_unix(seconds.wrapping_sub(count as i64), nanoseconds)
    }

    /// True for [`Tai64n::NEVER`].
    pub fn is_never(self) -> bool {
        self == Self::NEVER
    }

    /// ns since an earlier time; `u64::MAX` when that was later, because the clock was set, or longer ago than counts.
    pub const fn since(self, earlier: Self) -> u64 {
        let ((s, n), (earlier_s, earlier_n)) = (self.to_unix(), earlier.to_unix());
        let ns = (s as i128 - earlier_s as i128) * 1_000_000_000 + n as i128 - earlier_n as i128;
        if ns < 0 || ns > u64::MAX as i128 { u64::MAX } else { ns as u64 }
    }

    /// The 25 characters that log lines begin with: `@` and 24 hexadecimal digits.
    pub const fn label(self) -> [u8; 25] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'@'; 25];
        let mut at = 0;
        while at < 12 {
            text[1 + 2 * at] = DIGITS[(self.0[at] >> 4) as usize];
            text[2 + 2 * at] = DIGITS[(self.0[at] & 15) as usize];
            at += 1;
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The label of a UNIX time is the one that daemontools' tai64n writes for it.
    #[test]
    fn label_is_daemontools() {
        let label = Tai64n::from_unix(0x37c2_19bf, 0x2ef0_2e94).label();
        assert_eq!(&label, b"@4000000037c219c92ef02e94");
    }

    /// Times apart are ns, and a clock that was set back tells nothing.
    #[test]
    fn times_apart() {
        let (early, late) = (Tai64n::from_unix(5, 999_999_999), Tai64n::from_unix(7, 1));
        assert_eq!((late.since(early), early.since(late), early.since(early)), (1_000_000_002, u64::MAX, 0));
        assert_eq!(late.since(Tai64n::NEVER), u64::MAX);
    }

    /// Leap seconds are those of the system's own table, where there is one, and are taken off again.
    #[test]
    fn leap_seconds() {
        let ahead = |seconds| Tai64n::from_unix(seconds, 7).with_leap_seconds().to_unix().0 - seconds;
        assert_eq!([0, 78_796_799, 78_796_800, 1_483_228_799, 1_795_000_000].map(ahead), [0, 0, 1, 26, 27]);
        let around = LEAPS.iter().flat_map(|&leap| leap - 2..leap + 3);
        for time in around.chain([0, -5]).map(|seconds| Tai64n::from_unix(seconds, 7)).chain([Tai64n::NEVER]) {
            assert_eq!(time.with_leap_seconds().without_leap_seconds(), time);
        }
        assert_eq!(Tai64n::NEVER.with_leap_seconds(), Tai64n::NEVER);
        // Lines of NTP time, which began 70 years before.
        if let Ok(table) = std::fs::read_to_string("/usr/share/zoneinfo/leap-seconds.list") {
            let lines = table.lines().filter(|line| !line.starts_with('#'));
            let times = lines.filter_map(|line| line.split_whitespace().next()?.parse::<i64>().ok());
            let known: Vec<i64> = times.skip(1).map(|time| time - 2_208_988_800).collect();
            assert_eq!(known, LEAPS);
        }
    }

    /// Packing and unpacking a time gives the time.
    #[test]
    fn round_trip() {
        for (s, n) in [(0, 0), (1_700_000_000, 999_999_999), (-5, 1)] {
            assert_eq!(Tai64n::from_unix(s, n).to_unix(), (s, n));
        }
    }
}
