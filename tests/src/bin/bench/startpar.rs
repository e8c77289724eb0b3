//! sysvinit's startpar, one script a node. It reads /etc/init.d and nothing else.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::graph::Graph;
use crate::ordering::timed;
use crate::package::unpacked;
use crate::peer::{Peer, Words, in_namespaces};
use crate::scratch::{Scratch, installed};

/// Names in one line of the list of targets.
const TARGETS: usize = 100;

const SCRIPT: &str = "mount --bind \"$1\" /etc/init.d; mount --bind \"$2\" /etc/rcS.d
                      \"$3\" -p 4 -t 20 -T 3 -M boot -P N -R S";

/// The program.
pub struct Startpar {
    program: PathBuf,
    /// Names of the graphs of which it was seen to run every script.
    proved: BTreeSet<&'static str>,
}

impl Startpar {
    /// The installed one, else Debian's. The error says why there is none.
    pub fn find() -> Result<Self, String> {
        if !Path::new("/etc/init.d").is_dir() || !Path::new("/etc/rcS.d").is_dir() {
            return Err("startpar needs /etc/init.d and /etc/rcS.d to mount ours on".to_owned());
        }
        let program = match installed("startpar") {
            Some(program) => program,
            None => unpacked("startpar", &["startpar"], "bin/startpar")?.join("bin/startpar"),
        };
        Ok(Self { program, proved: BTreeSet::new() })
    }

    /// Runs it once more, unmeasured, to see that really all scripts run.
    fn prove(&self, scratch: &Scratch, graph: &Graph) -> Outcome<()> {
        let ran = scratch.path("startpar-ran");
        fs::write(&ran, "")?;
        self.run_scripts(scratch, graph, &|_| format!("echo >>{}", ran.display()))?;
        match fs::read(&ran)?.len() {
            count if count == graph.needs.len() => Ok(()),
            count => Err(format!("startpar ran {count} scripts of {}", graph.name).into()),
        }
    }

    fn run_scripts(&self, scratch: &Scratch, graph: &Graph, line: &dyn Fn(usize) -> String) -> Outcome<f64> {
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
            fs::write(&script, format!("#!/bin/sh\n{}\n", line(node)))?;
            fs::set_permissions(&script, PermissionsExt::from_mode(0o755))?;
            symlink(&script, links.join(format!("S01unit-{node}")))?;
            if !needs.is_empty() {
                depend += &format!("unit-{node}: {}\n", names(needs.iter().copied()));
            }
        }
        fs::write(scripts.join(".depend.boot"), depend)?;
        timed(in_namespaces(&[], SCRIPT).arg(scripts).arg(links).arg(&self.program))
    }
}

impl Peer for Startpar {
    fn name(&self) -> &'static str {
        "startpar"
    }

    fn run(&mut self, scratch: &Scratch, graph: &Graph, words: &Words<'_>) -> Outcome<f64> {
        if self.proved.insert(graph.name) {
            self.prove(scratch, graph)?;
        }
        self.run_scripts(scratch, graph, &|node| format!("exec {}", words(node).join(" ")))
    }
}

fn names(nodes: impl Iterator<Item = usize>) -> String {
    nodes.map(|node| format!("unit-{node}")).collect::<Vec<_>>().join(" ")
}
