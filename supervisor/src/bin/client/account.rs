//! An account of /etc/passwd.
//!
//! The C library's look-up needs plug-ins, which a static program cannot load, so accounts that only they know are
//! unknown here.

use std::path::Path;

/// What the helpers need to know of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// The user's number.
    pub user: u32,
    /// The number of its first group.
    pub group: u32,
}

impl Account {
    /// The account of that name.
    pub fn find(name: &[u8]) -> Option<Self> {
        Self::find_in(&std::fs::read(Path::new("/etc/passwd")).ok()?, name)
    }

    /// The first usable line of that name.
    fn find_in(table: &[u8], name: &[u8]) -> Option<Self> {
        table.split(|&byte| byte == b'\n').find_map(|line| {
            let mut fields = line.split(|&byte| byte == b':');
            if fields.next()? != name || name.is_empty() {
                return None;
            }
            let mut number = |skip| std::str::from_utf8(fields.nth(skip)?).ok()?.parse().ok();
            Some(Self { user: number(1)?, group: number(0)? })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only whole names and lines with numbers count.
    #[test]
    fn lines() {
        let table = b"# note\nroot:x:0:0:root:/root:/bin/sh\nbad:x:y:0::\nbad:x:4:5::\n+::::::\n";
        let find = |name: &str| Account::find_in(table, name.as_bytes());
        assert_eq!(find("root"), Some(Account { user: 0, group: 0 }));
        assert_eq!(find("bad"), Some(Account { user: 4, group: 5 }));
        for name in ["roo", "", "+", "# note"] {
            assert_eq!(find(name), None, "{name}");
        }
    }
}
