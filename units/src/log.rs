//! Where a longrun's output goes.

use std::path::PathBuf;

/// `log`: where a longrun's output goes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Log {
    /// Its own logger in /var/log/sunup/NAME if the unit is ordered after `local`, else the catch-all.
    #[default]
    Auto,
    /// The catch-all logger.
    None,
    /// Its own logger.
    Directory {
        /// `dir`; `None`: /var/log/sunup/NAME.
        directory: Option<PathBuf>,
        /// `size` of a file in bytes, 1 MiB where it is not given.
        size: u64,
        /// `keep`: old files, 10 where it is not given.
        keep: u32,
        /// `when-full`.
        when_full: WhenFull,
    },
}

/// `when-full`: what a logger does with lines that its disk does not take.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenFull {
    /// It drops them, and logs how many as soon as it can: the service goes on.
    #[default]
    Drop,
    /// It waits, and the service with it: no line is lost.
    Wait,
}

impl WhenFull {
    /// Every way with its word in the YAML.
    pub const ALL: [(Self, &'static str); 2] = [(Self::Drop, "drop"), (Self::Wait, "wait")];
}
