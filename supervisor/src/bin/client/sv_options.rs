//! The command line of `sv`, and of the init scripts that are links to it.

use super::chain;
use super::options;
use super::sv_verb::Verb;
use std::ffi::{CStr, CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::Duration;

/// Its name; called by any other, it is an init script for the service of that name.
const NAME: &str = "sv";
/// How many seconds a command waits; `SVWAIT` and -w replace it.
const SECONDS: u64 = 7;

/// What was asked for.
#[derive(Debug, PartialEq, Eq)]
pub struct Asked {
    /// The command.
    pub verb: Verb,
    /// How long it may wait.
    pub limit: Duration,
    /// The services, as they were named.
    pub services: Vec<String>,
    /// An init script answers with exit codes of its own.
    pub is_script: bool,
}

/// Wrong usage: what to say, and the exit code.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong(pub String, pub u8);

impl Asked {
    /// Reads a command line, the program's name first. `given` is `SVWAIT`.
    pub fn read(words: &[CString], given: Option<&str>) -> Result<Self, Wrong> {
        let (called, words) = words.split_first().map_or((c"", words), |(called, words)| (called.as_c_str(), words));
        let called = Path::new(OsStr::from_bytes(called.to_bytes())).file_name().map(|name| name.to_string_lossy());
        let script = called.filter(|called| called != NAME);
        Self::parse(words, given, script.as_deref()).ok_or_else(|| match &script {
            None => Wrong(format!("usage: {NAME} [-v] [-w sec] command service ...\n"), 100),
            Some(script) => Wrong(format!("usage: {script} [-w sec] command\n"), 2),
        })
    }

    fn parse(words: &[CString], given: Option<&str>, script: Option<&str>) -> Option<Self> {
        let (mut verbose, mut seconds) = (false, SECONDS);
        let mut wait = |text: &[u8]| seconds = leading_number(text);
        given.map(str::as_bytes).into_iter().for_each(&mut wait);
        let rest = options::parse(script.unwrap_or(NAME), b"w:vV", words, |letter, argument| {
            verbose = true;
            match letter {
                b'w' => wait(argument.to_bytes()),
                b'V' => drop(chain::say(0, &[b"sv (sunup) ", env!("CARGO_PKG_VERSION").as_bytes()])),
                _ => {}
            }
            letter != b'V'
        })?;
        let mut rest = rest.iter().map(CString::as_c_str).map(CStr::to_string_lossy);
        let word = rest.next()?;
        let verb = Verb::from_word(&word, verbose)?;
        let services: Vec<String> = match script {
            // Every word with an s would be a status.
            Some(_) if verb == Verb::Status && word != "status" => return None,
            Some(script) => vec![script.into()],
            None => rest.map(Into::into).collect(),
        };
        let limit = Duration::from_secs(seconds);
        (!services.is_empty()).then_some(Self { verb, limit, services, is_script: script.is_some() })
    }
}

/// The number that a text begins with, as runit reads it: without one it is 0.
fn leading_number(text: &[u8]) -> u64 {
    let digits = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let digits = text.get(..digits).and_then(|digits| std::str::from_utf8(digits).ok());
    digits.and_then(|digits| digits.parse().ok()).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str, given: Option<&str>) -> Result<(u64, String, bool), u8> {
        let words: Vec<CString> = line.split(' ').map(|word| CString::new(word).unwrap()).collect();
        let asked = Asked::read(&words, given).map_err(|wrong| wrong.1)?;
        Ok((asked.limit.as_secs(), asked.services.join(" "), asked.is_script))
    }

    /// Options stand before the command; SVWAIT is the time without `-w`; what is no number is 0.
    #[test]
    fn lines() {
        assert_eq!(read("/usr/bin/sv -vw5 up a b", None), Ok((5, "a b".into(), false)));
        assert_eq!(read("sv -v stop a", Some("3s")), Ok((3, "a".into(), false)));
        assert_eq!(read("sv -w x stop a", Some("3")), Ok((0, "a".into(), false)));
        assert_eq!(read("sv stop a", None), Ok((7, "a".into(), false)));
        for wrong in ["sv", "sv up", "sv foo a", "sv -V up a", "sv -x up a", "sv -w"] {
            assert_eq!(read(wrong, None), Err(100), "{wrong}");
        }
    }

    /// By another name it is the init script of the service of that name.
    #[test]
    fn scripts() {
        assert_eq!(read("/etc/init.d/web -w 9 restart now", None), Ok((9, "web".into(), true)));
        assert_eq!(read("web status", None), Ok((7, "web".into(), true)));
        for wrong in ["web", "web stat", "web foo"] {
            assert_eq!(read(wrong, None), Err(2), "{wrong}");
        }
    }
}
