//! The groups of /etc/group, read by ourselves for the reason that [`super::account`] gives.

use nix::unistd::Gid;

/// The table.
#[derive(Debug)]
pub struct Groups(Vec<u8>);

impl Groups {
    /// The system's; one that cannot be read has no groups.
    pub fn read() -> Self {
        Self(std::fs::read("/etc/group").unwrap_or_default())
    }

    /// Names, numbers and members.
    fn lines(&self) -> impl Iterator<Item = (&[u8], u32, &[u8])> {
        self.0.split(|&byte| byte == b'\n').filter_map(|line| {
            let mut fields = line.split(|&byte| byte == b':');
            let (name, _) = (fields.next().filter(|name| !name.is_empty())?, fields.next()?);
            Some((name, std::str::from_utf8(fields.next()?).ok()?.parse().ok()?, fields.next()?))
        })
    }

    /// The number of the group of that name.
    pub fn number(&self, name: &[u8]) -> Option<u32> {
        self.lines().find(|(known, ..)| *known == name).map(|(_, number, _)| number)
    }

    /// A user's groups: the first one, then those that list the user.
    pub fn of(&self, user: &[u8], first: u32) -> Vec<Gid> {
        let lists = |members: &[u8]| members.split(|&byte| byte == b',').any(|member| member == user);
        let others = self.lines().filter(|(_, number, members)| *number != first && lists(members));
        std::iter::once(first).chain(others.map(|(_, number, _)| number)).map(Gid::from_raw).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whole names only, and lines with numbers only.
    #[test]
    fn lines() {
        let groups = Groups(b"root:x:0:\nbad:x:y:web\nlog:x:9:root,web\nssl:x:10:webx\n".into());
        assert_eq!([groups.number(b"log"), groups.number(b"lo"), groups.number(b"bad")], [Some(9), None, None]);
        assert_eq!(groups.of(b"web", 8), [8, 9].map(Gid::from_raw));
        assert_eq!(groups.of(b"root", 9), [9].map(Gid::from_raw));
    }
}
