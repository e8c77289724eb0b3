//! TAI64N labels, as daemontools writes them: 8 bytes of seconds, big-endian, from 2^62, then 4 of nanoseconds.
//!
//! Like daemontools we take TAI to be ten seconds ahead of UTC and ignore leap seconds.

/// Seconds added to a UNIX time: 2^62 and the ten seconds that TAI was ahead in 1970.
const OFFSET: u64 = (1 << 62) + 10;

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

    /// Packing and unpacking a time gives the time.
    #[test]
    fn round_trip() {
        for (s, n) in [(0, 0), (1_700_000_000, 999_999_999), (-5, 1)] {
            assert_eq!(Tai64n::from_unix(s, n).to_unix(), (s, n));
        }
    }
}
