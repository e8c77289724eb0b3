//! Options of fstab: flags of mount(2), words for mount(8) alone, and what is left for the filesystem.

use nix::mount::MsFlags;

/// Options, sorted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Options {
    /// For mount(2), propagation left out.
    pub(super) flags: MsFlags,
    /// Propagation, which needs a call of its own; empty if not asked for.
    pub(super) propagation: MsFlags,
    /// The filesystem's, joined by commas.
    pub(super) data: String,
    /// It lies on a loop device, which mount(8) makes.
    pub(super) needs_loop: bool,
    /// mount(8) must do it: an owner, a mode, a directory of the filesystem; a user by name.
    pub(super) needs_program: bool,
    /// The directory is made if it is missing, with this mode.
    pub(super) make_directory: Option<u32>,
}

/// `nosymfollow`, since Linux 5.10.
const MS_NOSYMFOLLOW: MsFlags = MsFlags::from_bits_retain(256);

/// Word, flags, and whether the word sets them (`ro`) or clears them (`rw`).
const FLAGS: [(&str, MsFlags, bool); 30] = [
    ("ro", MsFlags::MS_RDONLY, true),
    ("rw", MsFlags::MS_RDONLY, false),
    ("nosuid", MsFlags::MS_NOSUID, true),
    ("suid", MsFlags::MS_NOSUID, false),
    ("nodev", MsFlags::MS_NODEV, true),
    ("dev", MsFlags::MS_NODEV, false),
    ("noexec", MsFlags::MS_NOEXEC, true),
    ("exec", MsFlags::MS_NOEXEC, false),
    ("nosymfollow", MS_NOSYMFOLLOW, true),
    ("symfollow", MS_NOSYMFOLLOW, false),
    ("sync", MsFlags::MS_SYNCHRONOUS, true),
    ("async", MsFlags::MS_SYNCHRONOUS, false),
    ("dirsync", MsFlags::MS_DIRSYNC, true),
    ("noatime", MsFlags::MS_NOATIME, true),
    ("atime", MsFlags::MS_NOATIME, false),
    ("nodiratime", MsFlags::MS_NODIRATIME, true),
    ("diratime", MsFlags::MS_NODIRATIME, false),
    ("relatime", MsFlags::MS_RELATIME, true),
    ("norelatime", MsFlags::MS_RELATIME, false),
    ("strictatime", MsFlags::MS_STRICTATIME, true),
    ("lazytime", MsFlags::MS_LAZYTIME, true),
    ("nolazytime", MsFlags::MS_LAZYTIME, false),
    ("mand", MsFlags::MS_MANDLOCK, true),
    ("nomand", MsFlags::MS_MANDLOCK, false),
    ("silent", MsFlags::MS_SILENT, true),
    ("loud", MsFlags::MS_SILENT, false),
    ("bind", MsFlags::MS_BIND, true),
    ("rbind", MsFlags::MS_BIND.union(MsFlags::MS_REC), true),
    ("iversion", MsFlags::MS_I_VERSION, true),
    ("noiversion", MsFlags::MS_I_VERSION, false),
];
/// Words for a call of their own.
const PROPAGATION: [(&str, MsFlags); 6] = [
    ("shared", MsFlags::MS_SHARED),
    ("private", MsFlags::MS_PRIVATE),
    ("slave", MsFlags::MS_SLAVE),
    ("rshared", MsFlags::MS_SHARED.union(MsFlags::MS_REC)),
    ("rprivate", MsFlags::MS_PRIVATE.union(MsFlags::MS_REC)),
    ("rslave", MsFlags::MS_SLAVE.union(MsFlags::MS_REC)),
];
/// Words that mean something to whoever reads fstab, and nothing to the kernel.
const FOR_READERS: [&str; 11] = [
    "defaults",
    "auto",
    "noauto",
    "nofail",
    "fail",
    "_netdev",
    "nouser",
    "nogroup",
    "noowner",
    "bootwait",
    "nobootwait",
];
/// Words that let ordinary users mount, and what they imply for safety.
const FOR_USERS: [&str; 4] = ["user", "users", "owner", "group"];

/// Words that ask for a loop device, or for a part of one.
const LOOP: [&str; 3] = ["loop", "offset", "sizelimit"];

impl Options {
    /// Sorts words; later ones win.
    pub(super) fn parse(words: &[String]) -> Self {
        let mut options = Self {
            flags: MsFlags::empty(),
            propagation: MsFlags::empty(),
            data: String::new(),
            needs_loop: false,
            needs_program: false,
            make_directory: None,
        };
        for word in words {
            options.take(word);
        }
        options
    }

    fn take(&mut self, word: &str) {
        if let Some((_, flags, set)) = FLAGS.iter().find(|(name, ..)| *name == word) {
            self.flags.set(*flags, *set);
        } else if let Some((_, flags)) = PROPAGATION.iter().find(|(name, _)| *name == word) {
            self.propagation = *flags;
        } else if FOR_USERS.contains(&word) {
            self.flags |= MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
            if word.starts_with("user") {
                self.flags |= MsFlags::MS_NOEXEC;
            }
        } else if LOOP.contains(&word.split('=').next().unwrap_or_default()) {
            self.needs_loop = true;
        } else if let Some(what) = word.strip_prefix("X-mount.").or_else(|| word.strip_prefix("x-mount.")) {
            match what.split_once('=').unwrap_or((what, "755")) {
                ("mkdir", mode) => self.make_directory = Some(u32::from_str_radix(mode, 8).unwrap_or(0o755)),
                _ => self.needs_program = true,
            }
        } else if !FOR_READERS.contains(&word) && !is_comment(word) {
            self.needs_program |= names_somebody(word);
            if !self.data.is_empty() {
                self.data.push(',');
            }
            self.data.push_str(word);
        }
    }
}

/// The kernel takes numbers alone.
fn names_somebody(word: &str) -> bool {
    let who = word.strip_prefix("uid=").or_else(|| word.strip_prefix("gid="));
    who.is_some_and(|who| who.parse::<u32>().is_err())
}

/// Other `x-…` is for programs, `X-…` and `comment=` for people.
fn is_comment(word: &str) -> bool {
    word.starts_with("x-") || word.starts_with("X-") || word.starts_with("comment=")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, flags: MsFlags, data: &str) {
        let words: Vec<String> = text.split(',').map(str::to_owned).collect();
        let options = Options::parse(&words);
        assert_eq!((options.flags, options.data.as_str()), (flags, data), "{text}");
    }

    /// Flags, readers' words and the filesystem's own options are told apart; later words win.
    #[test]
    fn sorting() {
        check("defaults", MsFlags::empty(), "");
        check("ro,noatime,errors=remount-ro", MsFlags::MS_RDONLY | MsFlags::MS_NOATIME, "errors=remount-ro");
        check("ro,rw,nofail,x-systemd.automount,size=5m,mode=1777", MsFlags::empty(), "size=5m,mode=1777");
        check("rbind,nosuid", MsFlags::MS_BIND | MsFlags::MS_REC | MsFlags::MS_NOSUID, "");
        check("users,exec", MsFlags::MS_NOSUID | MsFlags::MS_NODEV, "");
        let words = ["loop".to_owned(), "rslave".to_owned()];
        let options = Options::parse(&words);
        assert!(options.needs_loop && !options.needs_program);
        assert_eq!(options.propagation, MsFlags::MS_SLAVE | MsFlags::MS_REC);
    }

    /// What mount(8) does besides mounting: a directory is made here, the rest is left to it.
    #[test]
    fn of_the_program() {
        for (word, made, left, data) in [
            ("X-mount.mkdir", Some(0o755), false, ""),
            ("x-mount.mkdir=0700", Some(0o700), false, ""),
            ("X-mount.mkdir=none", Some(0o755), false, ""),
            ("X-mount.owner=www-data", None, true, ""),
            ("x-systemd.requires=a.service", None, false, ""),
            ("uid=eve", None, true, "uid=eve"),
            ("gid=100", None, false, "gid=100"),
        ] {
            let options = Options::parse(&[word.to_owned()]);
            assert_eq!(
                (options.make_directory, options.needs_program, options.data.as_str()),
                (made, left, data),
                "{word}"
            );
        }
    }
}
