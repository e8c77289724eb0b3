//! The words of errors.

use crate::kit;
use supervisor::sys::error::Errno;

/// Where daemontools had no word, the words are ours; what is called no FIFO, no kernel answers.
const OURS: [u16; 7] = [60, 61, 75, 80, 117, 121, 123];

/// Each is one of those that daemontools has, as strings of C, in its programs.
#[test]
fn words_are_daemontools() {
    let Some(theirs) = kit::peer("multilog").map(|path| std::fs::read(path).unwrap()) else { return };
    let mut ours = Vec::new();
    for number in 0..200 {
        let word = format!("\0{}\0", Errno(number).words());
        if word.len() > 2 && !theirs.windows(word.len()).any(|bytes| bytes == word.as_bytes()) {
            ours.push(number);
        }
    }
    assert_eq!(ours, OURS);
}
