//! Words for the shell.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

/// Appends a word as the shell takes it for itself.
pub fn quote(text: &mut Vec<u8>, word: &OsStr) {
    text.push(b'\'');
    for &byte in word.as_bytes() {
        if byte == b'\'' {
            text.extend_from_slice(b"'\\''");
        } else {
            text.push(byte);
        }
    }
    text.push(b'\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A shell gets back what was quoted.
    #[test]
    fn quotes() {
        let mut text = b"printf '%s' ".to_vec();
        quote(&mut text, OsStr::new("it's $HOME \"\\ \n*"));
        let output = std::process::Command::new("/bin/sh").arg("-c").arg(OsStr::from_bytes(&text)).output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "it's $HOME \"\\ \n*");
    }
}
