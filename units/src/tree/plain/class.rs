//! Which bytes go on with what: the terminals of the grammar of plain YAML. None of them
//! has a byte that is not printable ASCII, and so no plain text has one.

/// For each byte whether it belongs to the class.
pub(super) type Class = [bool; 256];

pub(super) const KEY_BEGINS: Class = letters_and(b"_");
pub(super) const IN_KEY: Class = letters_and(b"_-./@");
pub(super) const TEXT_BEGINS: Class = letters_and(b"_./$");
pub(super) const IN_WORD: Class = letters_and(b"_-./$@:+=%~^");
pub(super) const IN_SENTENCE: Class = all_but(b":#");
pub(super) const IN_DOUBLE_QUOTES: Class = all_but(b"\"\\");
pub(super) const IN_SINGLE_QUOTES: Class = all_but(b"'");
pub(super) const IN_COMMENT: Class = all_but(b"");
pub(super) const DASHES: Class = with([false; 256], b"-", true);

const fn letters_and(others: &[u8]) -> Class {
    let letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    with(with([false; 256], letters, true), others, true)
}

/// Printable ASCII but these.
const fn all_but(these: &[u8]) -> Class {
    let mut all = [false; 256];
    let mut byte = b' ';
    while byte <= b'~' {
        all[byte as usize] = true;
        byte += 1;
    }
    with(all, these, false)
}

const fn with(mut class: Class, bytes: &[u8], belong: bool) -> Class {
    let mut at = 0;
    while at < bytes.len() {
        class[bytes[at] as usize] = belong;
        at += 1;
    }
    class
}
