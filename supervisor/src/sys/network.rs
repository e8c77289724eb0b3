//! The loopback interface, over rtnetlink. The kernel answers a request before the call that sends it returns, so nothing
//! here waits for anything.

use linux_raw_sys::{general as abi, net, netlink};
use syscalls::{Sysno, syscall};

use super::descriptor::Owned;
use super::error::{Errno, Result};

/// The interface that every network namespace is made with is its first.
const LOOPBACK: i32 = 1;
/// The interface is up.
const UP: u32 = net::net_device_flags::IFF_UP as u32;
/// The kernel's answer to a request: what went wrong.
const ERROR: u16 = netlink::NLMSG_ERROR as u16;
/// Ask for an interface, or change one.
const GET: u16 = netlink::RTM_GETLINK as u16;
const SET: u16 = netlink::RTM_NEWLINK as u16;
/// Bytes of a message's head.
const HEAD: usize = size_of::<netlink::nlmsghdr>();
/// Where the flags stand, in what follows the head.
const FLAGS: usize = 8;

/// A request about one interface: it is all numbers, without padding.
#[repr(C)]
struct Request {
    head: netlink::nlmsghdr,
    link: netlink::ifinfomsg,
}

/// The loopback interface of our network namespace.
#[derive(Debug)]
pub struct Loopback(Owned);

impl Loopback {
    /// Opens a way to the kernel.
    pub fn open() -> Result<Self> {
        let kind = net::SOCK_RAW | abi::O_CLOEXEC;
        // SAFETY: no memory is passed.
        let socket = unsafe { syscall!(Sysno::socket, net::AF_NETLINK, kind, netlink::NETLINK_ROUTE) }?;
        Ok(Self(Owned::from_call(socket)))
    }

    /// It is up.
    pub fn is_up(&self) -> Result<bool> {
        let (kind, number) = self.ask(GET, 0, 0)?;
        if kind == SET { Ok(number & UP != 0) } else { Err(refusal(number)) }
    }

    /// Brings it up; its addresses come by themselves.
    pub fn bring_up(&self) -> Result<()> {
        match self.ask(SET, netlink::NLM_F_ACK, UP)? {
            (ERROR, 0) => Ok(()),
            (_, number) => Err(refusal(number)),
        }
    }

    /// Sends a request; gives the answer's kind, and its number: an error, or the interface's flags.
    fn ask(&self, kind: u16, flags: u32, up: u32) -> Result<(u16, u32)> {
        let request = Request {
            head: netlink::nlmsghdr {
                nlmsg_len: size_of::<Request>() as u32,
                nlmsg_type: kind,
                nlmsg_flags: (netlink::NLM_F_REQUEST | flags) as u16,
                nlmsg_seq: 1,
                nlmsg_pid: 0,
            },
            link: netlink::ifinfomsg {
                ifi_family: 0,
                __ifi_pad: 0,
                ifi_type: 0,
                ifi_index: LOOPBACK,
                ifi_flags: up,
                ifi_change: up,
            },
        };
        let size = size_of::<Request>();
        // SAFETY: the kernel reads the request, which lives for the call.
        unsafe { syscall!(Sysno::sendto, self.0.0, &raw const request, size, 0, 0, 0) }?;
        let mut answer = [0; 64];
        let (to, flags) = (answer.as_mut_ptr(), net::MSG_DONTWAIT);
        // SAFETY: the kernel writes at most `len` bytes to the buffer; of a longer answer the rest is dropped.
        let size = unsafe { syscall!(Sysno::recvfrom, self.0.0, to, answer.len(), flags, 0, 0) }?;
        read(answer.get(..size).unwrap_or_default()).ok_or(Errno::EINVAL)
    }
}

/// Kind and number of an answer.
fn read(answer: &[u8]) -> Option<(u16, u32)> {
    let (head, body) = answer.split_at_checked(HEAD)?;
    let kind = u16::from_ne_bytes(head.get(4..6)?.try_into().ok()?);
    let number = if kind == ERROR { body.get(..4)? } else { body.get(FLAGS..FLAGS + 4)? };
    Some((kind, u32::from_ne_bytes(number.try_into().ok()?)))
}

/// The kernel tells an error as a negative number.
const fn refusal(number: u32) -> Errno {
    Errno((number as i32).unsigned_abs() as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asking needs no privilege, and changes nothing.
    #[test]
    fn asks() {
        let own = Loopback::open().unwrap();
        assert_eq!(own.is_up().unwrap(), own.is_up().unwrap());
    }

    /// Answers: an error's number, an interface's flags, and what is cut off.
    #[test]
    fn answers() {
        let message = |kind: u16, body: &[u32]| {
            let mut bytes = vec![0; HEAD];
            bytes[4..6].copy_from_slice(&kind.to_ne_bytes());
            bytes.extend(body.iter().flat_map(|word| word.to_ne_bytes()));
            bytes
        };
        assert_eq!(read(&message(ERROR, &[1_u32.wrapping_neg()])).map(|(_, number)| refusal(number)), Some(Errno(1)));
        assert_eq!(read(&message(SET, &[0, 1, 73, 0])), Some((SET, 73)));
        assert_eq!(read(&message(SET, &[0, 1])), None);
        assert_eq!(read(&[0; 7]), None);
    }
}
