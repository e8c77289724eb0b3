//! The entropy pool, which is fed by a request that no wrapper crate offers as a safe call.

use syscalls::{Sysno, syscall};

use super::error::Result;

/// `_IOW('R', 3, int[2])`.
const RNDADDENTROPY: u32 = 0x4008_5203;
/// Bytes of a seed at most.
pub const SEED: usize = 512;

/// The kernel's `rand_pool_info`.
#[repr(C)]
struct Pool {
    bits: i32,
    size: i32,
    bytes: [u8; SEED],
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
