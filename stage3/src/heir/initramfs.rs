//! The way back to the initramfs: its program `/shutdown` takes apart what it once put together (arrays, encrypted disks, a root
//! on the network), which nothing on the root could do.
//!
//! Whoever made the initramfs leaves it in `/run/initramfs`. It is kept when everything else is unmounted, and at the end process
//! 1 becomes its program, with our root below `/oldroot`. Should that fail, the machine ends all the same.

use crate::filesystems::mounts;
use crate::guard;
use crate::verb::Verb;
use nix::mount::{MsFlags, mount};
use nix::sys::reboot::{RebootMode, reboot};
use nix::sys::signal::SigSet;
use nix::unistd::{chdir, pivot_root};
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
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

/// True where we were copied into it and it has taken over: process 1 runs its program, on a root in memory that both share, and
/// our own root was put aside.
pub fn has_taken_over() -> bool {
    let root = Path::new("/");
    let shared = fs::metadata("/proc/1/root/").ok().zip(fs::metadata(root).ok());
    let in_memory = mounts::holding(&mounts::all(), root).is_some_and(mounts::Mount::is_in_memory);
    shared.is_some_and(|(one, ours)| (one.dev(), one.ino()) == (ours.dev(), ours.ino()))
        && in_memory
        && root.join(OLD_ROOT).is_dir()
        && fs::read("/proc/1/cmdline").is_ok_and(|line| runs_program(&line))
}

/// A command line that runs the program, as itself or by its interpreter.
fn runs_program(line: &[u8]) -> bool {
    let program = [b"/", PROGRAM.as_bytes()].concat();
    line.split(|byte| *byte == 0).take(2).any(|word| word == program)
}

/// Keeps it below the run directory, if there is one. What does not lie in memory would keep a disk busy, and is none.
/// Answers where it is, for later: below the run directory as it will be called then.
pub fn keep(run: &Path) -> Result<Option<PathBuf>, String> {
    let left = Path::new(LEFT);
    let in_memory = mounts::holding(&mounts::all(), left).is_some_and(mounts::Mount::is_in_memory);
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
    let text = format!("unable to run the initramfs' '{PROGRAM}': {reason}");
    let _ = writeln!(std::io::stderr(), "stage3: error: {text}");
    let _ = nix::sys::termios::tcdrain(std::io::stderr());
    // Not into a kernel's panic: the machine was asked to end, and everything that could be is unmounted.
    let mode = if word == KEXEC { RebootMode::RB_KEXEC } else { Verb::from_name(word).unwrap_or(Verb::Halt).mode() };
    let _ = reboot(mode);
    text
}

/// Makes it the root. What a program expects there is mounted first where the root still is the run directory, which can be
/// written to for sure: the console before anything that may fail, or nobody would hear of that.
fn enter() -> nix::Result<()> {
    let none = None::<&str>;
    let fresh = |kind: &str, at: &str, flags| {
        let _ = fs::create_dir(at);
        mount(Some(kind), at, Some(kind), MsFlags::MS_NOSUID | flags, none)
    };
    if guard::is_first_namespace() {
        let _ = fresh("devtmpfs", "/dev", MsFlags::empty());
        use_console(Path::new("/dev/console"));
        let _ = fresh("sysfs", "/sys", MsFlags::MS_NODEV | MsFlags::MS_NOEXEC);
    }
    let _ = fresh("tmpfs", "/run", MsFlags::MS_NODEV);
    chdir(&Path::new("/").join(KEPT))?;
    let _ = fs::create_dir(OLD_ROOT);
    // They stay below the old root too, as after other inits: dracut's program takes them away from there.
    for name in ["dev", "sys", "run", "proc"] {
        let _ = fs::create_dir(name);
        let _ = mount(Some(&Path::new("/").join(name)), name, none, MsFlags::MS_BIND, none);
    }
    pivot_root(".", OLD_ROOT)?;
    chdir("/")
}

/// For the program, and for what is to be said should it not run.
fn use_console(path: &Path) {
    if let Ok(console) = OpenOptions::new().read(true).write(true).open(path) {
        let _ = nix::unistd::dup2_stdin(&console);
        let _ = nix::unistd::dup2_stdout(&console);
        let _ = nix::unistd::dup2_stderr(&console);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only the program itself counts, and not who was given its name; wherever the tests run, nothing has taken over.
    #[test]
    fn knows_its_program() {
        for (line, expected) in [
            (&b"/shutdown\0poweroff\0"[..], true),
            (b"/bin/sh\0/shutdown\0poweroff\0", true),
            (b"/bin/sh\0-e\0/shutdown\0", false),
            (b"/sbin/shutdown\0now\0", false),
            (b"", false),
        ] {
            assert_eq!(runs_program(line), expected, "{}", String::from_utf8_lossy(line));
        }
        assert!(!has_taken_over());
    }
}
