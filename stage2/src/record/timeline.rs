//! `RUN/timeline.jsonl`: every event of every unit, one JSON object a line, one write each; and the same with the
//! console's line for whoever watches a request.

use std::fs;
use std::path::Path;

use serde::Serialize;
use supervisor::paths::run;

use super::line_file::LineFile;

/// What happened to a unit, with the keys that it has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "event", rename_all = "lowercase")]
pub enum Happening {
    /// It is asked for and waits.
    Wait {
        /// For these units.
        r#for: Vec<String>,
    },
    /// Its command runs.
    Exec {
        /// Its process; none for steps and milestones.
        pid: Option<u32>,
    },
    /// It is up.
    Ready {
        /// How long it took, in ms.
        ms: u64,
    },
    /// It is not.
    Failed {
        /// Why.
        reason: String,
    },
    /// Its condition said no.
    Skipped {
        /// Why.
        reason: String,
    },
    /// It is told to stop.
    Stop {},
    /// It is down.
    Stopped {
        /// How long it took, in ms.
        ms: u64,
        /// That it had to be killed.
        #[serde(skip_serializing_if = "Option::is_none")]
        reason: Option<String>,
    },
}

impl Happening {
    /// The event's word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Wait { .. } => "wait",
            Self::Exec { .. } => "exec",
            Self::Ready { .. } => "ready",
            Self::Failed { .. } => "failed",
            Self::Skipped { .. } => "skipped",
            Self::Stop {} => "stop",
            Self::Stopped { .. } => "stopped",
        }
    }
}

#[derive(Serialize)]
struct Entry<'a> {
    t_ns: u64,
    boot: &'a str,
    unit: &'a str,
    #[serde(flatten)]
    happening: &'a Happening,
}

#[derive(Serialize)]
struct Progress<'a> {
    t_ns: u64,
    unit: &'a str,
    event: &'a str,
    line: Option<&'a str>,
}

/// The open timeline, and the progress stream of the request that is being worked on.
#[derive(Debug)]
pub struct Timeline {
    file: Option<LineFile>,
    boot: String,
    progress: Option<LineFile>,
}

impl Timeline {
    /// Opens the timeline of a run directory; a boot without an ID gets the kernel's.
    pub fn open(run_directory: &Path) -> Self {
        Self {
            file: LineFile::open(&run_directory.join(run::TIMELINE)).ok(),
            boot: boot_id(run_directory),
            progress: None,
        }
    }

    /// Tells a request's asker too, from now on; `None`: nobody any more.
    pub fn tell(&mut self, progress: Option<&Path>) {
        self.flush();
        self.progress = progress.and_then(|path| LineFile::open(path).ok());
    }

    /// Writes what has gathered, in one write each.
    pub fn flush(&mut self) {
        for file in [&mut self.file, &mut self.progress].into_iter().flatten() {
            file.flush();
        }
    }

    /// Notes one event.
    pub fn record(&mut self, t_ns: u64, unit: &str, happening: &Happening) {
        write_line(&mut self.file, &Entry { t_ns, boot: &self.boot, unit, happening });
    }

    /// Tells the asker of an event and of the line that the console showed for it.
    pub fn progress(&mut self, t_ns: u64, unit: &str, event: &str, line: Option<&str>) {
        write_line(&mut self.progress, &Progress { t_ns, unit, event, line });
    }
}

/// A full disk costs the line, not the boot.
fn write_line(file: &mut Option<LineFile>, entry: &impl Serialize) {
    if let (Some(file), Ok(text)) = (file, serde_json::to_string(entry)) {
        file.queue(&text);
    }
}

/// `RUN/boot-id`; where stage 1 did not write it, the kernel's. It is not put there: the file says that there is a boot of
/// ours, and steps go by that.
fn boot_id(run_directory: &Path) -> String {
    let ours = fs::read_to_string(run_directory.join(run::BOOT_ID));
    let id = ours.or_else(|_| fs::read_to_string("/proc/sys/kernel/random/boot_id"));
    id.unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A timeline makes no boot of what is none: steps go by the file that stage 1 writes.
    #[test]
    fn leaves_the_boot_id_alone() {
        let directory = tempfile::tempdir().unwrap();
        let kernel = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
        assert_eq!(boot_id(directory.path()), kernel.trim());
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 0);
        fs::write(directory.path().join(run::BOOT_ID), "ours\n").unwrap();
        assert_eq!(boot_id(directory.path()), "ours");
    }

    /// The line is that of docs/formats.md.
    #[test]
    fn golden() {
        let check = |happening: Happening, expected: &str| {
            let entry = Entry { t_ns: 5, boot: "ID", unit: "sshd", happening: &happening };
            assert_eq!(serde_json::to_string(&entry).unwrap(), expected);
            assert!(expected.contains(&format!(r#""event":"{}""#, happening.name())));
        };
        let start = r#"{"t_ns":5,"boot":"ID","unit":"sshd","event":"#;
        check(Happening::Exec { pid: Some(431) }, &format!(r#"{start}"exec","pid":431}}"#));
        check(Happening::Wait { r#for: vec!["a".into()] }, &format!(r#"{start}"wait","for":["a"]}}"#));
        check(Happening::Stop {}, &format!(r#"{start}"stop"}}"#));
        check(Happening::Stopped { ms: 3, reason: None }, &format!(r#"{start}"stopped","ms":3}}"#));
        let killed = Happening::Stopped { ms: 3, reason: Some("killed".into()) };
        check(killed, &format!(r#"{start}"stopped","ms":3,"reason":"killed"}}"#));
    }
}
