//! Who the sandbox's users are outside: root in it is never root of the machine.
//!
//! Root maps a range of ids that no account uses; an ordinary user maps the range of /etc/subuid if `newuidmap` is
//! installed, and else one id only: itself.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;

use nix::unistd::{Gid, Uid};

/// Where root's range begins and how long it is, where /etc/subuid gives none for root. It lies above every id that
/// Debian hands out.
const UNUSED_FIRST: u32 = 0x6000_0000;
const RANGE: u32 = 65_536;

/// How ids inside are mapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Identity {
    /// Inside 0.. is outside `first`.., for `count` ids; we may write the map ourselves.
    Range {
        /// First id outside.
        first: u32,
        /// How many.
        count: u32,
    },
    /// Inside 0 is the caller, 1.. is `first`.. of /etc/subuid, mapped by newuidmap.
    Subordinate {
        /// First subordinate user id outside.
        first_user: u32,
        /// First subordinate group id outside.
        first_group: u32,
        /// How many of each.
        count: u32,
    },
    /// Inside 0 is the caller; there is nobody else.
    One,
}

impl Identity {
    /// What the caller may have.
    pub fn of_caller() -> Self {
        if Uid::effective().is_root() {
            return Self::Range { first: UNUSED_FIRST, count: RANGE };
        }
        subordinate().unwrap_or(Self::One)
    }

    /// The uid that the sandbox's root is outside.
    pub fn outer_root(self) -> u32 {
        match self {
            Self::Range { first, .. } => first,
            Self::Subordinate { .. } | Self::One => Uid::effective().as_raw(),
        }
    }

    /// Gives the process its ids.
    pub fn give(self, pid: u32) -> io::Result<()> {
        let process = Path::new("/proc").join(pid.to_string());
        match self {
            Self::Range { first, count } => {
                fs::write(process.join("uid_map"), format!("0 {first} {count}\n"))?;
                fs::write(process.join("gid_map"), format!("0 {first} {count}\n"))
            }
            Self::Subordinate { first_user, first_group, count } => {
                map_with("newuidmap", pid, Uid::effective().as_raw(), first_user, count)?;
                map_with("newgidmap", pid, Gid::effective().as_raw(), first_group, count)
            }
            Self::One => {
                fs::write(process.join("setgroups"), "deny")?;
                fs::write(process.join("uid_map"), format!("0 {} 1\n", Uid::effective()))?;
                fs::write(process.join("gid_map"), format!("0 {} 1\n", Gid::effective()))
            }
        }
    }
}

/// The caller's ranges, if both files and both programs are there.
fn subordinate() -> Option<Identity> {
    let uid = Uid::effective().to_string();
    let name = user_name(&fs::read_to_string("/etc/passwd").ok()?, &uid).unwrap_or_default();
    let is_installed = |name| Path::new("/usr/bin").join(name).exists();
    if !is_installed("newuidmap") || !is_installed("newgidmap") {
        return None;
    }
    let (first_user, users) = range(&fs::read_to_string("/etc/subuid").ok()?, &name, &uid)?;
    let (first_group, groups) = range(&fs::read_to_string("/etc/subgid").ok()?, &name, &uid)?;
    Some(Identity::Subordinate { first_user, first_group, count: users.min(groups).min(RANGE) })
}

/// The user's name by /etc/passwd alone: the C library's look-up needs plug-ins, which a static program cannot load.
fn user_name(passwd: &str, uid: &str) -> Option<String> {
    let mut entries = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
    entries.find(|fields| fields.get(2) == Some(&uid)).and_then(|fields| Some((*fields.first()?).to_owned()))
}

/// The first range of this user in a `/etc/subuid` text (`name-or-id:first:count` a line).
fn range(text: &str, name: &str, uid: &str) -> Option<(u32, u32)> {
    text.lines().find_map(|line| {
        let mut fields = line.split(':');
        let who = fields.next()?;
        let first = fields.next()?.parse().ok()?;
        let count = fields.next()?.trim().parse().ok()?;
        (who == uid || !name.is_empty() && who == name).then_some((first, count))
    })
}

fn map_with(program: &str, pid: u32, own: u32, first: u32, count: u32) -> io::Result<()> {
    let arguments = [pid, 0, own, 1, 1, first, count].map(|n| n.to_string());
    let output = Command::new(program).args(arguments).output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(io::Error::other(format!("{program}: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A range is found by name or by number, and never by an empty name.
    #[test]
    fn ranges() {
        let text = "alice:100000:65536\n1001:200000:65536\n:5:5\n";
        assert_eq!(range(text, "alice", "1000"), Some((100_000, 65_536)));
        assert_eq!(range(text, "", "1001"), Some((200_000, 65_536)));
        assert_eq!(range(text, "", "1002"), None);
        assert_eq!(user_name("root:x:0:0::/:\nalice:x:1000:1000::/:\n", "1000"), Some("alice".into()));
    }
}
