//! What sunup itself does for a one-shot.

/// `do`: a native step of a one-shot, idempotent, forked but not exec'd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `mount`: every `auto` entry of fstab that is not mounted yet, but /, swap and what needs the network.
    Mount,
    /// `mount-network`: the same for what is reached over the network.
    MountNetwork,
    /// `unmount-network`: undo it, while the network is there.
    UnmountNetwork,
    /// `remount`: / with the options that fstab gives it.
    Remount,
    /// `fsck`: check / as fstab's pass number says.
    Fsck,
    /// `swapon`: fstab's swap entries.
    Swapon,
    /// `swapoff`: undo it.
    Swapoff,
    /// `hostname`: from /etc/hostname.
    Hostname,
    /// `machine-id`: make /etc/machine-id, once.
    MachineId,
    /// `sysctl`: sysctl.d.
    Sysctl,
    /// `modules`: modules-load.d and /etc/modules.
    Modules,
    /// `loopback`: bring lo up.
    Loopback,
    /// `clock`: the hardware clock's time zone, and never a time before the last one known.
    Clock,
    /// `clock-save`: write the time to the hardware clock and to the stamp.
    ClockSave,
    /// `random-seed`: feed the saved seed.
    RandomSeed,
    /// `random-seed-save`: save a new one.
    RandomSeedSave,
    /// `tmpfiles`: tmpfiles.d.
    Tmpfiles,
    /// `utmp`: the boot record.
    Utmp,
}

impl Step {
    /// Every step with its word.
    pub const ALL: [(Self, &'static str); 18] = [
        (Self::Mount, "mount"),
        (Self::MountNetwork, "mount-network"),
        (Self::UnmountNetwork, "unmount-network"),
        (Self::Remount, "remount"),
        (Self::Fsck, "fsck"),
        (Self::Swapon, "swapon"),
        (Self::Swapoff, "swapoff"),
        (Self::Hostname, "hostname"),
        (Self::MachineId, "machine-id"),
        (Self::Sysctl, "sysctl"),
        (Self::Modules, "modules"),
        (Self::Loopback, "loopback"),
        (Self::Clock, "clock"),
        (Self::ClockSave, "clock-save"),
        (Self::RandomSeed, "random-seed"),
        (Self::RandomSeedSave, "random-seed-save"),
        (Self::Tmpfiles, "tmpfiles"),
        (Self::Utmp, "utmp"),
    ];
}
