//! Words for `/bin/sh`.

/// One word, quoted so that the shell takes it as it is.
pub fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// As [`quote`], but a word that the shell takes as it is anyway stays readable.
pub fn quote_if_needed(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-./:@+,".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) { word.to_owned() } else { quote(word) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever the word, the shell sees exactly it.
    #[test]
    fn the_shell_agrees() {
        for word in ["", "plain", "two words", "it's", "$HOME `id` \\ \"", "a\nb", "*"] {
            for quoted in [quote(word), quote_if_needed(word)] {
                let script = format!("printf %s {quoted}");
                let output = std::process::Command::new("/bin/sh").args(["-c", &script]).output().unwrap();
                assert_eq!(String::from_utf8(output.stdout).unwrap(), word, "{quoted}");
            }
        }
        assert_eq!(quote_if_needed("/var/log/sunup/sshd"), "/var/log/sunup/sshd");
    }
}
