//! `LOG/boot.log`: what boot.log said, kept beyond the machine's stop, with those of earlier boots beside it.
//!
//! RUN is a tmpfs. A boot whose log cannot be kept, because the disk is full or read-only, is no worse for it.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use supervisor::paths::run;

use crate::system::places::Places;
use crate::system::replace::replace;

/// Boots whose log is kept, this one included.
const KEPT: usize = 5;
/// The longest log that is kept, in bytes: an operator's weeks of work are not a boot.
const LONGEST: usize = 4 << 20;

/// Keeps this boot's log as it is now; once more in the same boot replaces it.
pub fn keep(places: &Places) -> io::Result<()> {
    let mut text = fs::read(places.run.join(run::BOOT_LOG))?;
    let whole_lines = text.iter().take(LONGEST).rposition(|&byte| byte == b'\n').map_or(0, |at| at + 1);
    text.truncate(whole_lines);
    fs::create_dir_all(&places.log)?;
    let path = places.log.join(run::BOOT_LOG);
    if !is_of_this_boot(&path, &text) {
        rotate(&path);
    }
    replace(&path, &text, 0o644)
}

/// Whether what is kept is the beginning of what this boot has said: every line has a time to the microsecond.
fn is_of_this_boot(path: &Path, text: &[u8]) -> bool {
    fs::read(path).is_ok_and(|kept| !kept.is_empty() && text.starts_with(&kept))
}

/// boot.log becomes boot.log.1, that becomes boot.log.2; the last makes room.
fn rotate(path: &Path) {
    let numbered = |number: usize| match number {
        0 => path.to_owned(),
        _ => PathBuf::from(format!("{}.{number}", path.display())),
    };
    for number in (1..KEPT).rev() {
        let _ = fs::rename(numbered(number - 1), numbered(number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A boot is kept once however often it is kept, the five last ones are there, and half a line is not.
    #[test]
    fn rotates() {
        let directory = tempfile::tempdir().unwrap();
        let mut places = Places::from_environment().with_run(directory.path());
        places.log = directory.path().join("log/sunup");
        assert!(keep(&places).is_err());
        for boot in 1..=7 {
            for said in ["begins\n", "begins\nends\nhalf a l"] {
                fs::write(places.run.join(run::BOOT_LOG), format!("   {boot}.000001 {said}")).unwrap();
                keep(&places).unwrap();
            }
        }
        let mut names: Vec<_> =
            fs::read_dir(&places.log).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        assert_eq!(names, ["boot.log", "boot.log.1", "boot.log.2", "boot.log.3", "boot.log.4"]);
        for (name, boot) in names.iter().zip((3..=7).rev()) {
            let expected = format!("   {boot}.000001 begins\nends\n");
            assert_eq!(fs::read_to_string(places.log.join(name)).unwrap(), expected);
        }
    }
}
