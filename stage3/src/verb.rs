//! How the system is to end.

use nix::sys::reboot::RebootMode;

/// What happens after everything has been stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Stop the processors, leave the power on.
    Halt,
    /// Switch the power off.
    Poweroff,
    /// Start again.
    Reboot,
}

impl Verb {
    /// The verb with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Halt, Self::Poweroff, Self::Reboot].into_iter().find(|verb| verb.name() == name)
    }

    /// The word on command lines and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halt => "halt",
            Self::Poweroff => "poweroff",
            Self::Reboot => "reboot",
        }
    }

    /// The signal that asks process 1 for it: 34 is the first real-time signal, halt is RTMIN+3.
    pub const fn signal(self) -> u8 {
        match self {
            Self::Halt => 34 + 3,
            Self::Poweroff => 34 + 4,
            Self::Reboot => 34 + 5,
        }
    }

    /// The end of process 1's handler's name, after `.svscan/SIG`.
    pub const fn handler(self) -> &'static str {
        match self {
            Self::Halt => "RTMIN+3",
            Self::Poweroff => "RTMIN+4",
            Self::Reboot => "RTMIN+5",
        }
    }

    /// The command of reboot(2).
    pub const fn mode(self) -> RebootMode {
        match self {
            Self::Halt => RebootMode::RB_HALT_SYSTEM,
            Self::Poweroff => RebootMode::RB_POWER_OFF,
            Self::Reboot => RebootMode::RB_AUTOBOOT,
        }
    }
}
