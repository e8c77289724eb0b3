//! The way back to the initramfs: its program `/shutdown` takes apart what it once put together (arrays, encrypted disks, a root
//! on the network), which nothing on the root could do.
//!
//! Whoever made the initramfs leaves it in `/run/initramfs`. It is kept when everything else is unmounted, and at the end process
//! 1 becomes its program, with our root below `/oldroot`. Should that fail, the machine ends all the same.

use crate::guard;
use crate::mounts;
use crate::verb::Verb;
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::signal::SigSet;
use nix::unistd::{chdir, pivot_root};
use std::fs::{self, OpenOptions};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The word by which process 1's `finish` asks for it; the verb follows.
pub const WORD: &str = "return-to-initramfs";
/// What the verb is called when a loaded kernel is to be started.
pub const KEXEC: &str = "kexec";
/// Where it is left.
const LEFT: &str = "/run/initramfs";
/// Where it is kept, below the run directory.
const KEPT: &str = "initramfs";
/// Its program.
const PROGRAM: &str = "shutdown";
/// Where our root goes.
const OLD_ROOT: &str = "oldroot";
/// The environment as the kernel makes it, and where an initramfs has its programs.
const ENVIRONMENT: [(&str, &str); 3] = [("HOME", "/"), ("TERM", "linux"), ("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")];

/// Keeps it below the run directory, if there is one. What does not lie in memory would keep a disk busy, and is none.
/// Answers where it is, for later: below the run directory as it will be called then.
pub fn keep(run: &Path) -> Result<Option<PathBuf>, String> {
    let left = Path::new(LEFT);
    let in_memory =
        mounts::all().iter().rfind(|mount| left.starts_with(&mount.point)).is_some_and(mounts::Mount::is_in_memory);
    let is_program = |data: fs::Metadata| data.is_file() && data.permissions().mode() & 0o111 != 0;
    if !in_memory || !fs::metadata(left.join(PROGRAM)).is_ok_and(is_program) {
        return Ok(None);
    }
    let kept = run.join(KEPT);
    bind(left, &kept).map_err(|error| format!("unable to keep '{LEFT}': {error}"))?;
    Ok(Some(Path::new("/").join(KEPT)))
}

/// /run may forbid to execute anything.
fn bind(left: &Path, kept: &Path) -> std::io::Result<()> {
    let none = None::<&str>;
    fs::create_dir_all(kept)?;
    mount(Some(left), kept, none, MsFlags::MS_BIND | MsFlags::MS_REC, none)?;
    let _ = mount(none, kept, none, MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_NOSUID, none);
    Ok(())
}

/// Becomes its program; `word` says how the machine is to end. Returns only when that is impossible, with the reason.
pub fn become_shutdown(word: &str) -> String {
    if std::process::id() != 1 {
        return format!("unable to {WORD}: not process 1");
    }
    let _ = SigSet::all().thread_unblock();
    let reason = match enter() {
        Ok(()) => Command::new(Path::new("/").join(PROGRAM)).arg(word).env_clear().envs(ENVIRONMENT).exec().to_string(),
        Err(errno) => errno.desc().into(),
    };
    // Not into a kernel's panic: the machine was asked to end, and everything that could be is unmounted.
    let mode = if word == KEXEC { RebootMode::RB_KEXEC } else { Verb::from_name(word).unwrap_or(Verb::Halt).mode() };
    let _ = reboot(mode);
    format!("unable to run the initramfs' '{PROGRAM}': {reason}")
}

/// Makes it the root, with what a program expects there.
fn enter() -> nix::Result<()> {
    let none = None::<&str>;
    chdir(&Path::new("/").join(KEPT))?;
    for name in [OLD_ROOT, "proc", "sys", "dev", "run"] {
        let _ = fs::create_dir(name);
    }
    mount(Some("/proc"), "proc", none, MsFlags::MS_MOVE, none)?;
    if guard::is_first_namespace() {
        let _ = mount(
            Some("sysfs"),
            "sys",
            Some("sysfs"),
            MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC,
            none,
        );
        let _ = mount(Some("devtmpfs"), "dev", Some("devtmpfs"), MsFlags::MS_NOSUID, none);
    }
    let _ = mount(Some("tmpfs"), "run", Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, none);
    pivot_root(".", OLD_ROOT)?;
    chdir("/")?;
    if let Ok(console) = OpenOptions::new().read(true).write(true).open("/dev/console") {
        let _ = nix::unistd::dup2_stdin(&console);
        let _ = nix::unistd::dup2_stdout(&console);
        let _ = nix::unistd::dup2_stderr(&console);
    }
    Ok(())
}
