//! Step 1: the engine stops all units in reverse order.
//!
//! The engine alone knows the order. If it does not answer within its deadline (90 s unless sunup.yaml says otherwise), dies twice, or is not supervised, the stop goes
//! on without order.

use crate::cockpit::{self, Patience, sight::Waited};
use crate::json::number;
use crate::room;
use crate::services::{Role, Service};
use crate::stop::Stop;
use std::fs;
use std::path::Path;
use std::time::Duration;
use supervisor::control::supervise::UP;
use supervisor::paths::{requests, run, service};
use supervisor::state::State;
use supervisor::status::{Status, Want};

/// How long until patience ends, where nothing else is said.
const PATIENCE: Duration = Duration::from_secs(90);
/// How long the scanner may take to bring back a supervise of the engine that has just died.
const RETURN: Duration = Duration::from_secs(3);
/// The engine may die once on the way.
const DEATHS: u32 = 2;
/// The engine's service.
const ENGINE: &str = "engine";

/// What a look at the engine shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Progress {
    Working,
    Answered,
    Died,
    Unsupervised,
}

/// Asks the engine and waits for its answer.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    let directory = stop.run.join(run::REQUESTS);
    let engine_directory = stop.run.join(run::SERVICE).join(ENGINE);
    let engine = Service { name: ENGINE.into(), directory: engine_directory, role: Role::Service };
    let deaths = engine.status().map_or(0, |status| status.deaths);
    let result = ask(&stop.run, &directory).and_then(|()| {
        stop.events.add_changes(&directory);
        engine.watch(&mut stop.events);
        if engine.directory.exists() && !engine.is_supervised() {
            stop.events.until(RETURN, || engine.is_supervised());
        }
        match wait(stop, &engine, || look(&directory, &engine, deaths)) {
            Progress::Answered => judge(&directory),
            Progress::Working => Err("the engine did not answer in time; going on without order".into()),
            Progress::Died => Err("the engine died twice; going on without order".into()),
            Progress::Unsupervised => Err("the engine is not supervised; going on without order".into()),
        }
    });
    stop.engine_stuck = !directory.join(format!("{}{}", requests::STOP, requests::DONE)).exists();
    result
}

/// Puts the request where the engine looks first.
fn ask(run: &Path, directory: &Path) -> Result<(), String> {
    let path = directory.join(requests::STOP);
    let new = directory.join(format!(".{}.new", requests::STOP));
    let _ = fs::remove_file(directory.join(format!("{}{}", requests::STOP, requests::DONE)));
    let request = "{\"v\":1,\"verb\":\"stop-all\",\"units\":[]}\n";
    room::beside_answers(run, || fs::write(&new, request))
        .and_then(|()| fs::rename(&new, &path))
        .map_err(|error| format!("unable to write '{}': {error}; going on without order", path.display()))
}

/// Looks at the files; ups an engine that lies down while the request is not answered.
fn look(directory: &Path, engine: &Service, deaths_before: u32) -> Progress {
    if directory.join(format!("{}{}", requests::STOP, requests::DONE)).exists() {
        return Progress::Answered;
    }
    if !engine.is_supervised() {
        return Progress::Unsupervised;
    }
    let Some(status) = engine.status() else { return Progress::Working };
    if status.deaths.saturating_sub(deaths_before) >= DEATHS {
        return Progress::Died;
    }
    // One that is wanted up comes back by itself; telling it again would only be answered by another event.
    if status.pid == 0 && status.want != Want::Up {
        engine.tell(&[UP]);
    }
    Progress::Working
}

/// Waits, and ups the engine again and again.
fn wait(stop: &mut Stop, engine: &Service, look: impl Fn() -> Progress) -> Progress {
    let limit = patience(&stop.run);
    let mut progress = Progress::Working;
    cockpit::attend(
        stop,
        Patience::of(limit),
        |stop| waited(&stop.run, engine),
        |stop, time| {
            engine.tell(&[UP]);
            stop.events.until(time, || {
                progress = look();
                progress != Progress::Working
            })
        },
    );
    progress
}

/// How long the engine may take: as it has written down itself.
fn patience(run: &Path) -> Duration {
    let text = fs::read_to_string(run.join(run::STOP_DEADLINE)).ok();
    let milliseconds = text.and_then(|text| text.trim_end().parse().ok());
    milliseconds.map_or(PATIENCE, Duration::from_millis)
}

/// What the engine answered.
fn judge(directory: &Path) -> Result<(), String> {
    let path = directory.join(format!("{}{}", requests::STOP, requests::DONE));
    let answer = fs::read_to_string(path).unwrap_or_default();
    if number(&answer, "exit") == Some(0) {
        return Ok(());
    }
    let names = not_stopped(&answer);
    let colon = if names.is_empty() { "" } else { ": " };
    Err(format!("some units did not stop as they should{colon}{}", names.join(", ")))
}

/// The units of an answer that did not get down, each with its state. Names of units and of states are plain words.
fn not_stopped(answer: &str) -> Vec<String> {
    let Some((_, after)) = answer.split_once("\"units\":") else { return Vec::new() };
    let Some(list) = after.trim_start().strip_prefix('{').and_then(|list| list.split('}').next()) else {
        return Vec::new();
    };
    let words = |pair: &str| pair.split_once(':').map(|(name, state)| (unquoted(name), unquoted(state)));
    let got_there = [State::Down.name(), State::Skipped.name()];
    let pairs = list.split(',').filter_map(words).filter(|(_, state)| !got_there.contains(&state.as_str()));
    pairs.map(|(name, state)| format!("{name} ({state})")).collect()
}

fn unquoted(word: &str) -> String {
    word.trim().trim_matches('"').into()
}

/// The units that are stopping, or the engine while it says of none that it is.
fn waited(run: &Path, engine: &Service) -> Vec<Waited> {
    let units = stopping(run);
    if !units.is_empty() {
        return units;
    }
    vec![Waited::service("the engine", engine.status().map(|status| status.pid))]
}

/// The units that are stopping, in order.
fn stopping(run: &Path) -> Vec<Waited> {
    let Ok(entries) = fs::read_dir(run.join(run::STATE)) else { return Vec::new() };
    let stopping = format!("\"state\":\"{}\"", State::Stopping.name());
    let mut units = Vec::new();
    for entry in entries.flatten() {
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        if text.contains(&stopping) {
            let name = entry.file_name().to_string_lossy().into_owned();
            let pid = supervised_pid(run, &name).or_else(|| u32::try_from(number(&text, "pid")?).ok());
            units.push(Waited::service(name, pid));
        }
    }
    units.sort_by(|one, other| one.name.cmp(&other.name));
    units
}

/// The process of a supervised unit, newer than its state file says.
fn supervised_pid(run: &Path, name: &str) -> Option<u32> {
    let record = fs::read(run.join(run::SERVICE).join(name).join(service::STATUS)).ok()?;
    Status::unpack(&record).map(|status| status.pid).filter(|pid| *pid != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The units that are not down are named, wherever spaces are.
    #[test]
    fn names_who_did_not_stop() {
        let answer =
            r#"{"v":1,"exit":1,"error":null,"units":{"a":"down","web":"failed","b": "stopping","s":"skipped"}}"#;
        assert_eq!(not_stopped(answer), ["web (failed)", "b (stopping)"]);
        assert_eq!(not_stopped(r#"{"v":1,"exit":1,"error":null,"units":{}}"#), [""; 0]);
        assert_eq!(not_stopped(""), [""; 0]);
    }

    /// Only units that are stopping are named.
    #[test]
    fn names_who_is_stopping() {
        let run = std::env::temp_dir().join(format!("sunup-stage3-units-{}", std::process::id()));
        fs::create_dir_all(run.join("state")).unwrap();
        fs::write(run.join("state/up"), r#"{"v":1,"unit":"up","state":"up","pid":1}"#).unwrap();
        fs::write(run.join("state/slow"), r#"{"v":1,"unit":"slow","state":"stopping","pid":null}"#).unwrap();
        assert_eq!(stopping(&run), [Waited::service("slow", None)]);
        fs::remove_dir_all(run).unwrap();
    }
}
