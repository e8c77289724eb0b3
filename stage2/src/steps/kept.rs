//! Whether a disk has kept what was written to it, as far as the machine can tell without a restart.
//!
//! Worn-out flash memory takes everything, keeps nothing, and reports no error. What is read then comes from the kernel's
//! memory, as long as somebody has the disk open or mounted. The superblock of ext2, ext3 and ext4, which every repair of
//! them writes to, is read past that, too; nothing else, since the kernel itself writes a journal's blocks past its memory.
//! Nothing is ever written.

use std::fs::OpenOptions;
use std::ops::Range;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use nix::libc::O_DIRECT;

use super::StepError;
use super::error::Trying;

/// Where the superblock lies, in bytes from the beginning of the disk.
const SUPERBLOCK: Range<usize> = 1024..2048;
/// What is read past the kernel's memory must be whole blocks of the disk, in length and in its place in ours: those of the
/// kernel are at most so large. A disk may be smaller.
const LARGEST_BLOCK: usize = 64 << 10;

/// False: the disk holds another superblock than the kernel remembers.
pub(super) fn keeps(device: &str) -> Result<bool, StepError> {
    Ok(superblock(device, 0)? == superblock(device, O_DIRECT)?)
}

fn superblock(device: &str, flags: i32) -> Result<Vec<u8>, StepError> {
    let disk = OpenOptions::new().read(true).custom_flags(flags).open(device);
    let mut memory = vec![0; 2 * LARGEST_BLOCK];
    let unused = memory.as_ptr().align_offset(LARGEST_BLOCK);
    let block = memory.get_mut(unused..unused + LARGEST_BLOCK).unwrap_or_default();
    disk.and_then(|disk| disk.read_at(block, 0)).trying(format_args!("read {device}"))?;
    Ok(block.get(SUPERBLOCK).unwrap_or_default().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever its length, a file is what it is; one that is not there is an error.
    #[test]
    fn compares() {
        // Beside this program: not every kernel reads past its memory what is nowhere else.
        let program = std::env::current_exe().unwrap();
        let directory = tempfile::tempdir_in(program.parent().unwrap()).unwrap();
        let file = directory.path().join("file");
        let direct = OpenOptions::new().write(true).create_new(true).custom_flags(O_DIRECT).open(&file);
        if direct.is_err_and(|error| error.raw_os_error() == Some(nix::libc::EINVAL)) {
            return;
        }
        for length in [0, 1500, 5000, 70_000] {
            std::fs::write(&file, vec![7; length]).unwrap();
            assert_eq!(keeps(file.to_str().unwrap()), Ok(true), "{length}");
        }
        let error = keeps("/nonexistent").unwrap_err().to_string();
        assert_eq!(error, "unable to read /nonexistent: No such file or directory");
    }
}
