//! `$facilities`: who provides them where no insserv.conf says so, as Debian's and its fragments do, and what they are here.

use super::super::sketch::Strength;

/// A facility.
pub(super) struct Facility {
    /// Its name without the `$`.
    name: &'static str,
    /// The services that provide it where they are there, and the facilities that it takes in.
    pub(super) members: &'static [&'static str],
    /// What it is here, and how strongly a script that requires it is bound.
    pub(super) ours: &'static [(&'static str, Strength)],
}

const FACILITIES: [Facility; 9] = [
    Facility { name: "local_fs", members: &[], ours: &[("local", Strength::Needs)] },
    Facility {
        name: "remote_fs",
        members: &[],
        ours: &[("local", Strength::Needs), ("network-mounts", Strength::After)],
    },
    Facility { name: "network", members: &["networking", "ifupdown"], ours: &[("network", Strength::Wants)] },
    Facility {
        name: "named",
        members: &["named", "dnsmasq", "lwresd", "bind9", "unbound", "pdns-recursor", "$network"],
        ours: &[],
    },
    Facility {
        name: "syslog",
        members: &["rsyslog", "sysklogd", "syslog-ng", "dsyslog", "inetutils-syslogd", "busybox-syslogd"],
        ours: &[("rsyslog", Strength::Wants)],
    },
    Facility { name: "portmap", members: &["rpcbind"], ours: &[("rpcbind", Strength::After)] },
    Facility { name: "time", members: &["hwclock"], ours: &[("clock", Strength::After)] },
    Facility {
        name: "mail-transport-agent",
        members: &["postfix", "exim4", "sendmail", "nullmailer", "opensmtpd", "msmtpd"],
        ours: &[],
    },
    Facility {
        name: "x-display-manager",
        members: &["gdm", "gdm3", "lightdm", "sddm", "slim", "xdm", "wdm", "lxdm", "nodm"],
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
