//! `machine-id`: the number by which this machine is known in /etc/machine-id, made once. An image that was made to be
//! copied has none, an empty one, or the word `uninitialized`.

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};

use super::StepError;
use super::error::Trying;
use super::root::Root;

/// The number, 32 hexadecimal digits and a newline.
const FILE: &str = "/etc/machine-id";
/// Where D-Bus had it first; there it is often older than ours.
const OLD: &str = "/var/lib/dbus/machine-id";
/// Where a new one comes from.
const RANDOM: &str = "/dev/urandom";

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    if root.read(FILE)?.is_some_and(|text| is_valid(text.trim_end())) {
        return Ok(());
    }
    let old = root.read(OLD).ok().flatten().map(|text| text.trim_end().to_owned());
    let old = old.filter(|id| is_valid(id));
    let origin = if old.is_some() { OLD } else { RANDOM };
    if !root.does(format_args!("write {FILE} from {origin}")) {
        return Ok(());
    }
    let id = match old {
        Some(id) => id,
        None => new(root).trying(format_args!("read {RANDOM}"))?,
    };
    write(root, &id).trying(format_args!("write {FILE}"))
}

/// 32 hexadecimal digits in lower case that are not all zero.
fn is_valid(id: &str) -> bool {
    let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    id.len() == 32 && id.bytes().all(is_digit) && id.bytes().any(|byte| byte != b'0')
}

/// A random UUID (version 4, variant 1) without its dashes.
fn new(root: &Root) -> io::Result<String> {
    let mut bytes = [0; 16];
    File::open(root.path(RANDOM))?.read_exact(&mut bytes)?;
    let number = u128::from_be_bytes(bytes);
    let number = number & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    Ok(format!("{number:032x}"))
}

/// There by name only when it is whole and on disk: half a number would be kept for ever.
fn write(root: &Root, id: &str) -> io::Result<()> {
    let draft = root.path("/etc/.machine-id.new");
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o444).open(&draft)?;
    file.set_permissions(Permissions::from_mode(0o444))?;
    writeln!(file, "{id}")?;
    file.sync_data()?;
    fs::rename(&draft, root.path(FILE))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root(directory: &std::path::Path, ours: &str, old: &str) -> Root {
        let root = Root::at(directory);
        for name in ["/etc", "/dev", "/var/lib/dbus"] {
            fs::create_dir_all(root.path(name)).unwrap();
        }
        fs::write(root.path(FILE), ours).unwrap();
        fs::write(root.path(OLD), old).unwrap();
        fs::write(root.path(RANDOM), [0xff; 16]).unwrap();
        root
    }

    /// A good number stays; else D-Bus's is taken, if it is one; else a new one is a UUID, and no other one comes after it.
    #[test]
    fn made_once() {
        let good = "0123456789abcdef0123456789abcdef";
        let uuid = "ffffffffffff4fffbfffffffffffffff";
        for (ours, old, expected) in [
            (good, uuid, good),
            ("", good, good),
            ("uninitialized\n", "0123", uuid),
            ("00000000000000000000000000000000\n", "0123456789ABCDEF0123456789abcdef\n", uuid),
        ] {
            let directory = tempfile::tempdir().unwrap();
            let root = root(directory.path(), &format!("{ours}\n"), old);
            run(&root).unwrap();
            assert_eq!(fs::read_to_string(root.path(FILE)).unwrap(), format!("{expected}\n"), "{ours} {old}");
            fs::remove_file(root.path(RANDOM)).unwrap();
            run(&root).unwrap();
        }
    }
}
