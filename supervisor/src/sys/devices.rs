//! Taking loop, md and device-mapper devices apart.

use syscalls::{Sysno, syscall};

use super::descriptor::Descriptor;
use super::error::{Errno, Result};

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

/// Takes the file away from a loop device.
pub fn detach_loop(descriptor: Descriptor) -> Result<()> {
    // SAFETY: this request has no argument.
    unsafe { syscall!(Sysno::ioctl, descriptor.0, LOOP_CLR_FD, 0) }?;
    Ok(())
}

/// Stops an md array.
pub fn stop_array(descriptor: Descriptor) -> Result<()> {
    // SAFETY: this request has no argument.
    unsafe { syscall!(Sysno::ioctl, descriptor.0, STOP_ARRAY, 0) }?;
    Ok(())
}

/// Removes a device of the device mapper; `descriptor` is its control device, EBUSY: somebody has it open.
pub fn remove_mapped_device(descriptor: Descriptor, name: &[u8]) -> Result<()> {
    let mut request = mapped_request(name).ok_or(Errno::EINVAL)?;
    // SAFETY: the request holds its own size, the kernel reads and writes no more than that.
    unsafe { syscall!(Sysno::ioctl, descriptor.0, REMOVE_MAPPED, request.0.as_mut_ptr()) }?;
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
}
