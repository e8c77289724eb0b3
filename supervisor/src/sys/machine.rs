//! Requests to devices that no wrapper crate offers as safe calls: the loopback interface, the entropy pool.

use linux_raw_sys::general as abi;
use syscalls::{Sysno, syscall};

use super::error::Result;

/// `AF_INET`.
const INET: u32 = 2;
/// `SOCK_DGRAM | SOCK_CLOEXEC`.
const DATAGRAM: u32 = 2 | abi::O_CLOEXEC;
/// Read an interface's flags.
const SIOCGIFFLAGS: u32 = 0x8913;
/// Set them.
const SIOCSIFFLAGS: u32 = 0x8914;
/// The interface is up.
const IFF_UP: i16 = 1;
/// `_IOW('R', 3, int[2])`.
const RNDADDENTROPY: u32 = 0x4008_5203;
/// Bytes of a seed at most.
pub const SEED: usize = 512;

/// The kernel's `ifreq` as far as flags go: 40 bytes.
#[repr(C)]
struct InterfaceRequest {
    name: [u8; 16],
    flags: i16,
    rest: [u8; 22],
}

/// The kernel's `rand_pool_info`.
#[repr(C)]
struct Pool {
    bits: i32,
    size: i32,
    bytes: [u8; SEED],
}

/// Brings `lo` up, unless it is. Its addresses come by themselves.
pub fn bring_loopback_up() -> Result<()> {
    let mut request = InterfaceRequest { name: [0; 16], flags: 0, rest: [0; 22] };
    request.name[..2].copy_from_slice(b"lo");
    // SAFETY: no pointer is passed.
    let socket = unsafe { syscall!(Sysno::socket, INET, DATAGRAM, 0) }?;
    let result = set_up(socket, &mut request);
    // SAFETY: the descriptor is ours and is not used again.
    let _ = unsafe { syscall!(Sysno::close, socket) };
    result
}

fn set_up(socket: usize, request: &mut InterfaceRequest) -> Result<()> {
    // SAFETY: the request is an `ifreq`, which lives for the call; the kernel fills in the flags.
    unsafe { syscall!(Sysno::ioctl, socket, SIOCGIFFLAGS, &raw mut *request) }?;
    if request.flags & IFF_UP == 0 {
        request.flags |= IFF_UP;
        // SAFETY: as above; the kernel only reads it.
        unsafe { syscall!(Sysno::ioctl, socket, SIOCSIFFLAGS, &raw const *request) }?;
    }
    Ok(())
}

/// Mixes a seed into the entropy pool and credits all its bits. `random` is an open /dev/urandom; of more than
/// [`SEED`] bytes the rest is left out.
pub fn add_entropy(random: i32, seed: &[u8]) -> Result<()> {
    let size = seed.len().min(SEED);
    let mut pool = Pool { bits: (size * 8) as i32, size: size as i32, bytes: [0; SEED] };
    for (to, from) in pool.bytes.iter_mut().zip(seed) {
        *to = *from;
    }
    // SAFETY: the kernel reads the two numbers and `size` bytes after them, which are there.
    unsafe { syscall!(Sysno::ioctl, random, RNDADDENTROPY, &raw const pool) }?;
    Ok(())
}
