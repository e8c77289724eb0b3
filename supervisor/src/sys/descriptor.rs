//! Descriptors: [`Descriptor`] is a number that somebody else closes, [`Owned`] closes its number when dropped.

use core::ops::Deref;

use syscalls::{Sysno, syscall};

use super::error::{Errno, Result};

/// A borrowed descriptor. A stale number gives EBADF or another file, never undefined behaviour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Descriptor(pub i32);

/// The working directory, for the calls that take a directory.
pub const HERE: Descriptor = Descriptor(-100);
/// Standard input.
pub const STDIN: Descriptor = Descriptor(0);
/// Standard output.
pub const STDOUT: Descriptor = Descriptor(1);
/// Standard error.
pub const STDERR: Descriptor = Descriptor(2);

/// A descriptor that is closed when dropped.
#[derive(Debug)]
pub struct Owned(Descriptor);

impl Owned {
    /// Takes a number that a system call has just handed out.
    pub(super) fn from_call(number: usize) -> Self {
        Self(Descriptor(number as i32))
    }

    /// Adopts a number that the process was started with.
    pub const fn adopt(number: i32) -> Self {
        Self(Descriptor(number))
    }

    /// The number, which nobody closes any more.
    pub fn leak(self) -> Descriptor {
        let descriptor = self.0;
        core::mem::forget(self);
        descriptor
    }
}

impl Deref for Owned {
    type Target = Descriptor;

    fn deref(&self) -> &Descriptor {
        &self.0
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        close(self.0);
    }
}

/// Closes a number; errors mean nothing then.
#[inline(never)]
pub fn close(fd: Descriptor) {
    // SAFETY: no memory is passed.
    let _ = unsafe { syscall!(Sysno::close, fd.0) };
}

/// The kernel's number for "mark them instead of closing them", which linux-raw-sys lacks.
const CLOSE_RANGE_CLOEXEC: u32 = 4;

/// No descriptor from `first` on survives an exec.
pub fn set_close_on_exec_from(first: i32) -> Result<()> {
    // SAFETY: no memory is passed.
    unsafe { syscall!(Sysno::close_range, first, u32::MAX, CLOSE_RANGE_CLOEXEC) }?;
    Ok(())
}

impl Descriptor {
    /// Reads once; interruptions are gone through.
    #[inline(never)]
    pub fn read(self, buffer: &mut [u8]) -> Result<usize> {
        loop {
            // SAFETY: the kernel writes at most `len` bytes to the exclusively borrowed buffer.
            match unsafe { syscall!(Sysno::read, self.0, buffer.as_mut_ptr(), buffer.len()) } {
                Err(e) if Errno::from(e) == Errno::EINTR => (),
                other => return Ok(other?),
            }
        }
    }

    /// Writes once; interruptions are gone through.
    #[inline(never)]
    pub fn write(self, bytes: &[u8]) -> Result<usize> {
        loop {
            // SAFETY: the kernel reads at most `len` bytes of the borrowed slice.
            match unsafe { syscall!(Sysno::write, self.0, bytes.as_ptr(), bytes.len()) } {
                Err(e) if Errno::from(e) == Errno::EINTR => (),
                other => return Ok(other?),
            }
        }
    }

    /// Writes everything, however many calls that takes.
    pub fn write_all(self, mut bytes: &[u8]) -> Result<()> {
        while !bytes.is_empty() {
            let written = self.write(bytes)?;
            bytes = bytes.get(written..).unwrap_or_default();
        }
        Ok(())
    }

    /// Writes at the beginning of the file, wherever its offset is.
    pub fn write_from_start(self, bytes: &[u8]) -> Result<usize> {
        self.write_to(0, bytes)
    }

    /// Writes at a place of the file, in bytes from its beginning, wherever its offset is.
    pub fn write_to(self, place: u64, bytes: &[u8]) -> Result<usize> {
        // SAFETY: the kernel reads at most `len` bytes of the borrowed slice.
        Ok(unsafe { syscall!(Sysno::pwrite64, self.0, bytes.as_ptr(), bytes.len(), place) }?)
    }

    /// Reads once at a place of the file, in bytes from its beginning; its offset stays.
    pub fn read_at(self, buffer: &mut [u8], at: u64) -> Result<usize> {
        // SAFETY: the kernel writes at most `len` bytes to the exclusively borrowed buffer.
        Ok(unsafe { syscall!(Sysno::pread64, self.0, buffer.as_mut_ptr(), buffer.len(), at) }?)
    }

    /// Reads until the buffer is full or the file ends; gives the bytes read.
    pub fn read_full(self, buffer: &mut [u8]) -> Result<usize> {
        let mut filled = 0;
        while let Some(rest) = buffer.get_mut(filled..) {
            match self.read(rest)? {
                0 => break,
                n => filled += n,
            }
        }
        Ok(filled)
    }

    /// A copy of the descriptor, closed on exec, numbered 10 or above so that it is in nobody's way.
    pub fn duplicate(self) -> Result<Owned> {
        // SAFETY: no memory is passed.
        let fd = unsafe { syscall!(Sysno::fcntl, self.0, linux_raw_sys::general::F_DUPFD_CLOEXEC, 10) }?;
        Ok(Owned::from_call(fd))
    }

    /// A copy of the descriptor, closed on exec, numbered `first` or above.
    pub fn duplicate_from(self, first: i32) -> Result<Owned> {
        // SAFETY: no memory is passed.
        let fd = unsafe { syscall!(Sysno::fcntl, self.0, linux_raw_sys::general::F_DUPFD_CLOEXEC, first) }?;
        Ok(Owned::from_call(fd))
    }

    /// Makes `number` a copy of this descriptor that survives exec. When it is the same number, only the
    /// close-on-exec flag is cleared.
    pub fn duplicate_to(self, number: i32) -> Result<()> {
        if self.0 == number {
            return self.set_close_on_exec(false);
        }
        // SAFETY: no memory is passed.
        unsafe { syscall!(Sysno::dup3, self.0, number, 0) }?;
        Ok(())
    }

    /// Sets or clears the close-on-exec flag.
    pub fn set_close_on_exec(self, close: bool) -> Result<()> {
        // SAFETY: no memory is passed.
        unsafe { syscall!(Sysno::fcntl, self.0, linux_raw_sys::general::F_SETFD, usize::from(close)) }?;
        Ok(())
    }

    /// The status flags of the open file (O_NONBLOCK and so on).
    #[inline(never)]
    pub fn flags(self) -> Result<u32> {
        // SAFETY: no memory is passed.
        Ok(unsafe { syscall!(Sysno::fcntl, self.0, linux_raw_sys::general::F_GETFL) }? as u32)
    }

    /// Sets or clears O_NONBLOCK, which every holder of the open file shares.
    pub fn set_nonblocking(self, on: bool) -> Result<()> {
        let flags = self.flags()? & !linux_raw_sys::general::O_NONBLOCK;
        let flags = if on { flags | linux_raw_sys::general::O_NONBLOCK } else { flags };
        // SAFETY: no memory is passed.
        unsafe { syscall!(Sysno::fcntl, self.0, linux_raw_sys::general::F_SETFL, flags) }?;
        Ok(())
    }

    /// Takes the exclusive lock of the file without waiting; EAGAIN: somebody else has it. It is flock's, which daemontools and
    /// runit look for, and fcntl's, which s6 looks for; both are the open file's, and so outlive fork and go with its last descriptor.
    pub fn lock(self) -> Result<()> {
        use linux_raw_sys::general::{F_OFD_SETLK, F_WRLCK, LOCK_EX, LOCK_NB, flock};
        // SAFETY: no memory is passed.
        unsafe { syscall!(Sysno::flock, self.0, LOCK_EX | LOCK_NB) }?;
        let whole = flock { l_type: F_WRLCK as _, l_whence: 0, l_start: 0, l_len: 0, l_pid: 0 };
        // SAFETY: the kernel reads one `flock`.
        match unsafe { syscall!(Sysno::fcntl, self.0, F_OFD_SETLK, &raw const whole) }.map_err(Errno::from) {
            // Where there are none for open files (some sandboxes, and what is open for reading only), the first must do.
            Err(Errno::EINVAL | Errno::EBADF) => Ok(()),
            other => other.map(drop),
        }
    }

    /// Whether another open file has the lock of [`Descriptor::lock`]. Nobody finds it taken because we looked, but where files
    /// have no locks of their own.
    pub fn is_locked(self) -> Result<bool> {
        use linux_raw_sys::general::{F_OFD_GETLK, F_UNLCK, F_WRLCK, LOCK_EX, LOCK_NB, LOCK_UN, flock};
        let mut whole = flock { l_type: F_WRLCK as _, l_whence: 0, l_start: 0, l_len: 0, l_pid: 0 };
        // SAFETY: the kernel reads and writes one `flock`.
        match unsafe { syscall!(Sysno::fcntl, self.0, F_OFD_GETLK, &raw mut whole) }.map_err(Errno::from) {
            Err(Errno::EINVAL) => {}
            other => return other.map(|_| u32::from(whole.l_type as u16) != F_UNLCK),
        }
        // SAFETY: no memory is passed.
        match unsafe { syscall!(Sysno::flock, self.0, LOCK_EX | LOCK_NB) }.map_err(Errno::from) {
            Err(Errno::EAGAIN) => Ok(true),
            Err(error) => Err(error),
            // SAFETY: no memory is passed.
            Ok(_) => Ok(unsafe { syscall!(Sysno::flock, self.0, LOCK_UN) }.map(|_| false)?),
        }
    }

    /// Bytes that can be read at once (pipes and FIFOs).
    pub fn bytes_waiting(self) -> Result<usize> {
        let mut count: i32 = 0;
        // SAFETY: FIONREAD writes one int, and `count` is one.
        unsafe { syscall!(Sysno::ioctl, self.0, linux_raw_sys::ioctl::FIONREAD, &raw mut count) }?;
        Ok(count as usize)
    }

    /// Commits the file's content to the disk.
    pub fn sync(self) -> Result<()> {
        // SAFETY: no memory is passed.
        unsafe { syscall!(Sysno::fsync, self.0) }?;
        Ok(())
    }

    /// Cuts the file to `size` bytes.
    pub fn truncate(self, size: u64) -> Result<()> {
        // SAFETY: no memory is passed.
        unsafe { syscall!(Sysno::ftruncate, self.0, size) }?;
        Ok(())
    }

    /// Moves the file's offset to its end and gives it, in bytes.
    pub fn seek_end(self) -> Result<u64> {
        // SAFETY: no memory is passed.
        Ok(unsafe { syscall!(Sysno::lseek, self.0, 0, 2) }? as u64)
    }

    /// Gives the file permission bits.
    pub fn set_mode(self, mode: u32) -> Result<()> {
        // SAFETY: no memory is passed.
        unsafe { syscall!(Sysno::fchmod, self.0, mode) }?;
        Ok(())
    }
}
