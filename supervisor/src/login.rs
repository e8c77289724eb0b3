//! Records of utmp(5) and wtmp(5), as the C library of this processor lays them out. Pure.
//!
//! The boot, the stop and every login are told there; `who`, `last` and `wall` read them.

/// Bytes of a record: on x86_64 it kept 32-bit times for the sake of 32-bit programs.
#[cfg(not(target_arch = "aarch64"))]
pub const SIZE: usize = 384;
/// Bytes of a record.
#[cfg(target_arch = "aarch64")]
pub const SIZE: usize = 400;
/// Who is there now.
pub const UTMP: &str = "/run/utmp";
/// Who ever was. Whoever keeps no history has no such file.
pub const WTMP: &str = "/var/log/wtmp";

/// Where things are in a record.
const LINE: usize = 8;
const ID: usize = 40;
const USER: usize = 44;
const HOST: usize = 76;
#[cfg(not(target_arch = "aarch64"))]
const TIME: usize = 340;
#[cfg(target_arch = "aarch64")]
const TIME: usize = 344;
/// Bytes of one half of the time.
const HALF: usize = if SIZE == 384 { 4 } else { 8 };

/// What a record is about. The number is its first field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Kind {
    /// The machine stops (`RUN_LVL`).
    Shutdown = 1,
    /// The machine has come up (`BOOT_TIME`).
    Boot = 2,
    /// Somebody is logged in (`USER_PROCESS`).
    User = 7,
}

/// The record of a boot or stop at a time since the epoch; `release` is the kernel's.
pub fn of_machine(kind: Kind, release: &str, seconds: u64, microseconds: u32) -> [u8; SIZE] {
    let user = if kind == Kind::Shutdown { "shutdown" } else { "reboot" };
    let mut record = [0; SIZE];
    put(&mut record, 0, 2, &(kind as u16).to_le_bytes());
    put(&mut record, LINE, 32, b"~");
    put(&mut record, ID, 4, b"~~");
    put(&mut record, USER, 32, user.as_bytes());
    put(&mut record, HOST, 256, release.as_bytes());
    put(&mut record, TIME, HALF, &seconds.to_le_bytes());
    put(&mut record, TIME + HALF, HALF, &u64::from(microseconds).to_le_bytes());
    record
}

/// The record is of this kind.
pub fn is(record: &[u8], kind: Kind) -> bool {
    record.starts_with(&(kind as u16).to_le_bytes())
}

/// Whoever is logged in by this record, and on which terminal below /dev.
pub fn user(record: &[u8]) -> Option<(&str, &str)> {
    if is(record, Kind::User) { Some((text(record, USER, 32)?, text(record, LINE, 32)?)) } else { None }
}

/// A field up to its first zero byte; nothing where it is empty or no text.
fn text(record: &[u8], at: usize, room: usize) -> Option<&str> {
    let field = record.get(at..at + room)?;
    let text = core::str::from_utf8(field.split(|byte| *byte == 0).next()?).ok()?;
    if text.is_empty() { None } else { Some(text) }
}

fn put(record: &mut [u8; SIZE], at: usize, room: usize, bytes: &[u8]) {
    for (to, from) in record.iter_mut().skip(at).take(room).zip(bytes) {
        *to = *from;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The C library's record, byte by byte where it is not zero.
    #[test]
    #[cfg(not(target_arch = "aarch64"))]
    fn bytes() {
        let record = of_machine(Kind::Boot, "6.1.0", 0x0102_0304, 5);
        let mut expected = [0; SIZE];
        expected[0] = 2;
        expected[8] = b'~';
        expected[40..42].copy_from_slice(b"~~");
        expected[44..50].copy_from_slice(b"reboot");
        expected[76..81].copy_from_slice(b"6.1.0");
        expected[340..344].copy_from_slice(&[4, 3, 2, 1]);
        expected[344] = 5;
        assert_eq!(record, expected);
        assert_eq!(&of_machine(Kind::Shutdown, "", 0, 0)[44..52], b"shutdown");
    }

    /// A login is read, the record of a boot is nobody's.
    #[test]
    fn users() {
        let mut record = of_machine(Kind::Boot, "", 0, 0);
        assert_eq!(user(&record), None);
        put(&mut record, 0, 2, &7u16.to_le_bytes());
        put(&mut record, LINE, 32, b"tty1\0");
        assert_eq!(user(&record), Some(("reboot", "tty1")));
        assert_eq!(user(&record[..40]), None);
    }
}
