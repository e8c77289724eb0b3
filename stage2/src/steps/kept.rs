//! Whether a disk has kept what was written to it, as far as the machine can tell without a restart.
//!
//! Worn-out flash memory takes everything, keeps nothing, and reports no error. What is read then comes from the kernel's
//! memory, as long as somebody has the disk open or mounted. The beginning of a filesystem, which every repair of ext2, ext3 and
//! ext4 writes to, is read past that, too. Nothing is ever written.

use std::fs::OpenOptions;
use std::os::unix::fs::{FileExt, OpenOptionsExt};

use nix::libc::O_DIRECT;

use super::StepError;
use super::error::Trying;

/// What is compared, in bytes: superblocks lie there, and the first tables.
const LENGTH: usize = 1 << 20;
/// What is read past the kernel's memory must begin at a page of ours.
const PAGE: usize = 4096;

/// False: the disk holds something else than the kernel remembers.
pub(super) fn keeps(device: &str) -> Result<bool, StepError> {
    Ok(beginning(device, 0)? == beginning(device, O_DIRECT)?)
}

fn beginning(device: &str, flags: i32) -> Result<Vec<u8>, StepError> {
    let disk = OpenOptions::new().read(true).custom_flags(flags).open(device);
    let mut memory = vec![0; PAGE + LENGTH];
    let unused = memory.as_ptr().align_offset(PAGE);
    let pages = memory.get_mut(unused..unused + LENGTH).unwrap_or_default();
    let count = disk.and_then(|disk| disk.read_at(pages, 0)).trying(format_args!("read {device}"))?;
    Ok(pages.get(..count).unwrap_or_default().to_vec())
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
        for length in [0, 5000, LENGTH + PAGE] {
            std::fs::write(&file, vec![7; length]).unwrap();
            assert_eq!(keeps(file.to_str().unwrap()), Ok(true), "{length}");
        }
        let error = keeps("/nonexistent").unwrap_err().to_string();
        assert_eq!(error, "unable to read /nonexistent: No such file or directory");
    }
}
