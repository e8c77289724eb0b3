//! Octal escapes: how mountinfo, swaps and fstab write a blank, a tab, a newline and a backslash in a name.
//!
//! Pure. What is no `\` with three octal digits stays as it is; no byte is ever lost.

/// The bytes that a field stands for.
pub fn decode(field: &[u8]) -> impl Iterator<Item = u8> + '_ {
    let mut rest = field;
    core::iter::from_fn(move || {
        let (byte, after) = match rest {
            [b'\\', a @ b'0'..=b'3', b @ b'0'..=b'7', c @ b'0'..=b'7', after @ ..] => {
                ((a - b'0') << 6 | (b - b'0') << 3 | (c - b'0'), after)
            }
            [byte, after @ ..] => (*byte, after),
            [] => return None,
        };
        rest = after;
        Some(byte)
    })
}

#[cfg(test)]
mod tests {
    use super::decode;

    /// Escapes are decoded; what only looks like one stays.
    #[test]
    fn decoding() {
        for (field, bytes) in [
            (&b"/my\\040dir\\134x"[..], &b"/my dir\\x"[..]),
            (b"\\011x\\012", b"\tx\n"),
            (b"\\377\\000", b"\xff\0"),
            (b"a\\0", b"a\\0"),
            (b"\\089\\400\\", b"\\089\\400\\"),
            (b"\\\\040", b"\\ "),
            (b"", b""),
        ] {
            assert_eq!(decode(field).collect::<Vec<_>>(), bytes, "{field:?}");
        }
    }
}
