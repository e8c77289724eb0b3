//! A running sandbox, as the front holds it. Dropped, it is killed and leaves nothing behind.

use std::fs;
use std::io::{BufReader, Write};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use nix::unistd::Uid;
use supervisor::paths;
use tempfile::TempDir;

use super::console::Console;
use super::console_watch::{ConsoleWatch, Seen};
use super::front::Options;
use super::identity::Identity;
use super::layer::Layer;
use super::protocol::{Layout, MAPPED, Said};
use super::terminal::Terminal;

/// For namespaces and mounts, on a loaded machine.
const START_LIMIT: Duration = Duration::from_secs(60);
/// The word that makes the command the inside of a rehearsal.
pub const INSIDE: &str = "rehearse-inside";
/// Where a unified hierarchy is, on machines that have one.
const CGROUPS: [&str; 2] = ["/sys/fs/cgroup", "/sys/fs/cgroup/unified"];

/// Process 1 of a rehearsal and what belongs to it.
#[derive(Debug)]
pub struct Sandbox {
    /// The console and the inside's words.
    pub watch: ConsoleWatch,
    pid: u32,
    inside: Child,
    cgroup: Option<PathBuf>,
    _work: TempDir,
}

impl Sandbox {
    /// Lays out the files and starts process 1.
    pub fn start(options: &Options) -> Result<Self, String> {
        let identity = Identity::of_caller();
        let work = lay_out(options)?;
        let (terminal, console) = (Terminal::take(), Console::make()?);
        let layout = Layout {
            root: options.root.clone(),
            work: work.path().to_path_buf(),
            console: console.slave_path.clone(),
            arguments: arguments(&options.target),
            cgroup: make_cgroup(identity),
        };
        let (inside, words) = spawn_inside()?;
        let watch =
            ConsoleWatch::new(console, terminal, words).map_err(|e| format!("unable to watch the sandbox: {e}"))?;
        let mut sandbox = Self { watch, pid: 0, inside, cgroup: layout.cgroup.clone(), _work: work };
        sandbox.boot(&layout, identity)?;
        Ok(sandbox)
    }

    fn boot(&mut self, layout: &Layout, identity: Identity) -> Result<(), String> {
        let layout = serde_json::to_string(layout).map_err(|e| format!("unable to write the layout: {e}"))?;
        self.tell(&layout)?;
        match self.hear()? {
            Said::Unshared => {}
            said => return Err(said.explain()),
        }
        identity.give(self.inside.id()).map_err(|e| format!("unable to give ids to the sandbox: {e}"))?;
        self.tell(MAPPED)?;
        match self.hear()? {
            Said::Booted(pid) => self.pid = pid,
            said => return Err(said.explain()),
        }
        let requests = self.path(paths::RUN).join(paths::run::REQUESTS);
        self.watch.expect_answer_in(requests);
        Ok(())
    }

    fn tell(&mut self, line: &str) -> Result<(), String> {
        let Some(pipe) = &mut self.inside.stdin else { return Ok(()) };
        pipe.write_all(format!("{line}\n").as_bytes()).map_err(|e| format!("unable to write to the inside: {e}"))
    }

    fn hear(&mut self) -> Result<Said, String> {
        match self.watch.watch(&mut std::io::sink(), START_LIMIT, false)? {
            Seen::Said(said) => Ok(said),
            Seen::BootDone | Seen::Late => Err("the namespaces were not ready in time".into()),
        }
    }

    /// A file of the sandbox as it is seen from outside.
    pub fn path(&self, inside: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{inside}", self.pid))
    }

    /// Signals process 1 of the sandbox.
    pub fn signal(&self, number: u32) -> Result<(), String> {
        supervisor::sys::process::kill(self.pid, number)
            .map_err(|e| format!("unable to signal process 1 of the sandbox: {e}"))
    }
}

impl Drop for Sandbox {
    /// The inside kills process 1 when its pipe ends, and goes with it.
    fn drop(&mut self) {
        drop(self.inside.stdin.take());
        let _ = self.inside.wait();
        if let Some(cgroup) = &self.cgroup {
            remove_cgroup(cgroup);
        }
    }
}

/// The work directory with the layer in it.
fn lay_out(options: &Options) -> Result<TempDir, String> {
    let unable = |e: std::io::Error| format!("unable to lay out the files: {e}");
    let open = fs::Permissions::from_mode(0o755);
    let work = tempfile::Builder::new().prefix("sunup-rehearse-").permissions(open).tempdir().map_err(unable)?;
    for name in ["root", "upper"] {
        fs::create_dir(work.path().join(name)).map_err(unable)?;
    }
    let root = work.path().join("layer");
    let layer = Layer::begin(&root).map_err(unable)?;
    for units in &options.units {
        layer.add(units, "etc/sunup/units").map_err(|e| format!("unable to copy {}: {e}", units.display()))?;
    }
    if let Some(bundles) = &options.bundles {
        layer.add(bundles, "etc/sunup/bundles").map_err(|e| format!("unable to copy {}: {e}", bundles.display()))?;
    }
    if let Some(overlay) = &options.overlay {
        layer.add(overlay, "").map_err(|e| format!("unable to copy {}: {e}", overlay.display()))?;
    }
    layer.open_up().map_err(unable)?;
    let installed = Path::new(paths::LIB).join("bin/init");
    if !installed.exists() && !root.join(paths::LIB.trim_start_matches('/')).join("bin/init").exists() {
        return Err(format!("{} is not there: install sunup, or give --overlay DIR", installed.display()));
    }
    Ok(work)
}

/// Process 1's command line.
fn arguments(target: &str) -> Vec<String> {
    let mut arguments = vec![format!("sunup.bundle={target}"), "container=sunup-rehearse".to_owned()];
    let is_plain = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty())
        || !std::io::IsTerminal::is_terminal(&std::io::stdout());
    if is_plain {
        arguments.push("NO_COLOR=1".to_owned());
    }
    arguments
}

fn spawn_inside() -> Result<(Child, BufReader<std::process::ChildStdout>), String> {
    let program = std::env::current_exe().map_err(|e| format!("unable to find my own program: {e}"))?;
    let mut inside = Command::new(program)
        .arg(INSIDE)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|e| format!("unable to start the inside: {e}"))?;
    let words = inside.stdout.take().ok_or("unable to hear the inside")?;
    Ok((inside, BufReader::new(words)))
}

/// A fresh leaf of the unified hierarchy that belongs to the sandbox's root, where that can be had.
fn make_cgroup(identity: Identity) -> Option<PathBuf> {
    if !Uid::effective().is_root() {
        return None;
    }
    let top = CGROUPS
        .map(Path::new)
        .into_iter()
        .find(|top| top.join("cgroup.procs").exists() && top.join("cgroup.controllers").exists())?;
    let leaf = top.join(format!("sunup-rehearse-{}", std::process::id()));
    fs::create_dir(&leaf).ok()?;
    let owner = Some(identity.outer_root());
    for name in ["", "cgroup.procs", "cgroup.subtree_control", "cgroup.threads"] {
        let _ = chown(leaf.join(name), owner, owner);
    }
    Some(leaf)
}

/// Removes the leaf and what the sandbox made below it, deepest first. All its processes are gone.
fn remove_cgroup(leaf: &Path) {
    let mut found = vec![leaf.to_path_buf()];
    let mut at = 0;
    while let Some(directory) = found.get(at) {
        let below: Vec<_> = fs::read_dir(directory).into_iter().flatten().flatten().collect();
        found.extend(below.iter().filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).map(|e| e.path()));
        at += 1;
    }
    found.iter().rev().for_each(|directory| drop(fs::remove_dir(directory)));
}
