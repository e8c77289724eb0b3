//! A sum over bytes: against accidents, not against attackers.

/// Odd, with as many ones as zeros, in no pattern.
const MULTIPLIER: u64 = 0x9e37_79b9_7f4a_7c15;

/// The sum. Eight bytes at a time, each step one to one, so that no single change of up to eight bytes that stand together
/// is missed.
pub(crate) fn checksum(bytes: &[u8]) -> u64 {
    let step = |sum: u64, word: [u8; 8]| (sum.rotate_left(23) ^ u64::from_le_bytes(word)).wrapping_mul(MULTIPLIER);
    let (words, rest) = bytes.as_chunks();
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    let sum = words.iter().fold(bytes.len() as u64, |sum, word| step(sum, *word));
    let sum = step(sum, last);
    sum ^ (sum >> 32)
}

#[cfg(test)]
mod tests {
    use super::checksum;

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
}
