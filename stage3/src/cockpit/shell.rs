//! A shell on the console while the stop waits: `sulogin`, which asks for root's password, where there is one.
//!
//! The shell is a program of its own, started by way of this one (`stage3 console-shell`): a session must be begun and a
//! terminal taken before it, and a process with threads may do nothing between fork and exec.

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::sys::signal::SigSet;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use supervisor::paths;

/// The word that stage 3 calls itself with.
pub const WORD: &str = "console-shell";
/// What to try, in order.
const SHELLS: [&str; 4] = ["/sbin/sulogin", "/usr/sbin/sulogin", "/bin/sh", "/usr/bin/sh"];
/// Where the kernel names the terminals behind the console, the one that is read last.
const TERMINALS: &str = "/sys/class/tty";
/// The device number of the kernel's console: 5, 1.
const CONSOLE: u64 = 0x501;

/// Starts one.
pub fn start(run: &Path) -> std::io::Result<Child> {
    Command::new(run.join(paths::run::BIN).join("stage3")).arg0("stage3").arg(WORD).spawn()
}

/// Becomes the shell. Returns only when there is none, with the reason.
pub fn become_shell() -> String {
    let _ = nix::unistd::setsid();
    let _ = SigSet::all().thread_unblock();
    let _ = fs::write("/proc/self/oom_score_adj", "0");
    let mut reason = "unable to find a shell".to_owned();
    for program in SHELLS.iter().filter(|program| Path::new(program).exists()) {
        let mut command = Command::new(program);
        // A session leader's first terminal becomes its controlling one, so job control works.
        if let Ok(terminal) = open()
            && let (Ok(input), Ok(output)) = (terminal.try_clone(), terminal.try_clone())
        {
            command.stdin(input).stdout(output).stderr(terminal);
        }
        reason = format!("unable to run '{program}': {}", command.exec());
    }
    reason
}

/// A terminal for descriptors 0 to 2. Without O_NONBLOCK the opening itself would wait for a serial line's carrier.
fn open() -> std::io::Result<File> {
    let flags = OFlag::O_NONBLOCK.bits();
    let open = |path: &Path| OpenOptions::new().read(true).write(true).custom_flags(flags).open(path);
    let console = Path::new("/dev/console");
    let file = behind(console).and_then(|path| open(&path).ok()).map_or_else(|| open(console), Ok)?;
    let flags = fcntl(&file, FcntlArg::F_GETFL).map(OFlag::from_bits_retain)?;
    fcntl(&file, FcntlArg::F_SETFL(flags - OFlag::O_NONBLOCK))?;
    Ok(file)
}

/// The terminal behind the kernel's console, which itself never becomes a controlling one. A container's console is a
/// terminal already.
fn behind(console: &Path) -> Option<PathBuf> {
    if fs::metadata(console).ok()?.rdev() != CONSOLE {
        return None;
    }
    let active = |name: &str| fs::read_to_string(Path::new(TERMINALS).join(name).join("active")).ok();
    let names = active("console")?;
    let name = names.split_ascii_whitespace().last()?;
    let screen = (name == "tty0").then(|| active(name)).flatten();
    Some(Path::new("/dev").join(screen.as_deref().map_or(name, str::trim)))
}
