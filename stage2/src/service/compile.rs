//! What a longrun's keys become: the files of its service directory.
//!
//! A key that is not given has no file, so that its default is the reader's, whichever supervise that is. The table of
//! `unit(5)` says which files which supervise knows.

use std::path::{Path, PathBuf};

use supervisor::paths::service;
use units::{Command, Context, KillMode, Longrun, Program, Readiness, Restart, Unit};

use super::confinement::Confinement;
use super::directory::{LOG_NOTIFICATION_FD, LOG_RUN, Logger, RELOAD, RELOAD_SCRIPT, SCRIPT, ServiceDirectory};
use super::scripts::{self, Generated};

/// What a service directory depends on besides its unit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// The control-group leaf, where there are control groups.
    pub cgroup: Option<PathBuf>,
    /// Its own logger, where it has one.
    pub logger: Option<Logger>,
    /// The program `confine`.
    pub confine: PathBuf,
    /// The service that hears of the service's end for good.
    pub wakes: Option<PathBuf>,
}

/// Compiles a longrun. `directory`: what is linked from its `servicedir`, or nothing.
pub fn compile(
    unit: &Unit,
    longrun: &Longrun,
    settings: &Settings,
    mut directory: ServiceDirectory,
) -> ServiceDirectory {
    match &longrun.program {
        Program::Command(command) => {
            add_run(&mut directory, command, &longrun.context, &settings.confine);
            add_policy(&mut directory, longrun);
            add_way_down(&mut directory, unit, longrun);
        }
        Program::ServiceDirectory(_) => {
            if !directory.has(service::TIMEOUT_KILL) {
                directory.line(service::TIMEOUT_KILL, unit.stop_timeout.as_millis());
            }
            if !directory.has(service::KILL_MODE) {
                directory.line(service::KILL_MODE, "cgroup");
            }
        }
    }
    add_readiness(&mut directory, longrun);
    if let Some(command) = &longrun.reload {
        let is_elsewhere = longrun.context.directory.is_some();
        let confinement = Confinement::of(&longrun.context, &settings.confine);
        add_program(
            &mut directory,
            RELOAD,
            RELOAD_SCRIPT,
            scripts::reload(command, confinement.as_ref(), is_elsewhere),
        );
    }
    if let Some(leaf) = &settings.cgroup {
        directory.line(service::CGROUP, leaf.display());
    }
    if let Some(woken) = &settings.wakes {
        directory.line(service::WAKES, woken.display());
    }
    directory.line(service::DATA_UNIT, format_args!("{}:{}", unit.place.file.display(), unit.place.line.max(1)));
    if let Some(logger) = &settings.logger {
        directory.program(LOG_RUN, scripts::log(unit, &longrun.log, logger));
        directory.line(LOG_NOTIFICATION_FD, 3);
    }
    directory
}

fn add_run(directory: &mut ServiceDirectory, command: &Command, context: &Context, confine: &Path) {
    let confinement = Confinement::of(context, confine);
    let run = scripts::run(command, confinement.as_ref(), context.directory.is_some());
    add_program(directory, service::RUN, SCRIPT, run);
}

fn add_program(directory: &mut ServiceDirectory, name: &str, script: &str, generated: Generated) {
    directory.program(name, generated.program);
    if let Some(text) = generated.script {
        directory.program(script, text);
    }
}

/// When it is started again, what it is handed, how it is followed.
fn add_policy(directory: &mut ServiceDirectory, longrun: &Longrun) {
    let restart = Restart::ALL.iter().find(|(restart, _)| *restart == longrun.restart);
    if let Some((_, word)) = restart.filter(|_| longrun.restart != Restart::default()) {
        directory.line(service::RESTART, word);
    }
    if let Some(deaths) = longrun.max_deaths {
        directory.line(service::MAX_DEATHS, format_args!("{} {}", deaths.count, deaths.within.as_millis()));
    }
    if longrun.forks {
        directory.text(service::SUBREAPER, String::new());
    }
    if let Some(path) = &longrun.pidfile {
        directory.line(service::PIDFILE, path.display());
    }
    if !longrun.sockets.is_empty() {
        directory.text(service::SOCKETS, longrun.sockets.iter().map(|socket| format!("{socket}\n")).collect());
    }
}

fn add_way_down(directory: &mut ServiceDirectory, unit: &Unit, longrun: &Longrun) {
    directory.line(service::TIMEOUT_KILL, unit.stop_timeout.as_millis());
    let kill_mode = KillMode::ALL.iter().find(|(mode, _)| *mode == longrun.kill_mode);
    if let Some((_, word)) = kill_mode {
        directory.line(service::KILL_MODE, word);
    }
    if let Some(signal) = longrun.stop_signal {
        directory.line(service::DOWN_SIGNAL, signal);
    }
}

/// What supervise hears itself. The other ways to get ready are the engine's.
fn add_readiness(directory: &mut ServiceDirectory, longrun: &Longrun) {
    match &longrun.ready {
        Some(Readiness::Descriptor(number)) => directory.line(service::NOTIFICATION_FD, number),
        Some(Readiness::Notify) => directory.line(service::NOTIFY, who_notifies(longrun)),
        Some(Readiness::Tcp { .. } | Readiness::Socket(_) | Readiness::File(_) | Readiness::Exec { .. }) | None => {}
    }
    if let Some(silence) = longrun.watchdog {
        directory.line(service::WATCHDOG, silence.as_millis());
    }
}

/// A command is the main process itself. A script may leave it to another, such as systemd-notify, and so may what goes
/// into the background.
fn who_notifies(longrun: &Longrun) -> &'static str {
    match longrun.command() {
        Some(Command::Argv(_)) if !longrun.forks => "main",
        Some(_) | None => "all",
    }
}
