//! The file `config` of a svlogd directory. Pure.

use crate::log::directory::Limits;
use std::net::{Ipv4Addr, SocketAddrV4};
use std::time::Duration;

/// The port of syslog.
const SYSLOG: u16 = 514;

/// What a file says.
#[derive(Debug)]
pub struct Config {
    /// Of the directory.
    pub limits: Limits,
    /// What stands before each line.
    pub prefix: Vec<u8>,
    /// Where lines are sent.
    pub address: Option<SocketAddrV4>,
    /// What stands for one and is none.
    pub wrong_address: Option<Vec<u8>>,
    /// They are not written as well.
    pub only_sends: bool,
    /// `-`, `+`, `e` or `E`, and the pattern.
    patterns: Vec<(u8, Vec<u8>)>,
}

/// What becomes of a line.
#[derive(Debug, PartialEq, Eq)]
pub struct Verdict {
    /// It is written to the directory.
    pub log: bool,
    /// It is shown on standard error.
    pub alert: bool,
}

impl Config {
    /// Reads a file; what it does not know is passed over, as runit's does. `window` bytes of a line are matched.
    pub fn read(text: &[u8], window: usize) -> Self {
        let limits = Limits {
            size: 1_000_000,
            tolerance: 0,
            files: 10,
            least: None,
            total: 0,
            age: None,
            processor: None,
            pause: Duration::from_secs(1),
        };
        let (prefix, patterns) = (Vec::new(), Vec::new());
        let mut config = Self { limits, prefix, address: None, wrong_address: None, only_sends: false, patterns };
        for line in text.split(|&byte| byte == b'\n') {
            if let Some((letter, rest)) = line.split_first() {
                config.take(*letter, rest);
            }
        }
        // A newline so near to the end finishes a file.
        config.limits.tolerance = (window as u64).min(config.limits.size / 2);
        config
    }

    fn take(&mut self, letter: u8, rest: &[u8]) {
        let number = std::str::from_utf8(rest).ok().and_then(|text| text.parse::<u64>().ok()).unwrap_or(0);
        let count = usize::try_from(number).unwrap_or(usize::MAX);
        match letter {
            b's' => self.limits.size = number,
            b'n' => self.limits.files = if count == 0 { usize::MAX } else { count },
            b'N' => self.limits.least = (count > 0).then_some(count),
            b't' => self.limits.age = (number > 0).then(|| Duration::from_secs(number)),
            b'p' => self.prefix = rest.to_vec(),
            b'!' => {
                let command = String::from_utf8_lossy(rest).into_owned();
                self.limits.processor =
                    (!command.is_empty()).then(|| vec!["/bin/sh".to_string(), "-c".to_string(), command]);
            }
            b'u' | b'U' => {
                self.address = address(rest);
                self.wrong_address = self.address.is_none().then(|| rest.to_vec());
                self.only_sends = letter == b'U' && self.address.is_some();
            }
            b'-' | b'+' | b'e' | b'E' => self.patterns.push((letter, rest.to_vec())),
            _ => {}
        }
    }

    /// What becomes of a line, of which this is the part that patterns see.
    pub fn judge(&self, line: &[u8]) -> Verdict {
        let mut verdict = Verdict { log: true, alert: false };
        for (letter, _) in self.patterns.iter().filter(|(_, pattern)| matches(pattern, line)) {
            match letter {
                b'-' => verdict.log = false,
                b'+' => verdict.log = true,
                b'e' => verdict.alert = true,
                _ => verdict.alert = false,
            }
        }
        verdict
    }
}

/// `a.b.c.d[:port]`.
fn address(text: &[u8]) -> Option<SocketAddrV4> {
    let text = std::str::from_utf8(text).ok()?;
    let (host, port) =
        text.split_once(':').map_or(Some((text, SYSLOG)), |(host, port)| Some((host, port.parse().ok()?)))?;
    Some(SocketAddrV4::new(host.parse::<Ipv4Addr>().ok()?, port))
}

/// A star at the end matches anything, another up to the byte after it; a plus matches the byte after it, once or more often.
fn matches(pattern: &[u8], mut line: &[u8]) -> bool {
    let mut pattern = pattern.iter().copied().peekable();
    while let Some(wanted) = pattern.next() {
        match wanted {
            b'*' => {
                let Some(stop) = pattern.peek() else { return true };
                let Some(at) = line.iter().position(|byte| byte == stop) else { return false };
                line = &line[at..];
            }
            b'+' => {
                let Some(byte) = pattern.next() else { return false };
                let count = line.iter().take_while(|other| **other == byte).count();
                if count == 0 {
                    return false;
                }
                line = &line[count..];
            }
            byte => match line.strip_prefix(&[byte]) {
                Some(rest) => line = rest,
                None => return false,
            },
        }
    }
    line.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The manual's example, and the corners of the rule.
    #[test]
    fn patterns() {
        let line = "tcpsvd: info: pid 1977 from 10.4.1.14";
        for (pattern, line, expected) in [
            ("*pid*", line, false),
            ("*: *: pid *", line, true),
            ("a+bc", "abbbc", true),
            ("a+bc", "ac", false),
            ("", "", true),
            ("*", "x", true),
            ("x", "xy", false),
        ] {
            assert_eq!(matches(pattern.as_bytes(), line.as_bytes()), expected, "{pattern} {line}");
        }
    }

    /// Every key; what is not known is passed over.
    #[test]
    fn keys() {
        let config =
            Config::read(b"# note\n\ns9000\nn3\nN2\nt60\n!gzip\nppre: \nu10.0.0.1:99\nx?\n-*\n+a*\ne*b\n", 1000);
        let limits = &config.limits;
        assert_eq!((limits.size, limits.tolerance, limits.files, limits.least), (9000, 1000, 3, Some(2)));
        assert_eq!((limits.age, limits.processor.as_ref().map(Vec::len)), (Some(Duration::from_secs(60)), Some(3)));
        assert_eq!((&config.prefix[..], config.address.map(|address| address.port())), (&b"pre: "[..], Some(99)));
        assert_eq!(config.judge(b"ab"), Verdict { log: true, alert: true });
        assert_eq!(config.judge(b"c"), Verdict { log: false, alert: false });
        assert!(Config::read(b"U1.2.3.4", 1).only_sends && !Config::read(b"Unone", 1).only_sends);
        assert_eq!(Config::read(b"n0\ns0", 1).limits.files, usize::MAX);
    }
}
