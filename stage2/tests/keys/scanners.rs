//! Other suites' supervises: what is in `run` holds under each.

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::skip;
use crate::subject::{boot, is_root, system};
use crate::system::{System, executable, until};

/// A supervise of somebody else's; it is told to leave when dropped.
struct Other {
    directory: std::path::PathBuf,
    child: Child,
}

impl Other {
    fn start(program: &Path, directory: &Path) -> Self {
        let mut command = Command::new(program);
        command.arg(directory).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        Self { directory: directory.into(), child: command.spawn().unwrap() }
    }
}

impl Drop for Other {
    fn drop(&mut self) {
        let fifo = self.directory.join("supervise/control");
        let opened = fs::OpenOptions::new().write(true).custom_flags(nix::libc::O_NONBLOCK).open(fifo);
        let told = opened.and_then(|mut fifo| fifo.write_all(b"dx"));
        if told.is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// A copy of a compiled directory, as another scanner would find it.
fn copy(system: &System, name: &str) -> std::path::PathBuf {
    let (from, to) = (system.path("run/service/subject"), system.path(name));
    for file in ["run", "data/script"] {
        executable::copy(from.join(file), to.join(file));
    }
    to
}

/// User, environment, limits, sandbox: under daemontools, runit and s6 alike.
#[test]
fn a_compiled_run_works_everywhere() {
    if !is_root() {
        return;
    }
    let text = "kind: longrun\nrun: |\n  echo $(id -u) $WORD $(ulimit -n) $(ls ROOT/secret | wc -l) >ROOT/out/$(id -u).$PPID\n  \
        exec sleep 1000\nuser: '54321'\ngroup: '54321'\nenv: {WORD: said}\nlimits: {nofile: 77}\nhide: [ROOT/secret]\n";
    let system = system(&[("subject", text.into())]);
    fs::create_dir(system.path("secret")).unwrap();
    fs::write(system.path("secret/key"), "").unwrap();
    boot(&system);
    for name in ["supervise", "runsv", "s6-supervise"] {
        let program = Path::new("/usr/bin").join(name);
        if !program.exists() {
            skip::skip(&format!("{} is missing", program.display()));
            continue;
        }
        let other = Other::start(&program, &copy(&system, name));
        let said = format!("out/54321.{}", other.child.id());
        until(&format!("the words under {name}"), || system.read(&said) == "54321 said 77 0\n");
    }
}
