//! `utmp`: the boot record, from which `who -b` and `last` know when the machine came up.

use std::fs::{self, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use supervisor::login::{self, Kind, SIZE, UTMP, WTMP};

use super::error::Trying;
use super::root::Root;
use super::say::warn;
use super::{StepError, accounts};

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    if has_boot_record(&fs::read(root.path(UTMP)).unwrap_or_default()) {
        return Ok(());
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let release = nix::sys::utsname::uname().map(|name| name.release().to_string_lossy().into_owned());
    let record = login::of_machine(Kind::Boot, &release.unwrap_or_default(), now.as_secs(), now.subsec_micros());
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
    utmp.chunks_exact(SIZE).any(|record| login::is(record, Kind::Boot))
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
