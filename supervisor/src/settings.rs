//! What sunup.yaml may say of the time before there is an engine, in words that stage 1 and the engine both read.

/// `scanner`: the supervision suite that runs as process 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scanner {
    /// Ours.
    #[default]
    Sunup,
    /// s6-svscan.
    S6,
    /// runsvdir.
    Runit,
    /// Daniel J. Bernstein's svscan.
    Daemontools,
}

impl Scanner {
    /// Every scanner with its word, the default first.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Sunup, "sunup"), (Self::S6, "s6"), (Self::Runit, "runit"), (Self::Daemontools, "daemontools")];
}

/// `cgroup`: the layout of control groups.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum CgroupLayout {
    /// One hierarchy, at /sys/fs/cgroup.
    #[default]
    V2,
    /// One hierarchy for each controller.
    V1,
    /// As v1, with the one of v2 beside them, at /sys/fs/cgroup/unified.
    Hybrid,
}

impl CgroupLayout {
    /// Every layout with its word, the default first.
    pub const ALL: [(Self, &'static str); 3] = [(Self::V2, "v2"), (Self::V1, "v1"), (Self::Hybrid, "hybrid")];
}

/// `signals`: whose meanings the signals to process 1 have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SignalPreset {
    /// Those of s6-linux-init.
    #[default]
    Sunup,
    /// sysvinit's.
    Sysvinit,
    /// systemd's.
    Systemd,
    /// busybox's.
    Busybox,
}

impl SignalPreset {
    /// Every preset with its word, the default first.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Sunup, "sunup"), (Self::Sysvinit, "sysvinit"), (Self::Systemd, "systemd"), (Self::Busybox, "busybox")];
}
