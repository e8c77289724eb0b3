//! The limits that children get: those from before stage 1 and we raised ours.

use crate::sys::text::parse_number;

/// `SOFT:HARD` or `SOFT`.
pub fn limits(text: &[u8]) -> Option<(u64, Option<u64>)> {
    let mut numbers = text.splitn(2, |&byte| byte == b':').map(parse_number);
    let soft = numbers.next()??;
    match numbers.next() {
        None => Some((soft, None)),
        Some(hard) => Some((soft, Some(hard?))),
    }
}

/// What children get: never more than we have ourselves.
pub fn restored(told: Option<(u64, Option<u64>)>, (soft, hard): (u64, u64)) -> (u64, u64) {
    let hard_told = told.and_then(|(_, hard)| hard).unwrap_or(hard).min(hard);
    (told.map_or(soft, |(soft, _)| soft).min(hard_told), hard_told)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lone number is the soft limit; what is no limit is not taken for one.
    #[test]
    fn told_limits() {
        for (text, told) in [
            ("1024:4096", Some((1024, Some(4096)))),
            ("1024:18446744073709551615", Some((1024, Some(u64::MAX)))),
            ("333", Some((333, None))),
            ("", None),
            ("1024:", None),
            (":4096", None),
            ("1:2:3", None),
        ] {
            assert_eq!(limits(text.as_bytes()), told, "{text}");
        }
    }

    /// Both limits come back, and neither is above our own.
    #[test]
    fn what_children_get() {
        assert_eq!(restored(Some((1024, Some(4096))), (1024, 1_048_576)), (1024, 4096));
        assert_eq!(restored(Some((333, None)), (1024, 4096)), (333, 4096));
        assert_eq!(restored(Some((9000, Some(u64::MAX))), (1024, 4096)), (4096, 4096));
        assert_eq!(restored(Some((9000, Some(2000))), (1024, 4096)), (2000, 2000));
        assert_eq!(restored(None, (1024, 4096)), (1024, 4096));
    }
}
