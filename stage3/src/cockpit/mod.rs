//! The cockpit: whoever stands at the console sees who keeps the stop waiting, and may do something about it.
//!
//! Every wait for somebody goes through [`attend`]. It never lengthens a wait, but for the time of a shell.

pub mod keyboard;
pub mod shell;
pub mod sight;
pub mod work;

use crate::processes;
use crate::processes::ends::Ends;
use crate::stop::Stop;
use keyboard::{Key, Keyboard};
use sight::Waited;
use std::time::{Duration, Instant};
use supervisor::line::Mark;
use supervisor::sys::signal::SIGKILL;

/// How long nobody is named: most waits are over before.
const QUIET: Duration = Duration::from_secs(3);
/// How often they are named after that.
const SAY: Duration = Duration::from_secs(10);
/// How long anybody is waited for once a second stop is asked for.
const HURRIED: Duration = Duration::from_secs(1);
/// How many are named at a time; the others are only counted.
const NAMED: usize = 10;

/// What is at hand for whoever looks on.
#[derive(Debug)]
pub struct Cockpit {
    keyboard: Option<Keyboard>,
}

impl Cockpit {
    /// Opens the console's keyboard.
    pub fn open() -> Self {
        Self { keyboard: Keyboard::open("/dev/console".as_ref()) }
    }
}

/// How long somebody is waited for.
pub struct Patience<'a> {
    /// So long.
    pub time: Duration,
    /// And not longer, once a second stop is asked for.
    pub hurried: Duration,
    /// Asked when the time is over: whether the same time is to be waited once more. `None`: it is not.
    pub again: Option<&'a mut dyn FnMut() -> bool>,
}

impl Patience<'_> {
    /// The usual: 1 s once it is hurried.
    pub fn of(time: Duration) -> Self {
        Self { time, hurried: HURRIED, again: None }
    }
}

/// Waits by `met`, which gets the time until it is to come back, until it says yes. False: the limit came first, or somebody
/// wants to wait no longer. `who` is asked only when there is somebody to be told, or killed.
pub fn attend(
    stop: &mut Stop,
    mut patience: Patience<'_>,
    who: impl Fn(&Stop) -> Vec<Waited>,
    mut met: impl FnMut(&mut Stop, Duration) -> bool,
) -> bool {
    let (mut end, mut say) = (Instant::now() + patience.time, Instant::now() + QUIET);
    let (mut is_hurried, mut is_told) = (false, false);
    let met = loop {
        stop.watchdog.alive();
        if !is_hurried && stop.events.hurried() {
            is_hurried = true;
            end = end.min(Instant::now() + patience.hurried);
        }
        if met(stop, end.min(say).saturating_duration_since(Instant::now())) {
            break true;
        }
        match key(stop) {
            Some(Key::Skip) => {
                stop.report.line(Mark::Skip, "skipped by key", None);
                break false;
            }
            Some(Key::Kill) => kill(stop, &who(stop)),
            Some(Key::Shell) => end += shell(stop),
            None => {}
        }
        if Instant::now() >= say {
            tell(stop, &who(stop), !is_told);
            is_told = true;
            say = Instant::now() + SAY;
        }
        if Instant::now() >= end {
            if is_hurried || !patience.again.as_mut().is_some_and(|again| again()) {
                break false;
            }
            end += patience.time;
        }
    };
    leave(stop);
    met
}

/// Names them, and listens to the keyboard from then on, whose keys are told once a wait.
fn tell(stop: &mut Stop, who: &[Waited], is_first: bool) {
    listen(stop);
    name(stop, "waiting for", who);
    if stop.cockpit.keyboard.is_some() && is_first {
        let shell = if has_shell(stop) { ", ! opens a shell" } else { "" };
        stop.report.line(Mark::Wait, &format!("keys: k kills them, s waits no longer{shell}"), None);
    }
}

/// Names those who are still there, one a line.
pub fn name(stop: &Stop, why: &str, who: &[Waited]) {
    let lines: Vec<_> = who.iter().filter_map(|waited| waited.describe(&stop.run)).collect();
    for line in lines.iter().take(NAMED) {
        stop.report.line(Mark::Wait, &format!("{why} {line}"), None);
    }
    if lines.len() > NAMED {
        stop.report.line(Mark::Wait, &format!("{why} {} more", lines.len() - NAMED), None);
    }
}

fn listen(stop: &mut Stop) {
    if let Some(keyboard) = &mut stop.cockpit.keyboard {
        keyboard.listen();
        stop.events.listen(Some(keyboard.device()));
    }
}

fn leave(stop: &mut Stop) {
    stop.events.listen(None);
    if let Some(keyboard) = &mut stop.cockpit.keyboard {
        keyboard.leave();
    }
}

/// The key that was pressed while somebody listened.
fn key(stop: &mut Stop) -> Option<Key> {
    if !stop.events.was_typed() {
        return None;
    }
    match stop.cockpit.keyboard.as_mut()?.key() {
        Ok(key) => key,
        Err(()) => {
            // It would be readable for ever.
            stop.events.listen(None);
            stop.cockpit.keyboard = None;
            None
        }
    }
}

/// Kills them, and remembers whom: nobody knows what they did not finish. Who is no process is not reached.
fn kill(stop: &mut Stop, who: &[Waited]) {
    for waited in who {
        let Some(pid) = waited.pid.filter(|pid| *pid > 1 && *pid != std::process::id()) else { continue };
        let command = processes::command(pid);
        if supervisor::sys::process::kill(pid, SIGKILL).is_err() {
            continue;
        }
        stop.report.line(Mark::Wait, &format!("killed by key: pid {pid}, {command}"), None);
        match &waited.name {
            Some(name) => stop.killed_units.push(name.clone()),
            None if stop.killed.iter().any(|(known, _)| *known == pid) => {}
            None => stop.killed.push((pid, command)),
        }
    }
}

/// The programs lie below the old root once the root was changed.
fn has_shell(stop: &Stop) -> bool {
    stop.root.as_os_str() == "/"
}

/// A shell; the stop goes on when it ends, or when somebody hurries. Answers how long that was.
fn shell(stop: &mut Stop) -> Duration {
    let start = Instant::now();
    if !has_shell(stop) {
        return Duration::ZERO;
    }
    leave(stop);
    match shell::start(&stop.run) {
        Ok(mut child) => {
            while child.try_wait().is_ok_and(|ended| ended.is_none()) && !stop.events.hurried() {
                stop.watchdog.alive();
                stop.events.until_ended(Ends::of_child(child.id()), SAY);
            }
            let _ = child.kill();
            let _ = child.wait();
            // Before it is said, or a key that follows at once would be taken for the shell's.
            listen(stop);
            stop.report.line(Mark::Wait, "the shell has ended", None);
        }
        Err(error) => {
            listen(stop);
            stop.report.line(Mark::Fail, &format!("unable to start a shell: {error}"), None);
        }
    }
    start.elapsed()
}
