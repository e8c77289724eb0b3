//! `shutdown -a`: whoever presses Ctrl-Alt-Del may stop the machine only while somebody trusted is logged in there.

use super::wall::logged_in;
use std::fs;
use std::io::ErrorKind;
use supervisor::login::UTMP;

/// The trusted, one a line.
const FILE: &str = "/etc/shutdown.allow";
/// Further names are not read, as in sysvinit.
const NAMES: usize = 32;

/// Whether the stop may go on; the error names the file. Without the file everyone may.
pub fn check() -> Result<(), String> {
    let names = match fs::read_to_string(FILE) {
        Ok(names) => names,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(format!("unable to read '{FILE}': {error}")),
    };
    if is_allowed(&names, &fs::read(UTMP).unwrap_or_default()) {
        return Ok(());
    }
    Err(format!("nobody of '{FILE}' is logged in on a virtual console"))
}

/// Root, or one of the names, is on a screen of the machine itself; a serial line leads elsewhere.
fn is_allowed(names: &str, utmp: &[u8]) -> bool {
    let names = names.lines().map(str::trim).filter(|name| !name.is_empty() && !name.starts_with('#'));
    let names: Vec<_> = names.take(NAMES).collect();
    let here = logged_in(utmp).into_iter().filter(|(_, line)| is_virtual_console(&line.to_string_lossy()));
    here.map(|(user, _)| user).any(|user| user == "root" || names.contains(&user.as_str()))
}

/// `tty1`, not `ttyS0`.
fn is_virtual_console(line: &str) -> bool {
    let number = line.strip_prefix("tty").unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use supervisor::login::SIZE;

    fn login(user: &str, line: &str) -> Vec<u8> {
        let mut record = vec![0; SIZE];
        record[0] = 7;
        record[8..8 + line.len()].copy_from_slice(line.as_bytes());
        record[44..44 + user.len()].copy_from_slice(user.as_bytes());
        record
    }

    /// A name counts on a console only, a comment is none, and 32 are read.
    #[test]
    fn trusted() {
        assert!(is_allowed("# us\neve\n", &login("eve", "tty1")));
        assert!(is_allowed("", &login("root", "tty1")));
        assert!(["pts/0", "ttyS0", "tty"].iter().all(|line| !is_allowed("eve\n", &login("eve", line))));
        assert!(!is_allowed("#eve\n", &login("#eve", "tty1")));
        let many = "x\n".repeat(NAMES) + "eve\n";
        assert!(!is_allowed(&many, &login("eve", "tty1")));
    }
}
