//! Sockets: listening ones that are opened for a service, and the datagram socket on which it tells of itself.

use core::mem::MaybeUninit;

use linux_raw_sys::{general as abi, net};
use syscalls::{Sysno, syscall};

use super::descriptor::{Descriptor, Owned};
use super::error::{Errno, Result};

/// Connections that wait at a listening socket; the kernel has its own limit.
const BACKLOG: u32 = 4096;
/// Most descriptors that one message may carry in the kernel.
const MOST_PASSED: usize = 253;
/// Bytes for what comes beside a message: the sender, and the most descriptors.
const CONTROL: usize = 32 + 16 + MOST_PASSED * 4;

/// A stream, datagrams, or packets in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Connections of bytes.
    Stream,
    /// Messages without connection.
    Datagram,
    /// Connections of messages.
    Packets,
}

impl Kind {
    const fn number(self) -> u32 {
        match self {
            Self::Stream => net::SOCK_STREAM,
            Self::Datagram => net::SOCK_DGRAM,
            Self::Packets => net::SOCK_SEQPACKET,
        }
    }
}

/// An address in the kernel's form.
#[derive(Clone, Copy, Debug)]
pub struct Address {
    bytes: [u8; size_of::<net::sockaddr_un>()],
    length: usize,
}

impl Address {
    const NONE: Self = Self { bytes: [0; size_of::<net::sockaddr_un>()], length: 0 };

    /// A path; `None` when it is too long for the kernel.
    pub fn of_path(path: &[u8]) -> Option<Self> {
        let mut address = Self::NONE;
        // The path ends with a zero, which the array has.
        (path.len() + 3 <= address.bytes.len()).then_some(())?;
        address.put(&(net::AF_UNIX as u16).to_ne_bytes());
        address.put(path);
        address.length += 1;
        Some(address)
    }

    /// A host of version 4 and a port.
    pub fn of_v4(host: [u8; 4], port: u16) -> Self {
        let mut address = Self::NONE;
        address.put(&(net::AF_INET as u16).to_ne_bytes());
        address.put(&port.to_be_bytes());
        address.put(&host);
        address.put(&[0; 8]);
        address
    }

    /// A host of version 6 and a port.
    pub fn of_v6(host: [u8; 16], port: u16) -> Self {
        let mut address = Self::NONE;
        address.put(&(net::AF_INET6 as u16).to_ne_bytes());
        address.put(&port.to_be_bytes());
        address.put(&[0; 4]);
        address.put(&host);
        address.put(&[0; 4]);
        address
    }

    fn put(&mut self, bytes: &[u8]) {
        for (slot, byte) in self.bytes.iter_mut().skip(self.length).zip(bytes) {
            *slot = *byte;
        }
        self.length += bytes.len();
    }

    fn family(&self) -> u32 {
        let [low, high, ..] = self.bytes;
        u32::from(u16::from_ne_bytes([low, high]))
    }
}

/// A bound socket, non-blocking for nobody but who sets that; streams and packets listen.
pub fn open(kind: Kind, address: &Address) -> Result<Owned> {
    let socket = socket(kind, address.family())?;
    if address.family() != net::AF_UNIX {
        // Another process of the service may still have connections of the last one.
        set_option(*socket, net::SOL_SOCKET, net::SO_REUSEADDR)?;
    }
    if address.family() == net::AF_INET6 {
        // So that a socket of version 4 may have the same port.
        set_option(*socket, net::IPPROTO_IPV6 as u32, net::IPV6_V6ONLY)?;
    }
    bind(*socket, address)?;
    if kind != Kind::Datagram {
        // SAFETY: no memory is passed.
        unsafe { syscall!(Sysno::listen, socket.0, BACKLOG) }?;
    }
    Ok(socket)
}

/// A non-blocking datagram socket at a path, which tells who sent a message.
pub fn open_told(path: &Address) -> Result<Owned> {
    let socket = socket(Kind::Datagram, net::AF_UNIX)?;
    socket.set_nonblocking(true)?;
    set_option(*socket, net::SOL_SOCKET, net::SO_PASSCRED)?;
    bind(*socket, path)?;
    Ok(socket)
}

fn socket(kind: Kind, family: u32) -> Result<Owned> {
    // SAFETY: no memory is passed.
    Ok(Owned::from_call(unsafe { syscall!(Sysno::socket, family, kind.number() | abi::O_CLOEXEC, 0) }?))
}

fn bind(socket: Descriptor, address: &Address) -> Result<()> {
    // SAFETY: the kernel reads `length` bytes, which the array has.
    unsafe { syscall!(Sysno::bind, socket.0, address.bytes.as_ptr(), address.length) }?;
    Ok(())
}

fn set_option(socket: Descriptor, level: u32, option: u32) -> Result<()> {
    let on = 1i32;
    // SAFETY: the kernel reads one int.
    unsafe { syscall!(Sysno::setsockopt, socket.0, level, option, &raw const on, size_of::<i32>()) }?;
    Ok(())
}

/// The socket is of this kind, has this address, and listens if its kind does.
pub fn is(socket: Descriptor, kind: Kind, address: &Address) -> bool {
    let mut own = Address::NONE;
    let mut length = own.bytes.len() as u32;
    // SAFETY: the kernel writes at most `length` bytes to the array, and the number to `length`.
    let named = unsafe { syscall!(Sysno::getsockname, socket.0, own.bytes.as_mut_ptr(), &raw mut length) };
    let same = own.bytes.get(..address.length) == address.bytes.get(..address.length);
    named.is_ok()
        && length as usize == address.length
        && same
        && option(socket, net::SO_TYPE) == Some(kind.number())
        && (kind == Kind::Datagram || option(socket, net::SO_ACCEPTCONN) == Some(1))
}

fn option(socket: Descriptor, option: u32) -> Option<u32> {
    let (mut value, mut length) = (0u32, size_of::<u32>() as u32);
    let (to, size) = (&raw mut value, &raw mut length);
    // SAFETY: the kernel writes at most one int, and its size.
    unsafe { syscall!(Sysno::getsockopt, socket.0, net::SOL_SOCKET, option, to, size) }.ok()?;
    Some(value)
}

/// A copy of another process's descriptor.
pub fn take_from(process: Descriptor, number: i32) -> Result<Owned> {
    // SAFETY: no memory is passed.
    Ok(Owned::from_call(unsafe { syscall!(Sysno::pidfd_getfd, process.0, number, 0) }?))
}

/// A message, and what came beside it.
#[derive(Debug)]
pub struct Received {
    /// Bytes of the message.
    pub size: usize,
    /// The sender's pid; 0 when the kernel does not say.
    pub pid: u32,
    /// How many descriptors came; those that found no place are closed.
    pub descriptors: usize,
}

/// The kernel puts records of 8-byte alignment into it.
#[repr(align(8))]
struct Control([u8; CONTROL]);

/// Takes a message without waiting. Descriptors that come with it are put into `places`.
pub fn receive(socket: Descriptor, message: &mut [u8], places: &mut [Option<Owned>]) -> Result<Received> {
    let mut control = Control([0; CONTROL]);
    let mut part = abi::iovec { iov_base: message.as_mut_ptr().cast(), iov_len: message.len() as _ };
    let zeros = MaybeUninit::<net::msghdr>::zeroed();
    // SAFETY: `msghdr` is numbers and pointers, for which zero bytes are a value.
    let mut header = unsafe { zeros.assume_init() };
    header.msg_iov = (&raw mut part).cast();
    header.msg_iovlen = 1;
    header.msg_control = control.0.as_mut_ptr().cast();
    header.msg_controllen = CONTROL as _;
    let flags = net::MSG_DONTWAIT | net::MSG_CMSG_CLOEXEC;
    // SAFETY: the header points to the message and to the control bytes, both borrowed exclusively for the call.
    let size = unsafe { syscall!(Sysno::recvmsg, socket.0, &raw mut header, flags) }?;
    let mut received = Received { size, pid: 0, descriptors: 0 };
    let used = control.0.get(..header.msg_controllen).unwrap_or_default();
    read_control(used, &mut received, places);
    Ok(received)
}

/// Takes the records apart: 8 bytes length, 4 level, 4 type, the content, filled up to a multiple of 8.
fn read_control(mut records: &[u8], received: &mut Received, places: &mut [Option<Owned>]) {
    while let Some((head, _)) = records.split_at_checked(16) {
        let number =
            |at: usize| head.get(at..at + 4).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_ne_bytes);
        let length = number(0) as usize;
        let content = records.get(16..length).unwrap_or_default();
        let words = content.as_chunks::<4>().0;
        match (number(8), number(12)) {
            (net::SOL_SOCKET, net::SCM_CREDENTIALS) => {
                received.pid = words.first().map_or(0, |pid| u32::from_ne_bytes(*pid));
            }
            (net::SOL_SOCKET, net::SCM_RIGHTS) => {
                for word in words {
                    let descriptor = Owned::adopt(i32::from_ne_bytes(*word));
                    if let Some(place) = places.get_mut(received.descriptors) {
                        *place = Some(descriptor);
                    }
                    received.descriptors += 1;
                }
            }
            _ => (),
        }
        records = records.get(length.max(16).next_multiple_of(8)..).unwrap_or_default();
    }
}

/// Sends a message, for tests and for programs that tell of themselves.
pub fn send_to(path: &Address, message: &[u8]) -> Result<()> {
    let socket = socket(Kind::Datagram, net::AF_UNIX)?;
    let (to, length) = (path.bytes.as_ptr(), path.length);
    // SAFETY: the kernel reads the message and `length` bytes of the address.
    let sent = unsafe { syscall!(Sysno::sendto, socket.0, message.as_ptr(), message.len(), 0, to, length) }?;
    if sent == message.len() { Ok(()) } else { Err(Errno::ENOSPC) }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A listening socket is known by its address and kind, and another is not taken for it.
    #[test]
    fn known_by_address() {
        let path = std::env::temp_dir().join(format!("sunup-socket-{}", std::process::id()));
        let address = Address::of_path(path.to_str().unwrap().as_bytes()).unwrap();
        let socket = open(Kind::Stream, &address).unwrap();
        assert!(is(*socket, Kind::Stream, &address));
        assert!(!is(*socket, Kind::Datagram, &address));
        assert!(!is(*socket, Kind::Stream, &Address::of_path(b"/elsewhere").unwrap()));
        assert_eq!(open(Kind::Stream, &address).unwrap_err(), Errno(98));
        std::fs::remove_file(path).unwrap();
        assert!(Address::of_path(&[b'x'; 108]).is_none());
    }

    /// A message comes with its sender's pid and its descriptors.
    #[test]
    fn tells_the_sender() {
        let path = std::env::temp_dir().join(format!("sunup-told-{}", std::process::id()));
        let address = Address::of_path(path.to_str().unwrap().as_bytes()).unwrap();
        let socket = open_told(&address).unwrap();
        send_to(&address, b"READY=1").unwrap();
        let (mut message, mut places) = ([0; 64], [const { None }; 2]);
        let received = receive(*socket, &mut message, &mut places).unwrap();
        assert_eq!((received.size, received.pid, received.descriptors), (7, std::process::id(), 0));
        assert_eq!(receive(*socket, &mut message, &mut places).unwrap_err(), Errno::EAGAIN);
        std::fs::remove_file(path).unwrap();
    }

    /// Hosts of both versions.
    #[test]
    fn hosts() {
        let localhost = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
        for address in [Address::of_v4([127, 0, 0, 1], 0), Address::of_v6(localhost, 0)] {
            drop(open(Kind::Stream, &address).unwrap());
        }
    }
}
