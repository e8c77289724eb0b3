//! `utmp`: the boot record, from which `who -b` and `last` know when the machine came up.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use super::error::Trying;
use super::failures::warn;
use super::root::Root;
use super::{StepError, accounts};

/// Who is there now.
const UTMP: &str = "/run/utmp";
/// Who ever was.
const WTMP: &str = "/var/log/wtmp";
/// `BOOT_TIME`.
const BOOT_TIME: u16 = 2;
/// Bytes of a record of the C library: on x86_64 it kept 32-bit times for the sake of 32-bit programs.
#[cfg(not(target_arch = "aarch64"))]
const SIZE: usize = 384;
#[cfg(target_arch = "aarch64")]
const SIZE: usize = 400;
/// Where things are in a record.
const LINE: usize = 8;
const ID: usize = 40;
const USER: usize = 44;
const HOST: usize = 76;
#[cfg(not(target_arch = "aarch64"))]
const TIME: usize = 340;
#[cfg(target_arch = "aarch64")]
const TIME: usize = 344;

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    if has_boot_record(&fs::read(root.path(UTMP)).unwrap_or_default()) {
        return Ok(());
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let release = nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned());
    let record = record(&release.unwrap_or_default(), now.as_secs(), now.subsec_micros());
    write(root, &record).trying(format_args!("write {UTMP}"))?;
    // Whoever keeps no history has no such file, and where it cannot be written the boot goes on.
    if root.has(WTMP)
        && let Err(error) = append(&root.path(WTMP), &record).trying(format_args!("write {WTMP}"))
    {
        warn(&error);
    }
    Ok(())
}

fn has_boot_record(utmp: &[u8]) -> bool {
    utmp.chunks_exact(SIZE).any(|record| record.starts_with(&BOOT_TIME.to_le_bytes()))
}

/// The boot record.
fn record(release: &str, seconds: u64, microseconds: u32) -> [u8; SIZE] {
    let mut record = [0; SIZE];
    let mut put = |at: usize, room: usize, bytes: &[u8]| {
        for (to, from) in record.iter_mut().skip(at).take(room).zip(bytes) {
            *to = *from;
        }
    };
    put(0, 2, &BOOT_TIME.to_le_bytes());
    put(LINE, 32, b"~");
    put(ID, 4, b"~~");
    put(USER, 32, b"reboot");
    put(HOST, 256, release.as_bytes());
    let width = if SIZE == 384 { 4 } else { 8 };
    put(TIME, width, &seconds.to_le_bytes());
    put(TIME + width, width, &u64::from(microseconds).to_le_bytes());
    record
}

/// Makes the file, which terminals' programs of group utmp write too.
fn write(root: &Root, record: &[u8]) -> io::Result<()> {
    let path = root.path(UTMP);
    append(&path, record)?;
    match accounts::group(root, "utmp") {
        Some(group) if chown(&path, Some(0), Some(group)).is_ok() => {
            fs::set_permissions(&path, Permissions::from_mode(0o664))
        }
        _ => Ok(()),
    }
}

fn append(path: &Path, record: &[u8]) -> io::Result<()> {
    OpenOptions::new().append(true).create(true).open(path)?.write_all(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The C library's record, byte by byte where it is not zero.
    #[test]
    #[cfg(not(target_arch = "aarch64"))]
    fn bytes() {
        let record = record("6.1.0", 0x0102_0304, 5);
        let mut expected = [0; SIZE];
        expected[0] = 2;
        expected[8] = b'~';
        expected[40..42].copy_from_slice(b"~~");
        expected[44..50].copy_from_slice(b"reboot");
        expected[76..81].copy_from_slice(b"6.1.0");
        expected[340..344].copy_from_slice(&[4, 3, 2, 1]);
        expected[344] = 5;
        assert_eq!(record, expected);
    }

    /// One record a boot, however often the step runs; history only where there is one.
    #[test]
    fn once() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        fs::create_dir_all(root.path("/run")).unwrap();
        fs::create_dir_all(root.path("/var/log")).unwrap();
        run(&root).unwrap();
        run(&root).unwrap();
        assert_eq!(fs::metadata(root.path(UTMP)).unwrap().len(), SIZE as u64);
        assert!(!root.has(WTMP));
        fs::remove_file(root.path(UTMP)).unwrap();
        fs::write(root.path(WTMP), "").unwrap();
        run(&root).unwrap();
        assert_eq!(fs::metadata(root.path(WTMP)).unwrap().len(), SIZE as u64);
    }
}
