//! A socket that is opened for a service and kept across its restarts.

use std::fmt::{self, Display, Formatter};
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::Place;

/// The longest path of a UNIX socket in bytes: `sun_path` less its end.
const LONGEST_PATH: usize = 107;

/// The longest name in bytes, as LISTEN_FDNAMES has it.
const LONGEST_NAME: usize = 255;

/// The forms of an address, for messages.
pub(crate) const FORMS: &str = "tcp://ADDRESS:PORT, udp://ADDRESS:PORT, unix:///PATH, unix-dgram:///PATH or \
                                unix-seqpacket:///PATH, perhaps with a space and a name";

/// One of `sockets`. It is shown, and written into the service directory, as `ADDRESS` or `ADDRESS NAME`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Socket {
    /// Where it listens.
    pub address: Address,
    /// Its name in LISTEN_FDNAMES.
    pub name: Option<String>,
    /// Where it stands.
    pub place: Place,
}

/// Where a socket listens.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Address {
    /// `tcp://ADDRESS:PORT`
    Tcp(SocketAddr),
    /// `udp://ADDRESS:PORT`
    Udp(SocketAddr),
    /// `unix:///PATH`, a stream
    Unix(PathBuf),
    /// `unix-dgram:///PATH`
    UnixDatagram(PathBuf),
    /// `unix-seqpacket:///PATH`
    UnixSeqpacket(PathBuf),
}

impl Socket {
    /// From `ADDRESS` or `ADDRESS NAME`; `None`: it has none of the forms.
    pub(crate) fn new(text: &str, place: Place) -> Option<Self> {
        let (address, name) = match text.split_once(' ') {
            Some((address, name)) if is_name(name) => (address, Some(name.to_owned())),
            Some(_) => return None,
            None => (text, None),
        };
        Some(Self { address: Address::new(address)?, name, place })
    }
}

impl Address {
    fn new(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://")?;
        let internet = || rest.parse::<SocketAddr>().ok().filter(|address| address.port() > 0);
        let is_path = rest.len() > 1 && rest.len() <= LONGEST_PATH && rest.starts_with('/');
        let path = || is_path.then(|| PathBuf::from(rest));
        match scheme {
            "tcp" => internet().map(Self::Tcp),
            "udp" => internet().map(Self::Udp),
            "unix" => path().map(Self::Unix),
            "unix-dgram" => path().map(Self::UnixDatagram),
            "unix-seqpacket" => path().map(Self::UnixSeqpacket),
            _ => None,
        }
    }
}

/// Printable, and without the colon that divides LISTEN_FDNAMES.
fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= LONGEST_NAME && text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':')
}

impl Display for Address {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => write!(f, "tcp://{address}"),
            Self::Udp(address) => write!(f, "udp://{address}"),
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::UnixDatagram(path) => write!(f, "unix-dgram://{}", path.display()),
            Self::UnixSeqpacket(path) => write!(f, "unix-seqpacket://{}", path.display()),
        }
    }
}

impl Display for Socket {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(f, "{} {name}", self.address),
            None => write!(f, "{}", self.address),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    /// What is taken is shown as it was written; nothing else is taken.
    #[test]
    fn addresses() {
        let long = format!("unix:///{}", "x".repeat(LONGEST_PATH));
        for (text, is_good) in [
            ("tcp://0.0.0.0:80", true),
            ("tcp://[::]:443 https", true),
            ("udp://127.0.0.1:53", true),
            ("unix:///run/x.sock main", true),
            ("unix-dgram:///dev/log", true),
            ("unix-seqpacket:///run/x", true),
            ("tcp://0.0.0.0:0", false),
            ("tcp://0.0.0.0", false),
            ("tcp://localhost:80", false),
            ("unix://run/x", false),
            ("unix:///", false),
            ("tcp://0.0.0.0:80 a b", false),
            ("tcp://0.0.0.0:80 a:b", false),
            ("tcp://0.0.0.0:80 ", false),
            ("sctp://0.0.0.0:80", false),
            ("", false),
            (&long, false),
        ] {
            let socket = Socket::new(text, Place::whole(Path::new("x")));
            assert_eq!(socket.map(|socket| socket.to_string()), is_good.then(|| text.to_owned()), "{text}");
        }
    }
}
