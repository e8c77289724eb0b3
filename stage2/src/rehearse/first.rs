//! Process 1 of a rehearsal until it becomes `init`: mounts what only a process of the new pid namespace can, changes
//! the root and executes stage 1.
//!
//! It dies with the inside: nothing of a rehearsal outlives it. /proc and /sys have to be mounted while the machine's own
//! are still in sight: the kernel asks for that.

use std::fs::File;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{chdir, pivot_root, setsid};
use supervisor::paths;

use super::inside::unable as unable_to;
use super::protocol::Layout;

/// The word that makes the command process 1 of a rehearsal, with the layout as its argument.
pub const FIRST: &str = "rehearse-first";

/// Stage 1, where the layer or the installation has it.
fn init() -> PathBuf {
    Path::new(paths::LIB).join("bin/init")
}

/// Becomes `init`; returns only with an error, which is written to standard error, as exit code 111.
pub fn run(layout: &str) -> u8 {
    let error =
        serde_json::from_str(layout).map_or_else(|e| format!("unable to read the layout: {e}"), |l| become_init(&l));
    eprintln!("sunup: fatal: {error}");
    111
}

/// Returns why it could not.
fn become_init(layout: &Layout) -> String {
    match change_root(layout).and_then(|()| command(layout)) {
        Ok(mut command) => format!("unable to run {}: {}", init().display(), command.exec()),
        Err(error) => error,
    }
}

fn change_root(layout: &Layout) -> Result<(), String> {
    let root = layout.work.join("root");
    mount_kernel("proc", &root.join("proc"))?;
    if let Err(error) = mount_kernel("sysfs", &root.join("sys")) {
        eprintln!("sunup: warning: {error} (going on without)");
    }
    chdir(&root).map_err(unable_to("enter the root"))?;
    pivot_root(".", ".").map_err(unable_to("change the root"))?;
    umount2(".", MntFlags::MNT_DETACH).map_err(unable_to("leave the old root"))?;
    chdir("/").map_err(unable_to("enter the root"))
}

fn mount_kernel(kind: &str, at: &Path) -> Result<(), String> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let none: Option<&str> = None;
    mount(Some(kind), at, Some(kind), flags, none).map_err(|e| format!("unable to mount {kind}: {}", e.desc()))
}

fn command(layout: &Layout) -> Result<Command, String> {
    let unable = |e| format!("unable to open the console: {e}");
    let console = File::options().read(true).write(true).open("/dev/console").map_err(unable)?;
    let copy = || console.try_clone().map(Stdio::from).map_err(unable);
    let (settings, words): (Vec<&String>, Vec<&String>) = layout.arguments.iter().partition(|word| is_setting(word));
    let mut command = Command::new(init());
    command.args(words).env_clear().env("HOME", "/").env("TERM", "linux");
    command.envs(settings.iter().filter_map(|setting| setting.split_once('=')));
    command.stdin(copy()?).stdout(copy()?).stderr(copy()?);
    let _ = setsid();
    set_pdeathsig(Signal::SIGKILL).map_err(unable_to("tie process 1 to the rehearsal"))?;
    Ok(command)
}

/// The kernel puts `key=value` without a dot into process 1's environment and every other word into its arguments.
fn is_setting(word: &str) -> bool {
    word.split_once('=').is_some_and(|(key, _)| !key.contains('.'))
}
