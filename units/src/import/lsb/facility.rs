//! `$facilities`: who provides them, as Debian's insserv.conf and its fragments say, and what they are here.

use super::super::sketch::Strength;

/// A facility.
pub(super) struct Facility {
    /// Its name without the `$`.
    name: &'static str,
    /// The services that provide it where they are there.
    pub(super) members: &'static [&'static str],
    /// Facilities that it takes in.
    pub(super) includes: &'static [&'static str],
    /// What it is here, and how strongly a script that requires it is bound.
    pub(super) ours: &'static [(&'static str, Strength)],
}

const FACILITIES: [Facility; 9] = [
    Facility { name: "local_fs", members: &[], includes: &[], ours: &[("local", Strength::Needs)] },
    Facility {
        name: "remote_fs",
        members: &[],
        includes: &[],
        ours: &[("local", Strength::Needs), ("network-mounts", Strength::After)],
    },
    Facility {
        name: "network",
        members: &["networking", "ifupdown"],
        includes: &[],
        ours: &[("network", Strength::Wants)],
    },
    Facility {
        name: "named",
        members: &["named", "dnsmasq", "lwresd", "bind9", "unbound"],
        includes: &["network"],
        ours: &[],
    },
    Facility {
        name: "syslog",
        members: &["rsyslog", "sysklogd", "syslog-ng", "dsyslog", "inetutils-syslogd", "busybox-syslogd"],
        includes: &[],
        ours: &[("rsyslog", Strength::Wants)],
    },
    Facility { name: "portmap", members: &["rpcbind"], includes: &[], ours: &[("rpcbind", Strength::After)] },
    Facility { name: "time", members: &["hwclock"], includes: &[], ours: &[("clock", Strength::After)] },
    Facility {
        name: "mail-transport-agent",
        members: &["postfix", "exim4", "sendmail", "nullmailer", "opensmtpd", "msmtpd"],
        includes: &[],
        ours: &[],
    },
    Facility {
        name: "x-display-manager",
        members: &["gdm", "gdm3", "lightdm", "sddm", "slim", "xdm", "wdm", "lxdm", "nodm"],
        includes: &[],
        ours: &[],
    },
];

/// The unit of ours that a facility is.
pub(crate) fn ours(name: &str) -> Option<&'static str> {
    find(name)?.ours.first().map(|(unit, _)| *unit)
}

/// A facility by its name, `$` included.
pub(super) fn find(name: &str) -> Option<&'static Facility> {
    let name = name.strip_prefix('$')?;
    FACILITIES.iter().find(|facility| facility.name == name)
}
