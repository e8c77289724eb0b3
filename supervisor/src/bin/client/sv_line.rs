//! A service's state in the words of runit's `sv`.

use super::record::Record;
use supervisor::status::{Phase, Want};

/// `run: NAME: (pid 7) 3s, paused`. `now` is seconds since 1970; `normally_up` is whether there is no `down` file.
pub fn line(name: &str, record: &Record, normally_up: bool, now: i64) -> String {
    let status = &record.status;
    let word = match status.phase {
        Phase::Down => "down",
        Phase::Run => "run",
        Phase::Finish => "finish",
    };
    let pid = if status.phase == Phase::Down { String::new() } else { format!("(pid {}) ", status.pid) };
    let age = now.saturating_sub(status.changed.to_unix().0).max(0);
    let runs = record.is_running();
    let remarks = [
        (runs && !normally_up, ", normally down"),
        (!runs && normally_up, ", normally up"),
        (runs && status.paused, ", paused"),
        (!runs && status.want == Want::Up, ", want up"),
        // To runit, once is down from now on.
        (runs && status.want != Want::Up, ", want down"),
        (runs && status.got_term, ", got TERM"),
        // runit has no such state.
        (!runs && status.ended_for_good, ", ended for good"),
    ];
    let remarks: String = remarks.iter().filter(|(holds, _)| *holds).map(|(_, text)| *text).collect();
    format!("{word}: {name}: {pid}{age}s{remarks}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::client::record::Family;
    use supervisor::status::Status;
    use supervisor::tai::Tai64n;

    /// Each remark stands where runit's `sv` has it.
    #[test]
    fn lines() {
        let record = |status| Record { family: Family::Sunup, status };
        let changed = Tai64n::from_unix(100, 0);
        let run = Status { changed, pid: 7, phase: Phase::Run, paused: true, want: Want::Down, ..Status::NEW };
        assert_eq!(line("a", &record(run), true, 103), "run: a: (pid 7) 3s, paused, want down");
        assert_eq!(line("a", &record(run), false, 103), "run: a: (pid 7) 3s, normally down, paused, want down");
        let once = Status { paused: false, want: Want::Once, ..run };
        assert_eq!(line("a", &record(once), true, 103), "run: a: (pid 7) 3s, want down");
        let down = Status { changed, ..Status::NEW };
        assert_eq!(line("a", &record(down), true, 99), "down: a: 0s, normally up, want up");
        let ended = Status { changed, want: Want::Down, ended_for_good: true, ..Status::NEW };
        assert_eq!(line("a", &record(ended), true, 100), "down: a: 0s, normally up, ended for good");
        let finish = Status { changed, pid: 9, phase: Phase::Finish, got_term: true, ..Status::NEW };
        assert_eq!(line("a", &record(finish), true, 100), "finish: a: (pid 9) 0s, got TERM");
    }
}
