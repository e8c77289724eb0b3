//! Step 5: the run directory becomes the root, so that the root filesystem can be unmounted.
//!
//! Process 1 and we run from the run directory's own tmpfs, so nothing of ours pins the old root; the kernel moves the
//! root of every process along. Where that cannot be done, the root is made read-only instead, in a later step.

use crate::filesystems::mounts;
use crate::heir::initramfs;
use crate::room;
use crate::stop::Stop;
use nix::mount::{MsFlags, mount};
use nix::unistd::{chdir, pivot_root};
use std::fs;
use std::io::ErrorKind;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

/// Where the old root goes, below the run directory.
pub const OLD_ROOT: &str = "old-root";

/// Changes the root.
pub fn run(stop: &mut Stop) -> Result<(), String> {
    // From here on no mount or unmount may reach another mount namespace, and a shared root cannot be changed.
    let none = None::<&str>;
    let _ = mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none);
    let run = stop.run.clone();
    if !mounts::all().iter().any(|mount| mount.point == run) {
        return Err(format!("'{}' is no filesystem of its own", run.display()));
    }
    for name in [OLD_ROOT, "proc"] {
        let path = run.join(name);
        room::alone(stop, || fs::create_dir_all(&path)).map_err(|error| failed("create", &path, error))?;
    }
    // Where there is no room, that costs only what it is for.
    let _ = keep_name(&run);
    mount_proc(&run)?;
    let initramfs = initramfs::keep(&run);
    chdir(&run).map_err(|error| failed("enter", &run, error))?;
    pivot_root(".", OLD_ROOT).map_err(|error| {
        let _ = nix::mount::umount(&run.join("proc"));
        failed("change the root to", &run, error)
    })?;
    let _ = chdir("/");
    stop.run = "/".into();
    stop.root = Path::new("/").join(OLD_ROOT);
    stop.events.moved(&stop.run);
    stop.initramfs = initramfs?;
    Ok(())
}

/// The run directory keeps its name as the root: without the wrapper the scanner would find a real supervise in `/bin`, and
/// process 1 no handler for a second Ctrl-Alt-Del.
fn keep_name(run: &Path) -> std::io::Result<()> {
    let name = run.join(run.strip_prefix("/").unwrap_or(run));
    fs::create_dir_all(name.parent().unwrap_or(run))?;
    match symlink("/", &name) {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        result => result,
    }
}

/// The new root needs a /proc, since everything is counted there.
fn mount_proc(run: &Path) -> Result<(), String> {
    let proc: PathBuf = run.join("proc");
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let none = None::<&str>;
    mount(Some("proc"), &proc, Some("proc"), flags, none)
        .or_else(|_| mount(Some("/proc"), &proc, none, MsFlags::MS_BIND, none))
        .map_err(|error| failed("mount", &proc, error))
}

fn failed(what: &str, path: &Path, error: impl Into<Failure>) -> String {
    format!("unable to {what} '{}': {}", path.display(), error.into().0)
}

/// The cause, whichever library tells it.
struct Failure(String);

impl From<nix::errno::Errno> for Failure {
    fn from(error: nix::errno::Errno) -> Self {
        Self(error.desc().into())
    }
}

impl From<std::io::Error> for Failure {
    fn from(error: std::io::Error) -> Self {
        Self(error.to_string())
    }
}
