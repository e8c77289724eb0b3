//! Calls that take a path. Paths are relative to a directory descriptor; [`HERE`] is the
//! working directory. Every descriptor is opened close-on-exec.

use core::ffi::CStr;

use linux_raw_sys::general as abi;
use syscalls::{Sysno, syscall};

use super::descriptor::{Descriptor, HERE, Owned};
use super::error::{Errno, Result};

pub use linux_raw_sys::general::{
    O_APPEND, O_CREAT, O_DIRECTORY, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_PATH, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY,
};

/// Opens a file, close-on-exec and never as controlling terminal; `mode` counts when it is created.
#[inline(never)]
pub fn open_at(at: Descriptor, path: &CStr, flags: u32, mode: u32) -> Result<Owned> {
    // SAFETY: `path` is a terminated string that outlives the call.
    let fd = unsafe { syscall!(Sysno::openat, at.0, path.as_ptr(), flags | abi::O_CLOEXEC | abi::O_NOCTTY, mode) }?;
    Ok(Owned::from_call(fd))
}

/// [`open_at`] from the working directory.
#[inline(never)]
pub fn open(path: &CStr, flags: u32, mode: u32) -> Result<Owned> {
    open_at(HERE, path, flags, mode)
}

/// Reads the beginning of a file into `buffer` at one go, as plain files and small ones of the kernel give it; gives what was
/// read.
pub fn read_at<'b>(at: Descriptor, path: &CStr, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
    let size = open_at(at, path, O_RDONLY | O_NONBLOCK, 0)?.read(buffer)?;
    Ok(buffer.get(..size).unwrap_or_default())
}

/// Opens an existing file and writes to it, as control files of the kernel want it. A FIFO without a reader is ENXIO.
#[inline(never)]
pub fn write_at(at: Descriptor, path: &CStr, bytes: &[u8]) -> Result<()> {
    open_at(at, path, O_WRONLY | O_NONBLOCK, 0)?.write_all(bytes)
}

/// Renames within one directory tree, replacing what is there.
pub fn rename_at(at: Descriptor, from: &CStr, to: &CStr) -> Result<()> {
    // SAFETY: both paths are terminated strings that outlive the call.
    unsafe { syscall!(Sysno::renameat2, at.0, from.as_ptr(), at.0, to.as_ptr(), 0) }?;
    Ok(())
}

/// Makes a directory.
pub fn make_directory_at(at: Descriptor, path: &CStr, mode: u32) -> Result<()> {
    // SAFETY: `path` is a terminated string that outlives the call.
    unsafe { syscall!(Sysno::mkdirat, at.0, path.as_ptr(), mode) }?;
    Ok(())
}

/// Makes a FIFO.
pub fn make_fifo_at(at: Descriptor, path: &CStr, mode: u32) -> Result<()> {
    // SAFETY: `path` is a terminated string that outlives the call.
    unsafe { syscall!(Sysno::mknodat, at.0, path.as_ptr(), abi::S_IFIFO | mode, 0) }?;
    Ok(())
}

/// Opens a FIFO without blocking, and makes it first where there is none; what else has its name is removed, a link too.
pub fn open_fifo_at(at: Descriptor, path: &CStr, flags: u32, mode: u32) -> Result<Owned> {
    let open = || {
        match make_fifo_at(at, path, mode) {
            Ok(()) | Err(Errno::EEXIST) => (),
            Err(errno) => return Err(errno),
        }
        match open_at(at, path, flags | O_NONBLOCK | O_NOFOLLOW, 0) {
            Ok(fifo) if status_of(*fifo).is_ok_and(|status| !status.is_fifo()) => Err(Errno::ENXIO),
            other => other,
        }
    };
    match open() {
        Err(Errno::ENXIO | Errno::ELOOP) => {
            remove_at(at, path)?;
            open()
        }
        other => other,
    }
}

/// Writes letters into a FIFO that somebody reads. What is no FIFO is not written to.
#[inline(never)]
pub fn tell_at(at: Descriptor, path: &CStr, letters: &[u8]) -> Result<()> {
    let fifo = open_at(at, path, O_WRONLY | O_NONBLOCK, 0)?;
    if status_of(*fifo)?.is_fifo() { fifo.write_all(letters) } else { Err(Errno::ENOSTR) }
}

/// Whether somebody hears what is written to a FIFO: it is one, and has a reader. When that cannot be told it is taken to be so.
pub fn is_heard_at(at: Descriptor, path: &CStr) -> bool {
    const UNHEARD: [Errno; 5] = [Errno::ENXIO, Errno::ENOENT, Errno::ENOTDIR, Errno::ELOOP, Errno::ENOSTR];
    tell_at(at, path, b"").err().is_none_or(|errno| !UNHEARD.contains(&errno))
}

/// Removes a file.
pub fn remove_at(at: Descriptor, path: &CStr) -> Result<()> {
    // SAFETY: `path` is a terminated string that outlives the call.
    unsafe { syscall!(Sysno::unlinkat, at.0, path.as_ptr(), 0) }?;
    Ok(())
}

/// Changes the working directory.
pub fn change_directory(path: &CStr) -> Result<()> {
    // SAFETY: `path` is a terminated string that outlives the call.
    unsafe { syscall!(Sysno::chdir, path.as_ptr()) }?;
    Ok(())
}

/// Changes the working directory to an open one.
pub fn change_directory_to(fd: Descriptor) -> Result<()> {
    // SAFETY: no memory is passed.
    unsafe { syscall!(Sysno::fchdir, fd.0) }?;
    Ok(())
}

/// The path of the working directory; ERANGE when it is longer than the buffer.
pub fn working_directory(buffer: &mut [u8]) -> Result<&[u8]> {
    // SAFETY: the kernel writes at most `len` bytes to the exclusively borrowed buffer; what it counts includes a zero.
    let size = unsafe { syscall!(Sysno::getcwd, buffer.as_mut_ptr(), buffer.len()) }?;
    Ok(buffer.get(..size.saturating_sub(1)).unwrap_or_default())
}

/// Success when this process may execute the file.
pub fn executable_at(at: Descriptor, path: &CStr) -> Result<()> {
    // SAFETY: `path` is a terminated string that outlives the call.
    unsafe { syscall!(Sysno::faccessat, at.0, path.as_ptr(), abi::X_OK) }?;
    Ok(())
}

/// The text of a symbolic link, cut to the buffer.
#[inline(never)]
pub fn read_link_at<'b>(at: Descriptor, path: &CStr, buffer: &'b mut [u8]) -> Result<&'b [u8]> {
    // SAFETY: the path is terminated; the kernel writes at most `len` bytes to the borrowed buffer.
    let size = unsafe { syscall!(Sysno::readlinkat, at.0, path.as_ptr(), buffer.as_mut_ptr(), buffer.len()) }?;
    Ok(buffer.get(..size).unwrap_or_default())
}

/// Sets the process's file mode mask.
pub fn set_umask(mask: u32) -> u32 {
    // SAFETY: no memory is passed.
    unsafe { syscall!(Sysno::umask, mask) }.unwrap_or(0) as u32
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FileStatus {
    /// Device, major number in the upper half.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
    /// Type and permission bits.
    pub mode: u32,
    /// Owner.
    pub owner: u32,
    /// Bytes.
    pub size: u64,
    /// Last modification, UNIX seconds.
    pub modified: i64,
}

impl FileStatus {
    /// Device and inode, which no two files share.
    pub const fn identity(&self) -> (u64, u64) {
        (self.device, self.inode)
    }

    /// It is a directory.
    pub const fn is_directory(&self) -> bool {
        self.mode & abi::S_IFMT == abi::S_IFDIR
    }

    /// It is a FIFO or a pipe.
    pub const fn is_fifo(&self) -> bool {
        self.mode & abi::S_IFMT == abi::S_IFIFO
    }

    /// It is a socket.
    pub const fn is_socket(&self) -> bool {
        self.mode & abi::S_IFMT == abi::S_IFSOCK
    }

    /// It is a plain file.
    pub const fn is_file(&self) -> bool {
        self.mode & abi::S_IFMT == abi::S_IFREG
    }
}

/// The status of a file; symbolic links are followed.
#[inline(never)]
pub fn status_at(at: Descriptor, path: &CStr) -> Result<FileStatus> {
    statx(at, path, 0)
}

/// The status of a name; of a symbolic link its own.
pub fn link_status_at(at: Descriptor, path: &CStr) -> Result<FileStatus> {
    statx(at, path, abi::AT_SYMLINK_NOFOLLOW)
}

/// The status of an open file.
#[inline(never)]
pub fn status_of(fd: Descriptor) -> Result<FileStatus> {
    statx(fd, c"", abi::AT_EMPTY_PATH)
}

fn statx(at: Descriptor, path: &CStr, flags: u32) -> Result<FileStatus> {
    let mut raw = core::mem::MaybeUninit::<abi::statx>::zeroed();
    // SAFETY: the path is terminated and `raw` is one `statx` for the kernel to fill.
    unsafe { syscall!(Sysno::statx, at.0, path.as_ptr(), flags, abi::STATX_BASIC_STATS, raw.as_mut_ptr()) }?;
    // SAFETY: `statx` is plain numbers, for which zero bytes are a value, and the kernel has filled it.
    let raw = unsafe { raw.assume_init() };
    Ok(FileStatus {
        device: u64::from(raw.stx_dev_major) << 32 | u64::from(raw.stx_dev_minor),
        inode: raw.stx_ino,
        mode: u32::from(raw.stx_mode),
        owner: raw.stx_uid,
        size: raw.stx_size,
        modified: raw.stx_mtime.tv_sec,
    })
}

/// Names in a directory, read through a buffer on the stack.
#[derive(Debug)]
pub struct Names {
    directory: Descriptor,
    buffer: Buffer,
    at: usize,
    end: usize,
}

/// The kernel puts 8-byte numbers into it.
#[derive(Debug)]
#[repr(align(8))]
struct Buffer([u8; 1024]);

impl Names {
    /// Reads from the directory's current offset; `directory` must be freshly opened.
    pub fn of(directory: Descriptor) -> Self {
        Self { directory, buffer: Buffer([0; 1024]), at: 0, end: 0 }
    }

    /// The next name, `.` and `..` included; `None` at the end.
    pub fn next_name(&mut self) -> Result<Option<&CStr>> {
        if self.at >= self.end {
            let buffer = &mut self.buffer.0;
            // SAFETY: the kernel writes at most `len` bytes to the exclusively borrowed buffer.
            self.end = unsafe { syscall!(Sysno::getdents64, self.directory.0, buffer.as_mut_ptr(), buffer.len()) }?;
            self.at = 0;
        }
        let entry = self.buffer.0.get(self.at..self.end).unwrap_or_default();
        // Record: 8 bytes inode, 8 offset, 2 length, 1 type, the name with its zero.
        let (Some(&[low, high]), Some(tail)) = (entry.get(16..18), entry.get(19..)) else { return Ok(None) };
        self.at += usize::from(u16::from_ne_bytes([low, high])).max(19);
        Ok(CStr::from_bytes_until_nul(tail).ok())
    }
}
