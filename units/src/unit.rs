//! A checked unit: what remains of the text once nothing is wrong with it.

use std::path::PathBuf;
use std::time::Duration;

use crate::{Place, UnitName};

/// One unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unit {
    /// Its name: the file's, or the document's `name:`.
    pub name: UnitName,
    /// Where it begins.
    pub place: Place,
    /// `description`, or the name where there is none.
    pub description: String,
    /// `kind` and what belongs to it.
    pub kind: Kind,
    /// `needs`: must be up first; if it fails or ends for good, so does this.
    pub needs: Vec<Edge>,
    /// `wants`: pulled in and waited for; its failure is tolerated.
    pub wants: Vec<Edge>,
    /// `after`: order only.
    pub after: Vec<Edge>,
    /// `before`: order only.
    pub before: Vec<Edge>,
    /// `if`: all must hold, else the unit is skipped.
    pub conditions: Vec<Condition>,
    /// `start-timeout`; 60 s where it is not given. `None`: none (`start-timeout: none`, for fsck and passphrases).
    pub start_timeout: Option<Duration>,
    /// `stop-timeout`, after which the unit is killed; 10 s where it is not given.
    pub stop_timeout: Duration,
}

/// A name in `needs`, `wants`, `after` or `before`, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edge {
    /// The unit that is named.
    pub unit: UnitName,
    /// Where.
    pub place: Place,
}

/// `kind`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A supervised process.
    Longrun(Longrun),
    /// Something done once, and perhaps undone.
    Oneshot(Oneshot),
    /// A name for a point in the order; does nothing.
    Milestone,
}

impl Kind {
    /// The word in the YAML and in state files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Longrun(_) => "longrun",
            Self::Oneshot(_) => "oneshot",
            Self::Milestone => "milestone",
        }
    }
}

/// A supervised process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Longrun {
    /// `run`.
    pub run: Command,
    /// `ready`; `None`: up once exec'd.
    pub ready: Option<Readiness>,
    /// `kill-mode`.
    pub kill_mode: KillMode,
    /// `log`.
    pub log: Log,
}

/// Something done once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Oneshot {
    /// `start`, absent where there are only steps.
    pub start: Option<Command>,
    /// `stop`.
    pub stop: Option<Command>,
    /// `do`: native steps, in order, before `start`.
    pub steps: Vec<(Step, Place)>,
}

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// A list: no shell. Never empty.
    Argv(Vec<String>),
    /// A string: a script for `/bin/sh -e`, or for its own `#!`.
    Script(String),
}

/// `ready`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Readiness {
    /// `{fd: 3}`: the service writes a newline on this descriptor.
    Descriptor(u32),
    /// `{tcp: "127.0.0.1:22"}`: a connection is accepted there. Asked every `every`.
    Tcp {
        /// Host and port; the host is an address or `localhost`.
        address: String,
        /// `every`, 100 ms where it is not given.
        every: Duration,
    },
    /// `{socket: /run/x.sock}`: a UNIX stream socket accepts there.
    Socket(PathBuf),
    /// `{file: /run/x.pid}`: the file exists.
    File(PathBuf),
    /// `{exec: [cmd, …], every: 200ms}`: the command exits 0. Asked every `every`.
    Exec {
        /// The command.
        argv: Vec<String>,
        /// `every`, 200 ms where it is not given.
        every: Duration,
    },
}

/// `kill-mode`: whom a stop reaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum KillMode {
    /// Every process of the unit's control group (or process group where there is none).
    #[default]
    Cgroup,
    /// Only the main process.
    Main,
}

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
    },
}

/// `if`: one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `{path: P}`: P exists; `{path: "!P"}`: it does not.
    Path {
        /// The path.
        path: PathBuf,
        /// It must be absent instead.
        absent: bool,
    },
    /// `{container: true|false}`: in a container means outside the first pid namespace.
    Container(bool),
    /// `{cmdline: WORD}`: a word of the kernel's command line is WORD, or begins with WORD and then `=` or `,`;
    /// `"!WORD"`: none is.
    Cmdline {
        /// The word.
        word: String,
        /// It must be absent instead.
        absent: bool,
    },
}

/// `do`: a native step of a one-shot, idempotent, forked but not exec'd.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// `mount`: every `auto` entry of fstab that is not mounted yet, but / and swap.
    Mount,
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
    pub const ALL: [(Self, &'static str); 15] = [
        (Self::Mount, "mount"),
        (Self::Remount, "remount"),
        (Self::Fsck, "fsck"),
        (Self::Swapon, "swapon"),
        (Self::Swapoff, "swapoff"),
        (Self::Hostname, "hostname"),
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
