//! A line of the file `sockets`: `tcp://ADDR:PORT`, `udp://…`, `unix:///PATH`, `unix-dgram:///PATH`, `unix-seqpacket:///PATH`,
//! and after a blank the name that the service is told.

use crate::sys::socket::{Address, Kind};
use crate::sys::text::parse_number;

/// A line, taken apart.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// What was written, less the name.
    pub text: &'a [u8],
    /// The name; empty where there is none.
    pub name: &'a [u8],
    /// The kind of socket.
    pub kind: Kind,
    /// The path of a socket that has one.
    pub path: Option<&'a [u8]>,
    /// Where it is.
    pub address: Address,
}

impl<'a> Line<'a> {
    /// `None`: it makes no sense.
    pub fn parse(line: &'a [u8]) -> Option<Self> {
        let mut words = line.split(|byte| byte.is_ascii_whitespace()).filter(|word| !word.is_empty());
        let text = words.next()?;
        let name = words.next().unwrap_or_default();
        if words.next().is_some() || name.contains(&b':') {
            return None;
        }
        let (kind, path, host) = [
            ("tcp://", Kind::Stream, false),
            ("udp://", Kind::Datagram, false),
            ("unix://", Kind::Stream, true),
            ("unix-dgram://", Kind::Datagram, true),
            ("unix-seqpacket://", Kind::Packets, true),
        ]
        .into_iter()
        .find_map(|(scheme, kind, is_path)| {
            let rest = text.strip_prefix(scheme.as_bytes())?;
            Some(if is_path { (kind, Some(rest), None) } else { (kind, None, Some(rest)) })
        })?;
        let address = match (path, host) {
            (Some(path), _) => Address::of_path(path).filter(|_| path.starts_with(b"/"))?,
            (None, host) => host_and_port(host?)?,
        };
        Some(Self { text, name, kind, path, address })
    }
}

/// `1.2.3.4:80` or `[1::2]:80`.
fn host_and_port(text: &[u8]) -> Option<Address> {
    let colon = text.iter().rposition(|&byte| byte == b':')?;
    let (host, port) = (text.get(..colon)?, text.get(colon + 1..)?);
    let port = u16::try_from(parse_number(port)?).ok()?;
    match host.strip_prefix(b"[").and_then(|host| host.strip_suffix(b"]")) {
        Some(host) => Some(Address::of_v6(version_6(host)?, port)),
        None => Some(Address::of_v4(version_4(host)?, port)),
    }
}

fn version_4(text: &[u8]) -> Option<[u8; 4]> {
    let mut octets = [0; 4];
    let mut parts = text.split(|&byte| byte == b'.');
    for octet in &mut octets {
        *octet = u8::try_from(parse_number(parts.next()?)?).ok()?;
    }
    parts.next().is_none().then_some(octets)
}

/// Eight groups, of which one `::` stands for those that are missing.
fn version_6(text: &[u8]) -> Option<[u8; 16]> {
    let mut octets = [0; 16];
    let gap = text.windows(2).position(|pair| pair == b"::");
    let (head, tail) = match gap {
        Some(at) => (text.get(..at)?, text.get(at + 2..)?),
        None => (text, &b""[..]),
    };
    let before = groups(head, &mut octets)?;
    let mut behind = [0; 16];
    let after = groups(tail, &mut behind)?;
    let is_whole = if gap.is_some() { before + after < 16 } else { before == 16 };
    for (slot, octet) in octets.iter_mut().skip(16 - after).zip(behind) {
        *slot = octet;
    }
    is_whole.then_some(octets)
}

/// Hexadecimal groups with colons between; gives how many bytes they are.
fn groups(text: &[u8], octets: &mut [u8; 16]) -> Option<usize> {
    if text.is_empty() {
        return Some(0);
    }
    let mut slots = octets.as_chunks_mut::<2>().0.iter_mut();
    let mut count = 0;
    for group in text.split(|&byte| byte == b':') {
        let digits =
            group.iter().try_fold(0u16, |number, &byte| Some(number << 4 | (byte as char).to_digit(16)? as u16));
        *slots.next()? = digits.filter(|_| (1..=4).contains(&group.len()))?.to_be_bytes();
        count += 2;
    }
    Some(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All five schemes, names, and what is none of them.
    #[test]
    fn schemes() {
        for (line, kind, name) in [
            ("tcp://127.0.0.1:80", Some(Kind::Stream), ""),
            ("tcp://[::1]:80 web", Some(Kind::Stream), "web"),
            ("udp://0.0.0.0:53\tdns ", Some(Kind::Datagram), "dns"),
            ("unix:///run/x", Some(Kind::Stream), ""),
            ("unix-dgram:///run/x", Some(Kind::Datagram), ""),
            ("unix-seqpacket:///run/x", Some(Kind::Packets), ""),
            ("unix://run/x", None, ""),
            ("tcp://localhost:80", None, ""),
            ("tcp://1.2.3.4", None, ""),
            ("tcp://1.2.3.4:80 a b", None, ""),
            ("tcp://1.2.3.4:80 a:b", None, ""),
            ("", None, ""),
        ] {
            let parsed = Line::parse(line.as_bytes());
            assert_eq!(parsed.map(|parsed| parsed.kind), kind, "{line}");
            assert_eq!(parsed.map_or(&b""[..], |parsed| parsed.name), name.as_bytes(), "{line}");
        }
    }

    /// Version 6 is read as the standard library reads it, and what that refuses is refused.
    #[test]
    fn version_6_is_the_librarys() {
        for text in [
            "::",
            "::1",
            "1::",
            "1:2:3:4:5:6:7:8",
            "fe80::a:b",
            "1:2:3:4:5:6:7::",
            "1::2::3",
            "1:2",
            "12345::",
            "g::",
            ":1",
        ] {
            let expected = text.parse::<core::net::Ipv6Addr>().ok().map(|address| address.octets());
            assert_eq!(version_6(text.as_bytes()), expected, "{text}");
        }
    }
}
