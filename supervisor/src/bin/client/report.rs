//! What svstat says about a service directory: daemontools' line, s6's fields, or JSON.

use super::announces::announces_readiness;
use super::error_text::error_text;
use super::ok;
use super::record::{Family, Record};
use nix::errno::Errno;
use nix::sys::signal::Signal;
use std::fmt::Write;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};
use supervisor::paths::service;
use supervisor::status::{LastExit, Phase, Want};
use supervisor::sys::signal::RTMIN;
use supervisor::tai::Tai64n;

/// A supervised service.
pub struct Seen {
    /// Its record.
    pub record: Record,
    /// There is no `down` file.
    pub normally_up: bool,
    /// The service says when it is ready, and its supervise records that.
    announces: bool,
    /// UNIX time of the look in seconds.
    now: i64,
}

/// What could be seen.
pub enum View {
    /// A supervise runs and its record was read.
    Supervised(Box<Seen>),
    /// It does not, or something went wrong.
    Unable {
        /// daemontools' words for it.
        reason: String,
        /// It is certain that no supervise runs.
        not_running: bool,
    },
}

/// Looks at a service directory, named from `origin`.
pub fn look(origin: &Path, directory: &Path) -> View {
    let unable = |reason| View::Unable { reason, not_running: false };
    if let Err(error) = nix::unistd::chdir(origin).and_then(|()| nix::unistd::chdir(directory)) {
        return unable(format!("unable to chdir: {}", error_text(error)));
    }
    let normally_up = match std::fs::metadata(service::DOWN) {
        Ok(_) => false,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => true,
        Err(error) => return unable(format!("unable to stat down: {}", error_text(error))),
    };
    match ok::open_ok(Path::new(".")) {
        Ok(_) => {}
        Err(Errno::ENXIO) => return View::Unable { reason: "supervise not running".into(), not_running: true },
        Err(error) => return unable(format!("unable to open supervise/ok: {}", error_text(error))),
    }
    match Record::of(Path::new(".")) {
        Ok(Some(record)) => View::Supervised(Box::new(Seen::of(Path::new("."), record, normally_up))),
        Ok(None) => unable("unable to read supervise/status: bad format".into()),
        Err(error) => unable(format!("unable to open supervise/status: {}", error_text(error))),
    }
}

/// Seconds of UNIX time.
fn unix_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).map(|d| d.as_secs());
    since.ok().and_then(|s| i64::try_from(s).ok()).unwrap_or(0)
}

impl Seen {
    /// What is seen now in a directory.
    pub fn of(directory: &Path, record: Record, normally_up: bool) -> Self {
        let announces = record.knows_readiness() && announces_readiness(directory);
        Self { record, normally_up, announces, now: unix_now() }
    }

    /// Whether it is ready; `None`: nobody has told its supervise that it will.
    fn readiness(&self) -> Option<bool> {
        let ready = self.record.is_ready();
        (ready || self.announces || !self.record.is_up()).then_some(ready)
    }

    /// Seconds from a time of the record until now; a time in the future is now.
    pub fn seconds_since(&self, time: Tai64n) -> i64 {
        self.now.saturating_sub(time.to_unix().0).max(0)
    }

    /// The word for what runs.
    fn state(&self) -> &'static str {
        match self.record.status.phase {
            Phase::Down if self.record.is_running() => "starting",
            Phase::Down if self.record.status.ended_for_good => "ended",
            Phase::Down => "down",
            Phase::Run => "up",
            Phase::Finish => "finish",
        }
    }
}

/// daemontools' line, without the directory's name.
pub fn line(view: &View) -> String {
    let seen = match view {
        View::Unable { reason, .. } => return reason.clone(),
        View::Supervised(seen) => seen,
    };
    let status = &seen.record.status;
    let up = seen.record.is_running();
    let mut text = if up { format!("up (pid {}) ", status.pid) } else { "down ".into() };
    let _ = write!(text, "{} seconds", seen.seconds_since(status.changed));
    let remarks = [
        (up && !seen.normally_up, ", normally down"),
        (!up && seen.normally_up, ", normally up"),
        (up && status.paused, ", paused"),
        (!up && status.want == Want::Up, ", want up"),
        (up && status.want == Want::Down, ", want down"),
        // daemontools has no such state.
        (!up && status.ended_for_good, ", ended for good"),
    ];
    text.extend(remarks.iter().filter(|(applies, _)| *applies).map(|(_, remark)| *remark));
    text
}

/// One JSON object; what the record's family does not say is null.
pub fn json(directory: &str, view: &View) -> serde_json::Value {
    let seen = match view {
        View::Supervised(seen) => seen,
        View::Unable { reason, not_running } => {
            let supervised = not_running.then_some(false);
            return serde_json::json!({ "dir": directory, "supervised": supervised, "error": reason });
        }
    };
    let status = &seen.record.status;
    let exit = status.last_exit.code().map(u32::from).or(status.last_exit.signal().map(|signal| 128 + signal));
    serde_json::json!({
        "dir": directory,
        "supervised": true,
        "state": seen.state(),
        "pid": Some(status.pid).filter(|pid| *pid != 0),
        "since": seen.seconds_since(status.changed),
        "ready": seen.readiness(),
        "want": match status.want { Want::Up => "up", Want::Down => "down", Want::Once => "once" },
        "paused": status.paused,
        "normally_up": seen.normally_up,
        "deaths": (seen.record.family == Family::Sunup).then_some(status.deaths),
        "exit": exit,
    })
}

/// A column of `-o`: s6's names, and two of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// `true` while a process runs.
    Up,
    /// `true` when it is wanted up.
    WantedUp,
    /// `true` when there is no `down` file.
    NormallyUp,
    /// `true` when it is up and ready.
    Ready,
    /// `true` when it was stopped by `svc -p`.
    Paused,
    /// The process number, or -1.
    Pid,
    /// Its process group, or -1.
    Group,
    /// The exit code of a service that is down, or -1.
    ExitCode,
    /// The name of the signal that ended it, or `NA`.
    Signal,
    /// That signal's number, or -1.
    SignalNumber,
    /// TAI64N label of the last change.
    Since,
    /// TAI64N label of its readiness.
    ReadySince,
    /// Seconds since the last change.
    For,
    /// Seconds since its readiness.
    ReadyFor,
    /// `up`, `down`, `ended` (for good), `starting` or `finish`.
    State,
    /// Unasked ends.
    Deaths,
}

impl Field {
    const NAMES: [(&'static str, Self); 16] = [
        ("up", Self::Up),
        ("wantedup", Self::WantedUp),
        ("normallyup", Self::NormallyUp),
        ("ready", Self::Ready),
        ("paused", Self::Paused),
        ("pid", Self::Pid),
        ("pgid", Self::Group),
        ("exitcode", Self::ExitCode),
        ("signal", Self::Signal),
        ("signum", Self::SignalNumber),
        ("updownsince", Self::Since),
        ("readysince", Self::ReadySince),
        ("updownfor", Self::For),
        ("readyfor", Self::ReadyFor),
        ("state", Self::State),
        ("deaths", Self::Deaths),
    ];

    /// The field with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }
}

/// How a time is labelled.
pub type Label = fn(Tai64n) -> [u8; 25];

/// The fields' values, separated by spaces.
pub fn fields(seen: &Seen, fields: &[Field], label: Label) -> String {
    fields.iter().map(|field| value(seen, *field, label)).collect::<Vec<_>>().join(" ")
}

fn value(seen: &Seen, field: Field, label: Label) -> String {
    let label = |time| String::from_utf8_lossy(&label(time)).into_owned();
    let status = &seen.record.status;
    let ended = if seen.record.is_down() { status.last_exit } else { LastExit::None };
    match field {
        Field::Up => seen.record.is_running().to_string(),
        Field::WantedUp => (status.want == Want::Up).to_string(),
        Field::NormallyUp => seen.normally_up.to_string(),
        Field::Ready => seen.record.is_ready().to_string(),
        Field::Paused => status.paused.to_string(),
        Field::Pid if status.pid == 0 => "-1".into(),
        Field::Pid => status.pid.to_string(),
        Field::Group => group(&seen.record).map_or("-1".into(), |group| group.to_string()),
        Field::ExitCode => ended.code().map_or("-1".into(), |code| code.to_string()),
        Field::Signal => ended.signal().map_or("NA".into(), signal_name),
        Field::SignalNumber => ended.signal().map_or("-1".into(), |signal| signal.to_string()),
        Field::Since => label(status.changed),
        Field::ReadySince => label(status.ready_since),
        Field::For => seen.seconds_since(status.changed).to_string(),
        Field::ReadyFor if status.ready_since.is_never() => "-1".into(),
        Field::ReadyFor => seen.seconds_since(status.ready_since).to_string(),
        Field::State => seen.state().into(),
        Field::Deaths => status.deaths.to_string(),
    }
}

/// The process group of a running service. Each is the leader of its own, unless it was told otherwise; the kernel knows.
pub fn group(record: &Record) -> Option<i32> {
    let pid = i32::try_from(record.status.pid).ok().filter(|_| record.is_up())?;
    nix::unistd::getpgid(Some(nix::unistd::Pid::from_raw(pid))).ok().map(nix::unistd::Pid::as_raw)
}

/// A signal's name, `SIGRTMIN+n` counted from [`RTMIN`].
pub fn signal_name(number: u32) -> String {
    match Signal::try_from(number.cast_signed()) {
        Ok(signal) => signal.as_str().into(),
        Err(_) if number >= RTMIN => format!("SIGRTMIN+{}", number - RTMIN),
        Err(_) => number.to_string(),
    }
}
