//! Connections that are only tried: whether somebody accepts.

use std::net::SocketAddr;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::sockopt::SocketError;
use nix::sys::socket::{
    AddressFamily, SockFlag, SockType, SockaddrStorage, UnixAddr, connect, getpeername, getsockname, getsockopt, socket,
};

/// What became of a try.
#[derive(Debug)]
pub(super) enum Attempt {
    /// Somebody accepts.
    Accepted,
    /// Not decided yet; the socket becomes writable when it is.
    Pending(OwnedFd),
    /// Nobody does, or not for us.
    Refused,
    /// There is no such socket file.
    Absent,
}

const FLAGS: SockFlag = SockFlag::SOCK_NONBLOCK.union(SockFlag::SOCK_CLOEXEC);

/// Tries a host and port; the host is an address or `localhost`.
pub(super) fn tcp(address: &str) -> Attempt {
    let address = address.strip_prefix("localhost:").map_or(address.to_owned(), |port| format!("127.0.0.1:{port}"));
    let Ok(address) = address.parse::<SocketAddr>() else { return Attempt::Refused };
    let family = if address.is_ipv4() { AddressFamily::Inet } else { AddressFamily::Inet6 };
    let Ok(socket) = socket(family, SockType::Stream, FLAGS, None) else { return Attempt::Refused };
    match connect(socket.as_raw_fd(), &SockaddrStorage::from(address)) {
        Ok(()) => outcome(socket),
        Err(Errno::EINPROGRESS) => outcome(socket),
        Err(_) => Attempt::Refused,
    }
}

/// What became of a connection that was pending.
pub(super) fn outcome(socket: OwnedFd) -> Attempt {
    let mut wanted = [PollFd::new(std::os::fd::AsFd::as_fd(&socket), PollFlags::POLLOUT)];
    if poll(&mut wanted, PollTimeout::ZERO) == Ok(0) {
        return Attempt::Pending(socket);
    }
    match getsockopt(&socket, SocketError) {
        Ok(0) if !is_own_end(&socket) => Attempt::Accepted,
        _ => Attempt::Refused,
    }
}

/// A connection to a local port that nobody listens on can by chance be made from that very port, to itself.
fn is_own_end(socket: &OwnedFd) -> bool {
    let own = getsockname::<SockaddrStorage>(socket.as_raw_fd());
    own.is_ok() && own == getpeername::<SockaddrStorage>(socket.as_raw_fd())
}

/// Tries a UNIX stream socket.
pub(super) fn unix(path: &Path) -> Attempt {
    if !path.exists() {
        return Attempt::Absent;
    }
    let socket = socket(AddressFamily::Unix, SockType::Stream, FLAGS, None);
    let (Ok(socket), Ok(address)) = (socket, UnixAddr::new(path)) else { return Attempt::Refused };
    match connect(socket.as_raw_fd(), &address) {
        // A full queue of connections is one that is accepted from.
        Ok(()) | Err(Errno::EAGAIN) => Attempt::Accepted,
        Err(Errno::ENOENT) => Attempt::Absent,
        Err(_) => Attempt::Refused,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::os::unix::net::UnixListener;

    fn decide(mut attempt: Attempt) -> bool {
        loop {
            attempt = match attempt {
                Attempt::Accepted => return true,
                Attempt::Refused | Attempt::Absent => return false,
                Attempt::Pending(socket) => {
                    let mut wanted = [PollFd::new(std::os::fd::AsFd::as_fd(&socket), PollFlags::POLLOUT)];
                    assert_eq!(poll(&mut wanted, 10_000u16), Ok(1));
                    outcome(socket)
                }
            }
        }
    }

    /// A port is ready exactly while somebody listens on it.
    #[test]
    fn ports() {
        let named = TcpListener::bind("127.0.0.1:0").unwrap();
        assert!(decide(tcp(&format!("localhost:{}", named.local_addr().unwrap().port()))));
        // An address of our own: nobody else listens there afterwards.
        let own = std::net::Ipv4Addr::from_bits(0x7f00_0000 | std::process::id() << 2);
        let listener = TcpListener::bind((own, 0)).unwrap();
        let address = listener.local_addr().unwrap().to_string();
        assert!(decide(tcp(&address)));
        drop(listener);
        assert!(!decide(tcp(&address)));
    }

    /// A socket file is ready exactly while somebody listens on it.
    #[test]
    fn socket_files() {
        let path = std::env::temp_dir().join(format!("sunup-connect-{}", std::process::id()));
        assert!(matches!(unix(&path), Attempt::Absent));
        let listener = UnixListener::bind(&path).unwrap();
        assert!(matches!(unix(&path), Attempt::Accepted));
        drop(listener);
        assert!(matches!(unix(&path), Attempt::Refused));
        std::fs::remove_file(path).unwrap();
    }
}
