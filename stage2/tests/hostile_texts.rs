//! Whatever bytes a file has, nobody who reads it panics: the fuzz targets' subjects with texts that are made here.

#[path = "../../tests/src/random.rs"]
mod prng;
#[path = "../../fuzz/subjects.rs"]
mod subjects;

use prng::Random;

/// Rounds for each subject.
const ROUNDS: u64 = 1_500;

/// What is put in: what means something to one of the languages.
const STREWN: [&[u8]; 20] = [
    b"\n",
    b"  ",
    b"\t",
    b": ",
    b"- ",
    b"[",
    b"]",
    b"{",
    b"}",
    b"&a ",
    b"*a",
    b"---\n",
    b"|\n",
    b"\"",
    b"'",
    b"\\",
    b"\0",
    b"\xff\xfe",
    b"${X}",
    "ä\u{2028}".as_bytes(),
];

/// A text with bytes put in, cut, taken out, doubled and changed.
fn mutated(random: &mut Random, text: &[u8]) -> Vec<u8> {
    let mut bytes = text.to_vec();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len() + 1);
        let end = (at + random.below(40)).min(bytes.len());
        match random.below(5) {
            0 => drop(bytes.splice(at..at, STREWN[random.below(STREWN.len())].iter().copied())),
            1 if random.percent(20) => bytes.truncate(at),
            2 => drop(bytes.drain(at..end)),
            3 => bytes.extend_from_within(at..end),
            _ => bytes[at..end].iter_mut().take(2).for_each(|byte| *byte = random.below(256) as u8),
        }
    }
    bytes
}

/// Every subject holds out, and its own text is not refused.
#[test]
fn nobody_panics() {
    for (name, subject, text) in subjects::ALL {
        subject(text);
        subject(b"");
        for seed in 0..ROUNDS {
            let bytes = mutated(&mut Random(seed), text);
            let outcome = std::panic::catch_unwind(|| subject(&bytes));
            assert!(outcome.is_ok(), "{name}: {:?}", String::from_utf8_lossy(&bytes));
        }
    }
}

/// The sample of a status record is one, else the test above would test nothing.
#[test]
fn samples_are_understood() {
    let (_, _, record) = subjects::ALL[4];
    assert!(supervisor::status::Status::unpack(record).is_some());
    let (_, _, yaml) = subjects::ALL[0];
    let set = units::UnitSet::from_texts(&[("u/x.yaml", std::str::from_utf8(yaml).unwrap())]);
    assert!(set.units().len() + set.broken().len() > 0);
}
