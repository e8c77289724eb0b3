//! Is what we are about to change ours, or that of the system around us (decision 0069)?
//!
//! In the first pid namespace we are the machine, and everything is ours. Anywhere else kernel, clock, devices and swap
//! are somebody else's, and so is a namespace that we share with processes outside. That is told as far as it can be known;
//! what is not known is not ours.

use core::ffi::CStr;

use crate::sys::descriptor::HERE;
use crate::sys::files;
use crate::sys::process;
use crate::sys::text::parse_number;

/// What we may share with the system around us.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Namespace {
    /// The host name.
    HostName,
    /// Mounts.
    Mounts,
    /// Network interfaces.
    Network,
}

/// Our link, and what it is in the first namespace of its kind: the number is part of the kernel's interface.
const PIDS: (&CStr, &[u8]) = (c"/proc/self/ns/pid", b"pid:[4026531836]");
/// A setting that the first network namespace alone has: before Linux 6.18 that one has any number.
const FIRST_NETWORK: &CStr = c"/proc/sys/net/core/dev_weight";
/// Longest link in /proc/PID/ns.
const LINK: usize = 32;

impl Namespace {
    /// Our link, and what it is in the first namespace (for mounts and network since Linux 6.18).
    const fn own(self) -> (&'static CStr, &'static [u8]) {
        match self {
            Self::HostName => (c"/proc/self/ns/uts", b"uts:[4026531838]"),
            Self::Mounts => (c"/proc/self/ns/mnt", b"mnt:[4026531832]"),
            Self::Network => (c"/proc/self/ns/net", b"net:[4026531833]"),
        }
    }

    /// The link of the process 1 that /proc shows.
    const fn of_process_1(self) -> &'static CStr {
        match self {
            Self::HostName => c"/proc/1/ns/uts",
            Self::Mounts => c"/proc/1/ns/mnt",
            Self::Network => c"/proc/1/ns/net",
        }
    }

    /// We may change what is in it: nobody outside sees that.
    pub fn is_own(self) -> bool {
        let is_first = is_first(self.own()).unwrap_or(true)
            || self == Self::Network && files::status_at(HERE, FIRST_NETWORK).is_ok();
        is_machine() == Some(true) || !is_first && !self.is_shared()
    }

    /// Where /proc shows the system around us, its process 1 tells. Where it shows our own pids, somebody has mounted it
    /// for us, which nobody does over the /proc of another system.
    fn is_shared(self) -> bool {
        let (mut own, mut outer) = ([0; LINK], [0; LINK]);
        let own = files::read_link_at(HERE, self.own().0, &mut own);
        let outer = files::read_link_at(HERE, self.of_process_1(), &mut outer);
        !shows_own_pids() && !matches!((own, outer), (Ok(own), Ok(outer)) if own != outer)
    }
}

/// We are in the first pid namespace, so that kernel, devices and clock are ours; `None` where /proc does not tell.
pub fn is_machine() -> Option<bool> {
    is_first(PIDS)
}

fn is_first((link, first): (&CStr, &[u8])) -> Option<bool> {
    let mut buffer = [0; LINK];
    files::read_link_at(HERE, link, &mut buffer).ok().map(|text| text == first)
}

/// /proc shows our own process numbers, not those of a namespace above.
pub fn shows_own_pids() -> bool {
    let mut buffer = [0; LINK];
    let link = files::read_link_at(HERE, c"/proc/self", &mut buffer);
    link.is_ok_and(|link| parse_number(link) == Some(u64::from(process::own_pid())))
}
