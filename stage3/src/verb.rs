//! How the system is to end.

use nix::sys::reboot::RebootMode;
use std::fs;
use std::path::Path;
use supervisor::sys::signal::RTMIN;

/// What happens after everything has been stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Stop the processors, leave the power on.
    Halt,
    /// Switch the power off.
    Poweroff,
    /// Start again.
    Reboot,
    /// Start everything again but the kernel: process 1 becomes stage 1.
    SoftReboot,
}

impl Verb {
    /// The verb with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Halt, Self::Poweroff, Self::Reboot, Self::SoftReboot].into_iter().find(|verb| verb.name() == name)
    }

    /// The word on command lines and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Halt => "halt",
            Self::Poweroff => "poweroff",
            Self::Reboot => "reboot",
            Self::SoftReboot => "soft-reboot",
        }
    }

    /// The signal that asks process 1 for it.
    pub const fn signal(self) -> u32 {
        match self {
            Self::Halt => RTMIN + 3,
            Self::Poweroff => RTMIN + 4,
            Self::Reboot => RTMIN + 5,
            Self::SoftReboot => RTMIN + 7,
        }
    }

    /// The end of process 1's handler's name, after `.svscan/SIG`.
    pub const fn handler(self) -> &'static str {
        match self {
            Self::Halt => "RTMIN+3",
            Self::Poweroff => "RTMIN+4",
            Self::Reboot => "RTMIN+5",
            Self::SoftReboot => "RTMIN+7",
        }
    }

    /// The command of reboot(2), which for a soft reboot is the way out when that fails.
    pub const fn mode(self) -> RebootMode {
        match self {
            Self::Halt => RebootMode::RB_HALT_SYSTEM,
            Self::Poweroff => RebootMode::RB_POWER_OFF,
            Self::Reboot | Self::SoftReboot => RebootMode::RB_AUTOBOOT,
        }
    }
}

/// kexec has loaded a kernel to start next. `sys` is where /sys is now.
pub fn kernel_is_loaded(sys: &Path) -> bool {
    fs::read_to_string(sys.join("kernel/kexec_loaded")).is_ok_and(|text| text.trim() == "1")
}
