//! Calls of stage 3 that the usual crates lack: signals to exactly one process, the death of a stranger, bytes waiting in
//! a FIFO, detaching of loop and md devices.
//!
//! There is no way from here to signal a group or everyone: a process number is checked to be one.

use linux_raw_sys::general::{POLLIN, pollfd};
use syscalls::{Sysno, syscall};

use super::error::{Errno, Result};

/// `ioctl`: bytes that can be read at once.
const FIONREAD: usize = 0x541b;
/// `ioctl`: take the file away from a loop device.
const LOOP_CLR_FD: usize = 0x4c01;
/// `ioctl`: stop an md array.
const STOP_ARRAY: usize = 0x932;
/// `ioctl`: remove a device of the device mapper (`DM_DEV_REMOVE`).
const REMOVE_MAPPED: usize = 0xc138_fd04;
/// Bytes of the device mapper's request, and where things are in it.
const MAPPED_SIZE: usize = 312;
const MAPPED_DATA_SIZE: usize = 12;
const MAPPED_NAME: usize = 48;
/// Bytes of a name, its end included.
const MAPPED_NAME_SIZE: usize = 128;

/// A process number that names one process: 1 and above.
fn one(pid: u32) -> Result<i32> {
    i32::try_from(pid).ok().filter(|pid| *pid > 0).ok_or(Errno::EINVAL)
}

/// Sends a signal, real-time ones included (they count from 34), to one process.
pub fn signal(pid: u32, number: u8) -> Result<()> {
    // SAFETY: kill takes no pointer.
    unsafe { syscall!(Sysno::kill, one(pid)?, usize::from(number)) }?;
    Ok(())
}

/// A descriptor that becomes readable when its process has ended; the process need not be a child.
#[derive(Debug)]
pub struct Death(i32);

impl Death {
    /// Watches a process; ESRCH: it is gone already.
    pub fn of(pid: u32) -> Result<Self> {
        // SAFETY: pidfd_open takes no pointer; the descriptor is ours alone and is closed on drop.
        let descriptor = unsafe { syscall!(Sysno::pidfd_open, one(pid)?, 0) }?;
        Ok(Self(descriptor as i32))
    }

    /// The descriptor's number, for [`readable`].
    pub fn descriptor(&self) -> i32 {
        self.0
    }
}

impl Drop for Death {
    fn drop(&mut self) {
        // SAFETY: the descriptor is open and nobody else's.
        let _ = unsafe { syscall!(Sysno::close, self.0) };
    }
}

/// What to wait for: a descriptor that becomes readable.
pub fn wanted(descriptor: i32) -> pollfd {
    pollfd { fd: descriptor, events: POLLIN as i16, revents: 0 }
}

/// Waits until one of the descriptors is readable or the time (ms) is over. EINTR counts as over.
pub fn readable(descriptors: &mut [pollfd], milliseconds: u32) -> Result<()> {
    #[repr(C)]
    struct Time {
        seconds: i64,
        nanoseconds: i64,
    }
    let mut time =
        Time { seconds: i64::from(milliseconds / 1000), nanoseconds: i64::from(milliseconds % 1000) * 1_000_000 };
    // SAFETY: both outlive the call, which writes the time that was left, and the length is the array's.
    let answer = unsafe { syscall!(Sysno::ppoll, descriptors.as_mut_ptr(), descriptors.len(), &raw mut time, 0, 0) };
    match answer.map_err(Errno::from) {
        Ok(_) | Err(Errno::EINTR) => Ok(()),
        Err(error) => Err(error),
    }
}

/// Bytes that wait in a pipe or FIFO.
pub fn bytes_waiting(descriptor: i32) -> Result<u32> {
    let mut bytes = 0u32;
    // SAFETY: the call writes one int, where `bytes` is.
    unsafe { syscall!(Sysno::ioctl, descriptor, FIONREAD, &raw mut bytes) }?;
    Ok(bytes)
}

/// Takes the file away from a loop device.
pub fn detach_loop(descriptor: i32) -> Result<()> {
    // SAFETY: this request has no argument.
    unsafe { syscall!(Sysno::ioctl, descriptor, LOOP_CLR_FD, 0) }?;
    Ok(())
}

/// Stops an md array.
pub fn stop_array(descriptor: i32) -> Result<()> {
    // SAFETY: this request has no argument.
    unsafe { syscall!(Sysno::ioctl, descriptor, STOP_ARRAY, 0) }?;
    Ok(())
}

/// Removes a device of the device mapper; `descriptor` is its control device, EBUSY: somebody has it open.
pub fn remove_mapped_device(descriptor: i32, name: &[u8]) -> Result<()> {
    let mut request = mapped_request(name).ok_or(Errno::EINVAL)?;
    // SAFETY: the request holds its own size, the kernel reads and writes no more than that.
    unsafe { syscall!(Sysno::ioctl, descriptor, REMOVE_MAPPED, request.0.as_mut_ptr()) }?;
    Ok(())
}

/// The device mapper's request, aligned as the kernel's structure.
#[repr(align(8))]
struct MappedRequest([u8; MAPPED_SIZE]);

/// Version 4.0.0, the size of the whole, the name.
fn mapped_request(name: &[u8]) -> Option<MappedRequest> {
    if name.is_empty() || name.len() >= MAPPED_NAME_SIZE {
        return None;
    }
    let mut request = [0; MAPPED_SIZE];
    request.get_mut(..4)?.copy_from_slice(&4u32.to_ne_bytes());
    request.get_mut(MAPPED_DATA_SIZE..MAPPED_DATA_SIZE + 4)?.copy_from_slice(&(MAPPED_SIZE as u32).to_ne_bytes());
    request.get_mut(MAPPED_NAME..MAPPED_NAME + name.len())?.copy_from_slice(name);
    Some(MappedRequest(request))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The device mapper's request is the kernel's structure `dm_ioctl`; a name has an end.
    #[test]
    fn mapped_devices() {
        let request = mapped_request(b"vg-root").unwrap().0;
        assert_eq!((request[0], request[12..14].to_vec(), &request[48..56]), (4, vec![0x38, 1], &b"vg-root\0"[..]));
        assert!(mapped_request(&[b'x'; 128]).is_none() && mapped_request(b"").is_none());
    }

    /// Nobody and everybody are not one process.
    #[test]
    fn refuses_groups() {
        for pid in [0, u32::MAX, 1 << 31] {
            assert_eq!(signal(pid, 0), Err(Errno::EINVAL), "{pid}");
            assert!(Death::of(pid).is_err());
        }
    }
}
