//! Users and groups by name, from the files: a statically linked program has no other way.

use super::root::Root;

/// The number of a user of the running system.
pub(crate) fn user_of_the_system(name: &str) -> Option<u32> {
    user(&Root::system(), name)
}

/// The number of a user: a number, or a name of /etc/passwd.
pub(super) fn user(root: &Root, name: &str) -> Option<u32> {
    number(root, "/etc/passwd", name)
}

/// The number of a group: a number, or a name of /etc/group.
pub(super) fn group(root: &Root, name: &str) -> Option<u32> {
    number(root, "/etc/group", name)
}

fn number(root: &Root, file: &str, name: &str) -> Option<u32> {
    if let Ok(number) = name.parse() {
        return Some(number);
    }
    if name == "root" {
        return Some(0);
    }
    let text = root.read(file).ok().flatten()?;
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        (fields.next() == Some(name)).then(|| fields.nth(1)?.parse().ok()).flatten()
    })
}
