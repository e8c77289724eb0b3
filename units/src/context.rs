//! Under which circumstances a command runs: user, environment, limits, sandbox, control group.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

/// What longruns and one-shots have in common. The default is the engine's own clean environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Context {
    /// `user`: a name or number.
    pub user: Option<String>,
    /// `group`: a name or number; `None`: the user's own.
    pub group: Option<String>,
    /// `groups`: supplementary groups, by name or number; empty: the user's own.
    pub groups: Vec<String>,
    /// `env`: names with their values.
    pub env: Vec<(String, String)>,
    /// `env-file`: files of `NAME=VALUE` lines; one that begins with `-` may be absent.
    pub env_file: Vec<PathBuf>,
    /// `directory`: the working directory; `None`: the service directory, or / for a one-shot.
    pub directory: Option<PathBuf>,
    /// `umask`, octal in the YAML.
    pub umask: Option<u32>,
    /// `nice`, -20 to 19.
    pub nice: Option<i32>,
    /// `oom-score-adj`, -1000 to 1000.
    pub oom_score_adj: Option<i32>,
    /// `limits`, each at most once.
    pub limits: Vec<(Limit, Bound)>,
    /// `tty`: the terminal that becomes the controlling one and standard input and output.
    pub tty: Option<PathBuf>,
    /// `no-new-privileges`.
    pub no_new_privileges: bool,
    /// `capabilities`: the bounding set that is kept, as `CAP_NET_RAW`; `None`: all, empty: none.
    pub capabilities: Option<Vec<String>>,
    /// `private-tmp`: /tmp and /var/tmp of its own.
    pub private_tmp: bool,
    /// `read-only`: paths that cannot be written.
    pub read_only: Vec<PathBuf>,
    /// `hide`: paths that are empty.
    pub hide: Vec<PathBuf>,
    /// `cgroup`: files of the unit's control group with what is written into them.
    pub cgroup: Vec<(String, String)>,
}

impl Context {
    /// The default, which most units have: it is there once.
    pub(crate) fn plain() -> Arc<Self> {
        static PLAIN: LazyLock<Arc<Context>> = LazyLock::new(Arc::default);
        PLAIN.clone()
    }

    /// To be shared.
    pub(crate) fn shared(self) -> Arc<Self> {
        if self == Self::default() { Self::plain() } else { self.into() }
    }
}

/// A resource limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// `as`: address space, bytes
    As,
    /// `core`: core file, bytes
    Core,
    /// `cpu`: processor time, seconds
    Cpu,
    /// `data`: data segment, bytes
    Data,
    /// `fsize`: file size, bytes
    Fsize,
    /// `locks`: file locks
    Locks,
    /// `memlock`: locked memory, bytes
    Memlock,
    /// `msgqueue`: message queues, bytes
    Msgqueue,
    /// `nice`: 20 less the nice value that may be reached
    Nice,
    /// `nofile`: one more than the highest descriptor
    Nofile,
    /// `nproc`: processes of the user
    Nproc,
    /// `rss`: resident set, bytes
    Rss,
    /// `rtprio`: real-time priority
    Rtprio,
    /// `rttime`: real-time processor time, microseconds
    Rttime,
    /// `sigpending`: pending signals
    Sigpending,
    /// `stack`: stack, bytes
    Stack,
}

impl Limit {
    /// Every limit with its name: getrlimit's in lower case, without `RLIMIT_`.
    pub const ALL: [(Self, &'static str); 16] = [
        (Self::As, "as"),
        (Self::Core, "core"),
        (Self::Cpu, "cpu"),
        (Self::Data, "data"),
        (Self::Fsize, "fsize"),
        (Self::Locks, "locks"),
        (Self::Memlock, "memlock"),
        (Self::Msgqueue, "msgqueue"),
        (Self::Nice, "nice"),
        (Self::Nofile, "nofile"),
        (Self::Nproc, "nproc"),
        (Self::Rss, "rss"),
        (Self::Rtprio, "rtprio"),
        (Self::Rttime, "rttime"),
        (Self::Sigpending, "sigpending"),
        (Self::Stack, "stack"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(limit, _)| *limit == self).map_or("", |(_, name)| name)
    }
}

/// A limit's two values, in the limit's own unit; `None`: unlimited. The soft one is never above the hard one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// What holds.
    pub soft: Option<u64>,
    /// As far as the process may raise it.
    pub hard: Option<u64>,
}
