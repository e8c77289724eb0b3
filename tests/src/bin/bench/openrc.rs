//! OpenRC with `rc_parallel`, one runscript a node. /etc, /lib and /sbin are the machine's with OpenRC's files over them,
//! /run is ours. As after any boot but the first, it has its tree of dependencies already.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::Outcome;
use crate::graph::Graph;
use crate::ordering::timed;
use crate::package::unpacked;
use crate::peer::{Peer, Words, in_namespaces};
use crate::scratch::Scratch;

const PACKAGES: [&str; 3] = ["openrc", "librc1", "libeinfo1"];

/// Here `$1` is what we wrote, `$2` the unpacked packages; what follows is the command.
const SCRIPT: &str = r#"
    mount -t overlay -o "lowerdir=$1/etc:/etc" overlay /etc
    mount -t overlay -o "lowerdir=$2/lib:/lib" overlay /lib
    mount -t overlay -o "lowerdir=$2/sbin:/sbin" overlay /sbin
    mount --bind "$1/etc/init.d" /etc/init.d
    mount --bind "$1/run" /run
    shift 2
    "$@"
"#;

/// The unpacked packages.
pub struct Openrc {
    files: PathBuf,
}

impl Openrc {
    /// Debian's. The error says why there is none.
    pub fn find() -> Result<Self, String> {
        Ok(Self { files: unpacked("openrc", &PACKAGES, "sbin/openrc")? })
    }

    fn call(&self, directory: &Path, words: &[&str]) -> Outcome<f64> {
        timed(in_namespaces(&[], SCRIPT).arg(directory).arg(&self.files).args(words))
    }
}

impl Peer for Openrc {
    fn name(&self) -> &'static str {
        "OpenRC"
    }

    fn run(&mut self, scratch: &Scratch, graph: &Graph, words: &Words<'_>) -> Outcome<f64> {
        let directory = scratch.fresh("openrc")?;
        write_scripts(&directory, graph, words)?;
        self.call(&directory, &["/lib/rc/bin/rc-depend", "-u"])?;
        let took = self.call(&directory, &["/sbin/openrc", "default"])?;
        match fs::read_dir(directory.join("run/openrc/started"))?.count() {
            count if count == graph.needs.len() => Ok(took),
            count => Err(format!("OpenRC ran {count} scripts of {}", graph.name).into()),
        }
    }

    /// It begins all scripts at once, and those that need others look for them again and again.
    fn is_slow(&self) -> bool {
        true
    }
}

fn write_scripts(directory: &Path, graph: &Graph, words: &Words<'_>) -> Outcome<()> {
    let (scripts, level) = (directory.join("etc/init.d"), directory.join("etc/runlevels/default"));
    for made in [&scripts, &level, &directory.join("run/openrc")] {
        fs::create_dir_all(made)?;
    }
    for level in ["sysinit", "boot"] {
        fs::create_dir(directory.join("etc/runlevels").join(level))?;
    }
    fs::write(directory.join("etc/rc.conf"), "rc_parallel=YES\n")?;
    fs::write(directory.join("etc/insserv.conf"), "")?;
    // Without it the system was booted by somebody else.
    fs::write(directory.join("run/openrc/softlevel"), "default\n")?;
    for (node, needs) in graph.needs.iter().enumerate() {
        let needs: String = needs.iter().map(|need| format!(" unit-{need}")).collect();
        let depend = if needs.is_empty() { String::new() } else { format!("depend() {{ need{needs}; }}\n") };
        let script = scripts.join(format!("unit-{node}"));
        fs::write(&script, format!("#!/sbin/openrc-run\n{depend}start() {{ {}; }}\n", words(node).join(" ")))?;
        fs::set_permissions(&script, PermissionsExt::from_mode(0o755))?;
        symlink(Path::new("/etc/init.d").join(format!("unit-{node}")), level.join(format!("unit-{node}")))?;
    }
    Ok(())
}
