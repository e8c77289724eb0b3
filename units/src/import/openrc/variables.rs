//! Assignments of a script → what `run` or openrc-run reads.

use super::script::Script;
use crate::import::report::Verdict;
use crate::import::shell;
use crate::import::sketch::{Report, Sketch};

/// Beginnings of variables that OpenRC itself reads, which nothing does in a longrun, and why nothing is lost or what is.
pub(in crate::import) const UNREAD: [(&str, &str); 20] = [
    ("capabilities", "write it as capabilities"),
    ("chroot", "it has the root of the system"),
    ("cgroup", "each unit has a control group of its own"),
    ("command_args_background", "it stays in the foreground"),
    ("command_progress", "there are no dots to print"),
    ("description_", "there are no further verbs"),
    ("error_", "every unit has a log of its own"),
    ("extra_", "there are no further verbs"),
    ("healthcheck_", "nobody asks whether it is well once it is up"),
    ("input_", "standard input is /dev/null"),
    ("in_background_fake", "openrc-run does not run it"),
    ("no_new_privs", "write it as no-new-privileges"),
    ("opts", "there are no further verbs"),
    ("output_", "every unit has a log of its own"),
    ("procname", "supervise knows the process"),
    ("rc_", "openrc-run does not run it"),
    ("respawn_", "max-deaths needs respawn_max and respawn_period; waits grow from 1 s to 60 s"),
    ("retry", "a stop is stop-signal, and after stop-timeout KILL"),
    ("secbits", "has no counterpart"),
    ("start_stop_daemon", "start-stop-daemon does not run it"),
];

/// Tells of every assignment, and of the other lines outside of functions.
pub(super) fn tell(script: &Script, sketch: &mut Sketch, report: &mut Report) {
    for (name, value, line) in &script.assignments {
        let verdict = variable(name, value, sketch);
        report.tell(name, report.place(*line), verdict);
    }
    for line in &script.others {
        let verdict = match sketch.kind {
            "longrun" => Verdict::dropped("not an assignment")
                .decide(format!("see whether run needs this: {}", line.text.trim())),
            _ => Verdict::kept("read by openrc-run"),
        };
        report.tell(&line.text, report.place(line.number), verdict);
    }
}

fn variable(name: &str, value: &str, sketch: &mut Sketch) -> Verdict {
    let unread = UNREAD.iter().find(|(begin, _)| name.starts_with(begin));
    match (name, sketch.kind, unread) {
        ("description", ..) if shell::literal(value).is_some() => Verdict::kept("as description"),
        ("required_files" | "required_dirs", ..) => required(value, sketch),
        ("pidfile", "longrun", _) if sketch.has("pidfile") => Verdict::kept("as pidfile"),
        ("pidfile", "longrun", _) => Verdict::dropped("supervise knows the process"),
        ("stopsig", "longrun", _) if sketch.has("stop-signal") => Verdict::kept("as stop-signal"),
        ("notify", "longrun", _) if sketch.has("ready") => Verdict::kept("as ready: fd"),
        ("respawn_max" | "respawn_period", "longrun", _) if sketch.has("max-deaths") => {
            Verdict::approximated("as max-deaths; waits between starts grow, so that fewer fit")
        }
        (_, "longrun", Some((_, why))) => Verdict::dropped(*why),
        (_, "longrun", None) => Verdict::approximated("a line of run"),
        _ => Verdict::kept("read by openrc-run"),
    }
}

fn required(value: &str, sketch: &mut Sketch) -> Verdict {
    let paths = || value.trim().trim_matches(['"', '\'']).split_whitespace();
    match paths().all(|path| path.starts_with('/') && !path.contains(['$', '`'])) {
        true => {
            paths().for_each(|path| sketch.condition("path", path));
            Verdict::approximated("as if: {path: …}, without which the unit is skipped")
        }
        false => Verdict::dropped("depends on other variables"),
    }
}
