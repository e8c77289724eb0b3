//! What s6's own supervise makes of some of a unit's keys: nothing. `unit(5)` has the same as a table.
//!
//! Everything in `run` works everywhere, and so does what the engine does itself. These keys are files that a supervise has
//! to know.

use units::{Kind, Longrun, Readiness, Restart, Scanner, Unit};

/// A key whose file it does not know, and what happens then.
struct Known {
    key: &'static str,
    is_used: fn(&Longrun) -> bool,
    otherwise: &'static str,
}

const KEYS: [Known; 8] = [
    Known { key: "restart", is_used: |it| it.restart != Restart::Always, otherwise: "it is always started again" },
    Known {
        key: "max-deaths",
        is_used: |it| it.max_deaths.is_some(),
        otherwise: "it is started again however often it dies",
    },
    Known {
        key: "ready: notify",
        is_used: |it| it.ready == Some(Readiness::Notify),
        otherwise: "nobody hears it, and it fails when its start-timeout is over",
    },
    Known { key: "watchdog", is_used: |it| it.watchdog.is_some(), otherwise: "nobody notices its silence" },
    Known {
        key: "sockets",
        is_used: |it| !it.sockets.is_empty(),
        otherwise: "they are not opened, and the service has to do it",
    },
    Known {
        key: "forks",
        is_used: |it| it.forks,
        otherwise: "its going into the background is taken for its end, and it is started again",
    },
    Known { key: "reload", is_used: |it| it.reload.is_some(), otherwise: "it gets HUP, or nothing" },
    Known { key: "cgroup", is_used: |it| !it.context.cgroup.is_empty(), otherwise: "it is in no group of its own" },
];

/// What a scanner would drop of a unit, in words, a message each. daemontools' and runit's find their supervise in PATH, and
/// that is ours (decision 0057); s6's does if it was built so, which is not known before it is process 1.
pub fn dropped(unit: &Unit, scanner: Scanner) -> Vec<String> {
    let Kind::Longrun(longrun) = &unit.kind else { return Vec::new() };
    let message = |known: &Known| format!("\"{}\" means nothing under s6's supervise: {}", known.key, known.otherwise);
    let is_dropped = |known: &&Known| scanner == Scanner::S6 && (known.is_used)(longrun);
    KEYS.iter().filter(is_dropped).map(message).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use units::UnitSet;

    /// Every key is dropped by whom the table says.
    #[test]
    fn who_drops_what() {
        for (keys, s6) in [
            ("restart: never", 1),
            ("restart: always", 0),
            ("max-deaths: 5 in 1m", 1),
            ("ready: notify", 1),
            ("ready: notify\nwatchdog: 5s", 2),
            ("ready: {fd: 3}", 0),
            ("ready: {file: /x}", 0),
            ("sockets: ['unix:///x']", 1),
            ("forks: true\npidfile: /x", 1),
            ("stop-signal: INT", 0),
            ("stop-timeout: 5s", 0),
            ("reload: [x]", 1),
            ("cgroup: {pids.max: 5}", 1),
            ("user: www\nlimits: {core: 0}\nprivate-tmp: true\nlog: none", 0),
        ] {
            let set = UnitSet::from_texts(&[("/u/x.yaml", &format!("kind: longrun\nrun: [x]\n{keys}\n"))]);
            let unit = set.get("x").unwrap_or_else(|| panic!("{keys}: {:?}", set.diagnostics()));
            let counts =
                [Scanner::Sunup, Scanner::S6, Scanner::Runit, Scanner::Daemontools].map(|s| dropped(unit, s).len());
            assert_eq!(counts, [0, s6, 0, 0], "{keys}");
        }
    }

    /// The words of a message.
    #[test]
    fn words() {
        let set = UnitSet::from_texts(&[("/u/x.yaml", "kind: longrun\nrun: [x]\nrestart: never\n")]);
        let messages = dropped(set.get("x").unwrap(), Scanner::S6);
        assert_eq!(messages, ["\"restart\" means nothing under s6's supervise: it is always started again"]);
    }
}
