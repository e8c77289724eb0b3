//! A line of the file `sockets`: `tcp://ADDR:PORT`, `udp://…`, `unix:///PATH`, `unix-dgram:///PATH`, `unix-seqpacket:///PATH`,
//! and after a blank the name that the service is told.

use core::net::SocketAddr;

use crate::sys::socket::{Address, Kind};

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
            (None, host) => Address::of_host(core::str::from_utf8(host?).ok()?.parse::<SocketAddr>().ok()?),
        };
        Some(Self { text, name, kind, path, address })
    }
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
}
