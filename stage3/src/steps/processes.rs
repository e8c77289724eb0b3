//! Step 3: TERM, CONT and KILL to everything but process 1, ourselves, the loggers and their supervises.
//!
//! Signals go to one process at a time, found by walking /proc until nothing new is there; never to everyone.
//! A process with `@` before its name carries the root's storage and is spared until [`last`].

use crate::cockpit::{self, Patience, sight::Waited};
use crate::processes::ends::Ends;
use crate::processes::patience::outlasting;
use crate::processes::{self, Life, Process, others};
use crate::report::leftovers::counted;
use crate::services::{self, Role};
use crate::stop::Stop;
use crate::waiting::bounded::within;
use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::{Duration, Instant};
use supervisor::paths::service;
use supervisor::sys::signal::{SIGCONT, SIGHUP, SIGKILL, SIGTERM};

/// From TERM to KILL.
const GRACE: Duration = Duration::from_secs(3);
/// How long those may take that were born late: a busy host starts and ends a wrapper in half a second.
const PASSING: Duration = Duration::from_secs(2);
/// How long those are waited for that get KILL again and again; then they are left alone.
const KILL_LIMIT: Duration = Duration::from_secs(10);
/// How long one round of KILL is waited for.
const ROUND: Duration = Duration::from_secs(2);
/// How long a look at a file that a process has open may take.
const LOOK: Duration = Duration::from_secs(1);

/// Ends them, politely first.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    let asked = terminate(stop);
    let doomed = outlasting(stop, asked, PASSING, targets, ask);
    cockpit::name(stop, "does not end when asked:", &waited(&doomed));
    note_killed(stop, &doomed);
    let left = kill(stop, targets);
    match (stop.killed.as_slice(), left) {
        (_, left) if left > 0 => Err(format!("{left} processes survived KILL")),
        ([], _) => Ok(()),
        (killed, _) => {
            let names: Vec<_> = killed.iter().map(|(pid, command)| format!("{pid} {command}")).collect();
            Err(format!("ended only by KILL: {}", names.join(", ")))
        }
    }
}

/// The last round, once no filesystem needs a storage daemon any more; one that an initramfs ends is spared. Else nobody is:
/// the loggers have ended, so what supervises one now was brought back by the scanner for a message of its own.
pub fn last(stop: &mut Stop) {
    kill(stop, |stop| counted(stop).into_iter().filter(|process| !stop.survivors.contains(&process.life())).collect());
}

/// Asks every process once, new ones included, and waits until all have ended or the grace is over.
fn terminate(stop: &mut Stop) -> HashSet<Life> {
    let start = Instant::now();
    let mut asked = HashSet::new();
    while let Some(left) = GRACE.checked_sub(start.elapsed()) {
        let targets = targets(stop);
        let ends = Ends::of(targets.iter().map(Process::life));
        let new: Vec<_> = targets.iter().filter(|process| asked.insert(process.life())).collect();
        if targets.is_empty() {
            break;
        }
        new.iter().for_each(|process| ask(process));
        if !stop.events.until_ended(ends, left) {
            break;
        }
    }
    asked
}

/// Loggers that did not end when told to are killed in the last round, and named. A stage 3 that has just told us to hurry
/// ends by itself.
pub fn note_loggers(stop: &mut Stop) {
    let mut doomed = outlasting(stop, stop.survivors.clone(), PASSING, |_| others(), |_| ());
    doomed.retain(|process| !stop.survivors.contains(&process.life()) && !processes::is_storage_daemon(process.pid));
    note_killed(stop, &doomed);
}

fn note_killed(stop: &mut Stop, doomed: &[Process]) {
    stop.killed.extend(doomed.iter().map(|process| (process.pid, processes::command(process.pid))));
}

/// TERM; HUP for those on a terminal, since interactive shells ignore TERM; CONT, so that stopped ones get it.
fn ask(process: &Process) {
    send(process.pid, SIGTERM);
    if process.terminal {
        send(process.pid, SIGHUP);
    }
    send(process.pid, SIGCONT);
}

/// Kills until nobody is left. Answers how many are.
fn kill(stop: &mut Stop, chosen: fn(&Stop) -> Vec<Process>) -> usize {
    let ended = cockpit::attend(
        stop,
        Patience::of(KILL_LIMIT),
        |stop| waited(&chosen(stop)),
        |stop, time| {
            let targets = chosen(stop);
            let ends = Ends::of(targets.iter().map(Process::life));
            targets.iter().for_each(|process| send(process.pid, SIGKILL));
            stop.events.until_ended(ends, time.min(ROUND));
            chosen(stop).is_empty()
        },
    );
    let left = if ended { Vec::new() } else { chosen(stop) };
    stop.survivors.extend(left.iter().map(Process::life));
    left.len()
}

fn waited(processes: &[Process]) -> Vec<Waited> {
    processes.iter().map(|process| Waited::process(process.pid)).collect()
}

fn send(pid: u32, signal: u32) {
    let _ = supervisor::sys::process::kill(pid, signal);
}

/// Those to be ended now: not the root's storage, not those that still log.
fn targets(stop: &Stop) -> Vec<Process> {
    let mut targets = others();
    let spared = loggers(stop, &targets);
    targets.retain(|process| !spared.contains(&process.pid) && !processes::is_storage_daemon(process.pid));
    targets
}

/// The supervises of loggers, known by the lock they hold, who keeps those, the loggers, and what those started.
fn loggers(stop: &Stop, table: &[Process]) -> HashSet<u32> {
    let mut spared = HashSet::new();
    let services = services::all(&stop.run);
    let loggers = || services.iter().filter(|service| service.role != Role::Service && service.is_supervised());
    let locks: HashSet<_> = loggers().filter_map(services::Service::lock_identity).collect();
    if locks.is_empty() {
        return spared;
    }
    let supervises: Vec<_> = table.iter().filter(|process| holds(process.pid, &locks)).collect();
    for pid in loggers().filter_map(services::Service::status).map(|status| status.pid).filter(|pid| *pid > 1) {
        spared.extend(processes::tree(table, pid));
    }
    let foreign = loggers().any(|service| service.status().is_none());
    for supervise in supervises {
        spared.insert(supervise.pid);
        spared.extend(pair(table, supervise));
        if foreign {
            spared.extend(processes::tree(table, supervise.pid));
        }
    }
    spared
}

/// Who keeps a service's supervise and its logger's, under a scanner that leaves that to somebody, as runit's does: it leaves
/// when the logger does.
fn pair(table: &[Process], supervise: &Process) -> Option<u32> {
    let is_it = |process: &&Process| process.pid == supervise.parent && process.parent == 1;
    // Under every other scanner process 1 itself does, and there is nobody to be looked for.
    if supervise.parent == 1 { None } else { table.iter().find(is_it).map(|process| process.pid) }
}

/// The process has one of these lock files open. Only what is called so is looked at closely, and not for long: a file on a
/// dead server would never answer.
fn holds(pid: u32, files: &HashSet<(u64, u64)>) -> bool {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return false };
    let links = entries.flatten().map(|entry| entry.path());
    let locks = links.filter(|link| fs::read_link(link).is_ok_and(|path| path.ends_with(service::LOCK)));
    locks
        .filter_map(|lock| within(LOOK, move || fs::metadata(lock))?.ok())
        .any(|data| files.contains(&(data.dev(), data.ino())))
}
