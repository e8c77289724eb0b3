//! systemd's manager of a person's units, one service a node, in pid, mount and cgroup namespaces: it must not know the
//! machine's own, and needs a tree of control groups that belongs to it.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::graph::Graph;
use crate::ordering::timed;
use crate::peer::{Peer, Words, in_namespaces};
use crate::scratch::Scratch;

const PROGRAMS: [&str; 2] = ["/usr/lib/systemd/systemd", "/lib/systemd/systemd"];

/// A shell that moves itself into a control group, does what the arguments say, and removes the group.
const IN_GROUP: &str = r#"
    group=$1; shift
    mkdir "$group"
    echo $$ >"$group/cgroup.procs"
    code=0; "$@" || code=$?
    echo $$ >"${group%/*}/cgroup.procs"
    find "$group" -depth -type d -exec rmdir {} \;
    exit $code
"#;

/// Here `$1` is the program, `$2` the directory of units. It asks who has booted the system.
const SCRIPT: &str = r#"
    mount -t tmpfs tmpfs /run
    mount -t cgroup2 cgroup2 /sys/fs/cgroup
    mkdir -p /run/user /run/systemd/system
    export XDG_RUNTIME_DIR=/run/user SYSTEMD_UNIT_PATH="$2" SYSTEMD_LOG_TARGET=console SYSTEMD_LOG_LEVEL=err
    "$1" --user --unit=all.service
"#;

/// The program.
pub struct Systemd {
    program: PathBuf,
    /// The root of the unified hierarchy.
    groups: PathBuf,
}

impl Systemd {
    /// The installed one. The error says why there is none.
    pub fn find() -> Result<Self, String> {
        let exists = |path: &PathBuf| path.exists();
        let program = PROGRAMS.map(PathBuf::from).into_iter().find(exists).ok_or("systemd is not installed")?;
        let roots = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"].map(PathBuf::from);
        let groups = roots.into_iter().find(|root| exists(&root.join("cgroup.procs")));
        Ok(Self { program, groups: groups.ok_or("systemd needs a cgroup2 file system")? })
    }
}

impl Peer for Systemd {
    fn name(&self) -> &'static str {
        "systemd"
    }

    fn run(&mut self, scratch: &Scratch, graph: &Graph, words: &Words<'_>) -> Outcome<f64> {
        let directory = scratch.fresh("systemd")?;
        write_units(&directory, graph, words)?;
        let inside = in_namespaces(&["--cgroup"], SCRIPT);
        let mut command = std::process::Command::new("sh");
        command.args(["-ec", IN_GROUP, "sh"]).arg(self.groups.join(format!("sunup-bench-{}", std::process::id())));
        command.arg(inside.get_program()).args(inside.get_args()).arg(&self.program).arg(directory.join("units"));
        timed(&mut command)
    }
}

/// `all.service` is begun only if every node's service succeeded, and ends the manager; so does a failure.
fn write_units(directory: &Path, graph: &Graph, words: &Words<'_>) -> Outcome<()> {
    let units = directory.join("units");
    fs::create_dir(&units)?;
    for (node, needs) in graph.needs.iter().enumerate() {
        let words = words(node).join(" ");
        fs::write(units.join(format!("unit-{node}.service")), service("", needs.iter().copied(), &words))?;
    }
    let nodes = 0..graph.needs.len();
    fs::write(units.join("all.service"), service("SuccessAction=exit-force\n", nodes, "/bin/true"))?;
    Ok(())
}

fn service(more: &str, needs: impl Iterator<Item = usize>, words: &str) -> String {
    let mut text = format!("[Unit]\nDefaultDependencies=no\nFailureAction=exit-force\n{more}");
    for need in needs {
        // Writing into a String never fails.
        let _ = write!(text, "Requires=unit-{need}.service\nAfter=unit-{need}.service\n");
    }
    let stays = if more.is_empty() { "RemainAfterExit=yes\n" } else { "" };
    text + "[Service]\nType=oneshot\nStandardOutput=null\nStandardError=null\n"
        + stays
        + &format!("ExecStart={words}\n")
}
