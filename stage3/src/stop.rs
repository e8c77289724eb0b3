//! One stop of the system: what the steps share.

use crate::cockpit::Cockpit;
use crate::filesystems::devices::Devices;
use crate::filesystems::superblocks::Superblocks;
use crate::guard::Permit;
use crate::processes::Life;
use crate::report::Report;
use crate::services::stubborn::Running;
use crate::verb::Verb;
use crate::waiting::bounded::{Watchdog, within};
use crate::waiting::events::Events;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::time::Duration;
use supervisor::paths;

/// No step is silent longer than this unless it hangs.
const SILENCE: Duration = Duration::from_secs(120);

/// The environment variable that says how many seconds a stop may take; after most of them everything is hurried.
const GRACE_VARIABLE: &str = "SUNUP_GRACE";
/// How long a container with a main service has where nobody says it: what container engines give.
const GRACE: Duration = Duration::from_secs(10);
/// How much of it is for an orderly stop, in percent; the rest is enough to kill and to drain.
const ORDERLY_PERCENT: u32 = 60;

/// The state that is handed from step to step. There is none without a [`Permit`].
#[derive(Debug)]
pub struct Stop {
    /// What comes after.
    pub verb: Verb,
    /// The run directory, as it is called now: `/` after the change of root.
    pub run: PathBuf,
    /// Where the root filesystem is now: `/`, or below the run directory after the change of root.
    pub root: PathBuf,
    /// The proof that this system is ours.
    pub permit: Permit,
    /// Where to say things.
    pub report: Report,
    /// What to wait with.
    pub events: Events,
    /// Who looks on, and may act.
    pub cockpit: Cockpit,
    /// The engine did not answer: it is not to be asked politely any more.
    pub engine_stuck: bool,
    /// The services that ran when the stop began.
    pub running: Running,
    /// Units that did not end when asked to, by name: their supervise has killed them.
    pub killed_units: Vec<String>,
    /// Processes that did not end when asked to, as `PID COMMAND`.
    pub killed: Vec<(u32, String)>,
    /// Processes that even KILL did not end: they hang in the kernel, and are waited for no more.
    pub survivors: HashSet<Life>,
    /// Mounts that the maker of this namespace has locked (by the kernel's number): not ours to unmount.
    pub locked: Vec<u32>,
    /// Mounts that hang when they are unmounted, by the kernel's number, with the operator's name for them.
    pub hanging: Vec<(u32, PathBuf)>,
    /// Mounts that were detached while somebody kept them busy, by the operator's name, with what is to be said of each.
    pub detached: Vec<(PathBuf, String)>,
    /// What may be lost though nobody is left: a log that was not drained, disks that took no more.
    pub lost: Vec<String>,
    /// Told that we are alive, again and again.
    pub watchdog: Watchdog,
    /// What filesystems lie on; only on the machine itself.
    pub devices: Option<Devices>,
    /// Filesystems on them that may stay alive unseen.
    pub superblocks: Superblocks,
    /// Where the initramfs is kept that is to end the machine.
    pub initramfs: Option<PathBuf>,
    /// kexec has loaded the kernel to start next.
    pub kernel_loaded: bool,
}

impl Stop {
    /// Begins: opens what is needed later.
    pub fn begin(verb: Verb, run: &Path, permit: Permit) -> Self {
        let mut events = Events::watch(run);
        if let Some(time) = grace(run) {
            events.hurry_after(time * ORDERLY_PERCENT / 100);
        }
        Self {
            verb,
            run: run.into(),
            root: "/".into(),
            report: Report::open(run, permit.first_namespace()),
            events,
            cockpit: Cockpit::open(),
            permit,
            engine_stuck: false,
            running: Running::now(run),
            killed_units: Vec::new(),
            killed: Vec::new(),
            survivors: HashSet::new(),
            locked: Vec::new(),
            hanging: Vec::new(),
            detached: Vec::new(),
            lost: Vec::new(),
            watchdog: Watchdog::start(SILENCE, move || give_up(verb)),
            devices: None,
            superblocks: Superblocks::default(),
            initramfs: None,
            kernel_loaded: false,
        }
    }

    /// Where a path of the system that is being stopped is now.
    pub fn now_at(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// How the operator knows a path.
    pub fn known_as(&self, path: &Path) -> PathBuf {
        path.strip_prefix(&self.root).map_or_else(|_| path.into(), |rest| Path::new("/").join(rest))
    }
}

/// How long whoever started this container waits before he kills it; `None`: nobody does.
fn grace(run: &Path) -> Option<Duration> {
    let told = std::env::var(GRACE_VARIABLE).ok().and_then(|seconds| seconds.parse().ok()).map(Duration::from_secs);
    told.or_else(|| run.join(paths::run::MAIN).exists().then_some(GRACE))
}

/// What the watchdog does: a stage 3 that hangs has stopped what it could.
fn give_up(verb: Verb) {
    let line = "unclean stop: stage 3 hangs; ending without a count\n";
    let _ = nix::unistd::write(std::io::stdout(), line.as_bytes());
    within(Duration::from_secs(5), nix::unistd::sync);
    let _ = nix::sys::reboot::reboot(verb.mode());
}
