//! sysvinit's startpar. It reads /etc/init.d and nothing else, so it runs in a mount namespace of its own in which that
//! directory is ours; the machine's stays as it is.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tests::{cache, require};

use crate::Outcome;
use crate::graph::Graph;
use crate::ordering::timed;
use crate::scratch::{Scratch, installed, ours};

/// Names in one line of the list of targets.
const TARGETS: usize = 100;

/// The program.
#[derive(Debug)]
pub struct Startpar {
    program: PathBuf,
}

impl Startpar {
    /// The installed one, else Debian's, unpacked beside the built programs and not installed. The error says why there
    /// is none.
    pub fn find() -> Result<Self, String> {
        if !require::is_root() {
            return Err("startpar needs root, for a mount namespace".to_owned());
        }
        if !Path::new("/etc/init.d").is_dir() || !Path::new("/etc/rcS.d").is_dir() {
            return Err("startpar needs /etc/init.d and /etc/rcS.d to mount ours on".to_owned());
        }
        let unpacked = cache::directory().join("startpar/bin/startpar");
        if let Some(program) = installed("startpar").or_else(|| unpacked.exists().then(|| unpacked.clone())) {
            return Ok(Self { program });
        }
        match unpack() {
            Ok(()) if unpacked.exists() => Ok(Self { program: unpacked }),
            _ => Err("startpar is not installed, and apt-get could not download it".to_owned()),
        }
    }

    /// Runs the graph's commands, one script each; gives the ms it took.
    pub fn run(&self, scratch: &Scratch, graph: &Graph) -> Outcome<f64> {
        self.run_scripts(scratch, graph, "")
    }

    /// Runs them once more, unmeasured, to see that really all of them run.
    pub fn prove(&self, scratch: &Scratch, graph: &Graph) -> Outcome<()> {
        let ran = scratch.path("startpar-ran");
        fs::write(&ran, "")?;
        self.run_scripts(scratch, graph, &format!("echo >>{}\n", ran.display()))?;
        match fs::read(&ran)?.len() {
            count if count == graph.needs.len() => Ok(()),
            count => Err(format!("startpar ran {count} scripts of {}", graph.name).into()),
        }
    }

    fn run_scripts(&self, scratch: &Scratch, graph: &Graph, first: &str) -> Outcome<f64> {
        let directory = scratch.fresh("startpar")?;
        let (scripts, links) = (directory.join("init.d"), directory.join("rcS.d"));
        fs::create_dir(&scripts)?;
        fs::create_dir(&links)?;
        // It reads lines of at most 2 kB.
        let count = graph.needs.len();
        let lines = (0..count).step_by(TARGETS).map(|from| names(from..count.min(from + TARGETS)));
        let mut depend: String = lines.map(|names| format!("TARGETS = {names}\n")).collect();
        for (node, needs) in graph.needs.iter().enumerate() {
            let script = scripts.join(format!("unit-{node}"));
            fs::write(&script, format!("#!/bin/sh\n{first}exec {} now\n", ours("sleeper").display()))?;
            fs::set_permissions(&script, PermissionsExt::from_mode(0o755))?;
            symlink(&script, links.join(format!("S01unit-{node}")))?;
            if !needs.is_empty() {
                depend += &format!("unit-{node}: {}\n", names(needs.iter().copied()));
            }
        }
        fs::write(scripts.join(".depend.boot"), depend)?;
        timed(&mut self.command(&scripts, &links))
    }

    fn command(&self, scripts: &Path, links: &Path) -> Command {
        let mount = "mount --bind \"$1\" /etc/init.d && mount --bind \"$2\" /etc/rcS.d && \
                     exec \"$3\" -p 4 -t 20 -T 3 -M boot -P N -R S";
        let mut command = Command::new("unshare");
        command.args(["--mount", "sh", "-c", mount, "sh"]).arg(scripts).arg(links).arg(&self.program);
        command
    }
}

fn names(nodes: impl Iterator<Item = usize>) -> String {
    nodes.map(|node| format!("unit-{node}")).collect::<Vec<_>>().join(" ")
}

fn unpack() -> Outcome<()> {
    let directory = cache::directory().join("startpar");
    fs::create_dir_all(&directory)?;
    let script = "apt-get download -q startpar && dpkg -x startpar_*.deb .";
    let mut command = Command::new("sh");
    command.args(["-c", script]).current_dir(&directory).stdin(Stdio::null());
    let output = command.output()?;
    match output.status.success() {
        true => Ok(()),
        false => Err(String::from_utf8_lossy(&output.stderr).into_owned().into()),
    }
}
