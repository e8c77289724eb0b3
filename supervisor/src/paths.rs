//! Names of files that two programs agree on. `docs/formats.md` says the same for readers.
//!
//! Names below a service directory and below [`RUN`] are relative, because every program takes its run directory
//! from `SUNUP_RUN` or `--run`.

/// The run directory, always a tmpfs of our own: `SUNUP_RUN` and `--run` replace it.
pub const RUN: &str = "/run/sunup";
/// The environment variable that tells supervises which `oom_score_adj` services get, where theirs is another (decision 0070).
pub const OOM_VARIABLE: &str = "SUPERVISE_OOM";
/// The environment variable that replaces [`RUN`].
pub const RUN_VARIABLE: &str = "SUNUP_RUN";
/// Where the programs, the wrapper and the distribution's units are installed, as the build was told by
/// `SUNUP_BUILD_LIB`, else `/usr/lib/sunup`: `SUNUP_LIB` replaces it.
pub const LIB: &str = match option_env!("SUNUP_BUILD_LIB") {
    Some(path) => path,
    None => "/usr/lib/sunup",
};
/// The environment variable that replaces [`LIB`].
pub const LIB_VARIABLE: &str = "SUNUP_LIB";
/// The administrator's configuration: `SUNUP_ETC` replaces it.
pub const ETC: &str = "/etc/sunup";
/// The environment variable that replaces [`ETC`].
pub const ETC_VARIABLE: &str = "SUNUP_ETC";
/// Where logs are kept: `SUNUP_LOG` replaces it.
pub const LOG: &str = "/var/log/sunup";
/// The environment variable that replaces [`LOG`].
pub const LOG_VARIABLE: &str = "SUNUP_LOG";
/// What is remembered from boot to boot: `SUNUP_VAR` replaces it for the engine.
pub const VAR: &str = "/var/lib/sunup";
/// The environment variable that replaces [`VAR`].
pub const VAR_VARIABLE: &str = "SUNUP_VAR";

/// While this file is there only root may log in; login(1) shows what it holds.
pub const NOLOGIN: &str = "/run/nologin";

/// While this file is there filesystems are checked whatever their state is; the next boot removes it.
pub const FORCE_FSCK: &str = "/forcefsck";
/// While this file is there no filesystem is checked; the next boot removes it.
pub const FAST_BOOT: &str = "/fastboot";

/// Names below the run directory.
pub mod run {
    /// The programs that run from memory, copied here by stage 1.
    pub const BIN: &str = "bin";
    /// The supervise wrapper, first in process 1's PATH: `wrapper/supervise`, `wrapper/runsv`.
    pub const WRAPPER: &str = "wrapper";
    /// Service directories, one a unit; their inodes never change while they are supervised.
    pub const SERVICE: &str = "service";
    /// The scan directory: links to `../service/NAME`; process 1's working directory.
    pub const SCAN: &str = "scan";
    /// One JSON object per unit.
    pub const STATE: &str = "state";
    /// Transactions asked for, being run, done.
    pub const REQUESTS: &str = "requests";
    /// The catch-all logger's FIFO.
    pub const LOG_FIFO: &str = "log.fifo";
    /// The catch-all logger's directory, `current` inside.
    pub const LOG: &str = "log";
    /// The rc-style log from stage 1's first line.
    pub const BOOT_LOG: &str = "boot.log";
    /// Every event, one JSON object a line.
    pub const TIMELINE: &str = "timeline.jsonl";
    /// This boot's identity, written by stage 1.
    pub const BOOT_ID: &str = "boot-id";
    /// The flag of the supervise wrapper: while it is absent the wrapper is supervise.
    pub const STOPPING: &str = "stopping";
    /// Held by stage 3 while it runs.
    pub const STAGE3_LOCK: &str = "stage3.lock";
    /// Made by a second stage 3, so that the first one shortens its deadlines.
    pub const STAGE3_HURRY: &str = "stage3.hurry";
    /// When the system is to be stopped: one JSON object; the stop is called off by removing it.
    pub const SHUTDOWN: &str = "shutdown";
    /// The same while it is written.
    pub const SHUTDOWN_NEW: &str = ".shutdown.new";
    /// Directory of inhibitors: a file with an exclusive lock (flock) keeps the system from being stopped; it holds the reason.
    pub const INHIBIT: &str = "inhibit";
    /// The stop is not to be written to wtmp.
    pub const NO_RECORD: &str = "no-record";
    /// The main service: the service directory that its unit names, where stage 1 was given a command.
    pub const MAIN: &str = "main";
    /// How that ended: a number, with which process 1 exits.
    pub const EXIT_CODE: &str = "exit-code";
    /// Units of this boot alone.
    pub const UNITS: &str = "units";
    /// How long stage 3 waits for the engine to stop all units, in ms, as sunup.yaml says.
    pub const STOP_DEADLINE: &str = "stop-deadline";
    /// The directory in which the engine makes units' control groups; absent: it makes none.
    pub const CGROUP: &str = "cgroup";
    /// Made once this boot has checked filesystems: what asks for a check from then on asks the next boot.
    pub const CHECKED: &str = "checked";
    /// Held by a standalone engine while it runs.
    pub const ENGINE_LOCK: &str = "engine.lock";
}

/// Names below `requests/`. A request is a file `ID`; what became of it are files `ID.run`, `ID.progress`, `ID.done`.
pub mod requests {
    /// Stage 1 asks for the boot.
    pub const BOOT: &str = "boot";
    /// Stage 3 asks for the stop: it pre-empts everything.
    pub const STOP: &str = "stop";
    /// Suffix of a request that the engine has taken.
    pub const RUNNING: &str = ".run";
    /// Suffix of the stream of progress lines.
    pub const PROGRESS: &str = ".progress";
    /// Suffix of the final answer.
    pub const DONE: &str = ".done";
}

/// Names inside a service directory.
pub mod service {
    /// The program that supervise runs.
    pub const RUN: &str = "run";
    /// Run after `run` has ended: arguments are the exit code (256: signal), the signal, the name, the group.
    pub const FINISH: &str = "finish";
    /// If present, the service is not started by supervise's own start.
    pub const DOWN: &str = "down";
    /// The logger's service directory.
    pub const LOG: &str = "log";
    /// Descriptor number on which the service writes a newline when it is ready.
    pub const NOTIFICATION_FD: &str = "notification-fd";
    /// Milliseconds between TERM and KILL; 0 or absent: never.
    pub const TIMEOUT_KILL: &str = "timeout-kill";
    /// Milliseconds that `finish` may take; 0: no limit, absent: 5000.
    pub const TIMEOUT_FINISH: &str = "timeout-finish";
    /// Name or number of the signal that `d` sends; absent: TERM.
    pub const DOWN_SIGNAL: &str = "down-signal";
    /// `cgroup` or `main`: whom a stop reaches.
    pub const KILL_MODE: &str = "kill-mode";
    /// Path of the control-group leaf that the service runs in.
    pub const CGROUP: &str = "cgroup";
    /// Path of a FIFO that supervise opens, keeps and passes as descriptor 0.
    pub const STDIN_FIFO: &str = "stdin-fifo";
    /// `always`, `on-failure` or `never`: whether a service that ended by itself is started again.
    pub const RESTART: &str = "restart";
    /// Name or number of the signal that `l` sends; absent: HUP.
    pub const RELOAD_SIGNAL: &str = "reload-signal";
    /// Path of a service directory that is upped when this service ends for good.
    pub const WAKES: &str = "wakes";
    /// Run while the service comes up, every [`CHECK_EVERY`] ms, until it exits 0: the service is ready.
    pub const CHECK: &str = "check";
    /// Milliseconds between two runs of [`CHECK`]; absent: it is never run.
    pub const CHECK_EVERY: &str = "check-every";
    /// Directory of programs `<letter>` that are run instead of sending a letter's signal; exit 0: nothing is sent.
    pub const CUSTOM: &str = "control";
    /// Directory of FIFOs that hear of events.
    pub const EVENT: &str = "event";
    /// `runit`: its conventions, for the arguments of `finish` and the letter `x`, and its `stat` and `pid` are kept.
    pub const DIALECT: &str = "dialect";
    /// Descriptor number that holds a lock for as long as the service lives.
    pub const LOCK_FD: &str = "lock-fd";
    /// The file that the descriptor of [`LOCK_FD`] has locked.
    pub const SERVICE_LOCK: &str = "supervise/service-lock";
    /// If present, the service is process 1 of a pid namespace of its own.
    pub const FLAG_NEWPIDNS: &str = "flag-newpidns";
    /// How many ends [`DEATH_TALLY`] keeps; absent: 100.
    pub const MAX_DEATH_TALLY: &str = "max-death-tally";
    /// The last unasked ends, 14 bytes each: TAI64N, exit code, signal.
    pub const DEATH_TALLY: &str = "supervise/death_tally";
    /// The same while its oldest record is dropped.
    pub const DEATH_TALLY_NEW: &str = "supervise/death_tally.new";
    /// `COUNT MS`: with so many unasked ends within so many ms the service has ended for good.
    pub const MAX_DEATHS: &str = "max-deaths";
    /// Milliseconds that a service which loops rests at most.
    pub const LONGEST_REST: &str = "longest-rest";
    /// `main` or `all`: who may tell supervise about the service through [`NOTIFY_SOCKET`].
    pub const NOTIFY: &str = "notify";
    /// The datagram socket that the service's environment names as `NOTIFY_SOCKET`.
    pub const NOTIFY_SOCKET: &str = "supervise/notify";
    /// What the service says of itself, at most 255 bytes.
    pub const STATUS_TEXT: &str = "supervise/status-text";
    /// The same while it is written.
    pub const STATUS_TEXT_NEW: &str = "supervise/status-text.new";
    /// Milliseconds within which the service must give signs of life.
    pub const WATCHDOG: &str = "watchdog";
    /// Sockets that supervise opens and keeps, one a line.
    pub const SOCKETS: &str = "sockets";
    /// How many descriptors the service may leave with supervise.
    pub const DESCRIPTOR_STORE: &str = "descriptor-store";
    /// If present, the service may go into the background.
    pub const SUBREAPER: &str = "subreaper";
    /// Path of the file with the pid of a service that goes into the background.
    pub const PIDFILE: &str = "pidfile";
    /// runit's words about the state.
    pub const STAT: &str = "supervise/stat";
    /// The same while it is written.
    pub const STAT_NEW: &str = "supervise/stat.new";
    /// The pid as text, for runit.
    pub const PID: &str = "supervise/pid";
    /// The same while it is written.
    pub const PID_NEW: &str = "supervise/pid.new";
    /// Where a compiled service directory came from: `data/unit` holds `path:line`.
    pub const DATA_UNIT: &str = "data/unit";
    /// Supervise's own directory.
    pub const SUPERVISE: &str = "supervise";
    /// Locked (flock) while a supervise holds the service.
    pub const LOCK: &str = "supervise/lock";
    /// FIFO of control letters.
    pub const CONTROL: &str = "supervise/control";
    /// FIFO without content: opening it for writing succeeds while a supervise runs.
    pub const OK: &str = "supervise/ok";
    /// The status record.
    pub const STATUS: &str = "supervise/status";
    /// The status record while it is written.
    pub const STATUS_NEW: &str = "supervise/status.new";
    /// How a process ended whose supervise was not its parent: [`crate::ended`].
    pub const ENDED: &str = "supervise/ended";
}

/// Names inside a scan directory.
pub mod scan {
    /// Process 1's own directory.
    pub const SVSCAN: &str = ".svscan";
    /// FIFO of scanner letters.
    pub const CONTROL: &str = ".svscan/control";
    /// Locked while a scanner holds the directory.
    pub const LOCK: &str = ".svscan/lock";
    /// Who scans, and what it was told that outlives it: the record of [`crate::scanner`].
    pub const STATUS: &str = ".svscan/status";
    /// s6's directory, which svscan makes as well.
    pub const S6_SVSCAN: &str = ".s6-svscan";
    /// The FIFO that s6-svscanctl writes to: svscan reads it, too.
    pub const S6_CONTROL: &str = ".s6-svscan/control";
    /// Locked while a scanner holds the directory: s6's own looks here.
    pub const S6_LOCK: &str = ".s6-svscan/lock";
    /// s6's name of the catch-all logger, whose own messages go to the console.
    pub const S6_CATCH_ALL: &str = "s6-svscan-log";
    /// As [`FINISH`], where that is not there.
    pub const S6_FINISH: &str = ".s6-svscan/finish";
    /// As [`CRASH`], where that is not there.
    pub const S6_CRASH: &str = ".s6-svscan/crash";
    /// As [`HANDLER`], for signals that have none there.
    pub const S6_HANDLER: &str = ".s6-svscan/SIG";
    /// Executed in svscan's place when it ends.
    pub const FINISH: &str = ".svscan/finish";
    /// Executed in svscan's place when it cannot go on.
    pub const CRASH: &str = ".svscan/crash";
    /// Handlers are `.svscan/SIGTERM`, `.svscan/SIGRTMIN+3`, …
    pub const HANDLER: &str = ".svscan/SIG";
}

/// A service is a logger when it is named `log` or ends in `/log`. (One with `stdin-fifo` is a logger as well.)
pub fn is_logger_name(name: &str) -> bool {
    name == service::LOG || name.ends_with("/log")
}
