//! States of units as an operator sees them: the engine's state files, overlaid with what supervise knows now.

use std::fs;
use std::path::Path;

use supervisor::state::State;
use supervisor::status::{LastExit, Phase, Status, Want};

use super::failure::Failure;
use crate::record::state_file::StateFile;
use crate::service::SupervisedService;
use crate::system::places::Places;

/// Every state file in `directory`, sorted by name. One that cannot be read is left out: it is being replaced.
pub fn read_all(directory: &Path) -> Vec<StateFile> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    names.iter().filter_map(|name| StateFile::read(directory, name)).collect()
}

/// The same with supervise's knowledge of now.
pub fn read_all_now(places: &Places) -> Vec<StateFile> {
    let mut states = read_all(&places.states());
    for state in states.iter_mut().filter(|state| state.kind == "longrun") {
        let service = SupervisedService::new(places.service(&state.unit));
        if let Some(status) = service.status() {
            overlay(state, &status);
            if service.is_left() {
                settle(state);
            }
        }
    }
    states
}

/// The same where sunup runs, even if nothing has begun; elsewhere nothing is what it seems.
pub fn of_running(places: &Places) -> Result<Vec<StateFile>, Failure> {
    if !places.run.is_dir() {
        return Err(Failure::nobody(places, format!("unable to read states: {} is not there", places.run.display())));
    }
    let all = read_all_now(places);
    // Where a scanner reads its orders, as far as we may know, nothing has begun yet.
    if all.is_empty() && places.scanner().is_err() {
        return Err(Failure::nobody(places, format!("no unit has a state in {}", places.states().display())));
    }
    Ok(all)
}

/// Puts what the record says over what the engine knew at its last run.
fn overlay(file: &mut StateFile, status: &Status) {
    let (state, reason) = match (file.state, status.phase, status.want) {
        (State::Skipped | State::Waiting, ..) => return,
        (State::Failed | State::Down, ..) if status.ended_for_good => (file.state, None),
        _ if status.ended_for_good && status.last_exit.code() == Some(0) => (State::Down, Some(ended_text(status))),
        _ if status.ended_for_good => (State::Failed, Some(ended_text(status))),
        (State::Starting | State::Stopping | State::Degraded, Phase::Run, _) => (file.state, None),
        (_, Phase::Run, _) => (State::Up, None),
        (State::Up | State::Degraded, _, Want::Up) => (State::Starting, Some(ended_text(status))),
        (State::Up | State::Degraded, ..) => (State::Down, None),
        (known, ..) => (known, None),
    };
    if state != file.state {
        file.reason = reason;
    }
    file.state = state;
    file.pid = (status.pid != 0).then_some(status.pid);
    file.since_ns = status.changed_boot_ns;
    file.deaths = status.deaths;
}

/// Nobody looks after it any more: what is not up comes no further.
fn settle(file: &mut StateFile) {
    if matches!(file.state, State::Starting | State::Stopping) && file.pid.is_none() {
        file.state = State::Down;
        file.reason = Some("its supervise has ended".into());
    }
}

fn ended_text(status: &Status) -> String {
    match (status.last_exit, status.last_exit.code(), status.last_exit.signal()) {
        (_, Some(code), _) => format!("ended with exit {code}"),
        (_, _, Some(signal)) => format!("ended by signal {signal}"),
        (LastExit::None, ..) => "not started yet".to_owned(),
        _ => "ended unseen".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(known: State, status: Status, expected: (State, Option<u32>, Option<&str>)) {
        let mut file = StateFile { pid: Some(1), ..StateFile::new("a", "longrun", known, 5) };
        overlay(&mut file, &status);
        assert_eq!((file.state, file.pid, file.reason.as_deref()), expected);
    }

    /// What supervise knows now wins over what the engine knew at its last run, but for what only the engine knows.
    #[test]
    fn supervise_knows_better() {
        let running = Status { pid: 9, phase: Phase::Run, ..Status::NEW };
        let crashed = Status { last_exit: LastExit::Status(0x300), deaths: 2, ..Status::NEW };
        let downed = Status { want: Want::Down, ..Status::NEW };
        let ended = Status { ended_for_good: true, last_exit: LastExit::Status(9), ..Status::NEW };
        check(State::Up, running, (State::Up, Some(9), None));
        check(State::Starting, running, (State::Starting, Some(9), None));
        check(State::Failed, running, (State::Up, Some(9), None));
        check(State::Up, crashed, (State::Starting, None, Some("ended with exit 3")));
        check(State::Up, downed, (State::Down, None, None));
        check(State::Up, ended, (State::Failed, None, Some("ended by signal 9")));
        check(State::Skipped, running, (State::Skipped, Some(1), None));
        let done = Status { last_exit: LastExit::Status(0), ..ended };
        check(State::Up, done, (State::Down, None, Some("ended with exit 0")));
        check(State::Down, done, (State::Down, None, None));
        check(State::Failed, done, (State::Failed, None, None));
    }

    /// Without a supervise nothing is on its way any more.
    #[test]
    fn without_a_supervise() {
        for (state, pid, expected) in [
            (State::Starting, None, State::Down),
            (State::Stopping, None, State::Down),
            (State::Up, Some(7), State::Up),
            (State::Failed, None, State::Failed),
        ] {
            let mut file = StateFile { pid, ..StateFile::new("a", "longrun", state, 5) };
            settle(&mut file);
            assert_eq!(file.state, expected);
        }
    }
}
