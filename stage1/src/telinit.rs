//! `telinit`: what `init` is when it is not process 1. It sends process 1 the signal that means the same.
//!
//! It must never signal a process 1 that is not the scanner of our run directory: another init may take the same signal
//! for something else.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::OFlag;
use supervisor::paths;
use supervisor::sys::process::kill;

use crate::boot;

/// Real-time signals are counted from here, whatever the C library says.
const REAL_TIME: u32 = 34;
/// SIGHUP, on which the scanner looks at its directory again.
const HANGUP: u32 = 1;
/// Wrong arguments.
const USAGE: i32 = 100;
/// The system said no.
const SYSTEM: i32 = 111;

const HELP: &str = "\
usage: telinit [-t SECONDS] 0|6|q
Tells process 1 of a running sunup system to power off (0), to restart (6) or to scan its directory again (q).
As process 1 this program is init, which boots the machine; init(8) has the kernel's words for it.

  -t SECONDS  accepted: every unit has its own deadline

exit codes: 0 process 1 was told, 100 usage, 111 no sunup system is running here, or it cannot be told

example: telinit 6
";

/// The program. Exits 0, 100 or 111.
pub fn main(words: &[String]) -> i32 {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--help"] => return print(HELP),
        ["--version"] => return print(concat!("telinit (sunup) ", env!("CARGO_PKG_VERSION"), "\n")),
        _ => {}
    }
    let Some(signal) = signal(&words) else {
        eprintln!("telinit: usage: telinit [-t seconds] 0|6|q");
        return USAGE;
    };
    let told = check(&boot::directory(paths::RUN_VARIABLE, paths::RUN))
        .and_then(|()| kill(1, signal).map_err(|error| error.to_string()));
    match told {
        Ok(()) => 0,
        Err(reason) => {
            eprintln!("telinit: fatal: unable to signal process 1: {reason}");
            SYSTEM
        }
    }
}

/// Not `print!`, which panics where standard output takes nothing.
fn print(text: &str) -> i32 {
    if std::io::Write::write_all(&mut std::io::stdout(), text.as_bytes()).is_ok() { 0 } else { SYSTEM }
}

/// The signal for these arguments. `None`: there is none. Runlevels other than 0 and 6 are bundles, and switching to one
/// is the engine's work.
fn signal(words: &[&str]) -> Option<u32> {
    match words {
        ["-t", _, rest @ ..] => signal(rest),
        ["0"] => Some(REAL_TIME + 4),
        ["6"] => Some(REAL_TIME + 5),
        ["q" | "Q"] => Some(HANGUP),
        _ => None,
    }
}

/// Process 1 is the scanner of this run directory: somebody reads the scanner's FIFO, and process 1 stands beside it.
fn check(run: &Path) -> Result<(), String> {
    let scan = run.join(paths::run::SCAN);
    let control = scan.join(paths::scan::CONTROL);
    let mut writer = OpenOptions::new();
    writer.write(true).custom_flags(OFlag::O_NONBLOCK.bits());
    if !control.exists() {
        return Err(format!("no sunup system is running here: no scanner in '{}'", run.display()));
    }
    if !nix::unistd::geteuid().is_root() {
        return Err("only root may do this".into());
    }
    if fs::read_link("/proc/self").ok() != Some(std::process::id().to_string().into()) {
        return Err("/proc does not show this pid namespace".into());
    }
    if writer.open(&control).is_err() || !is_same_file(Path::new("/proc/1/cwd"), &scan) {
        return Err("no sunup system is running here: process 1 is not our scanner".into());
    }
    Ok(())
}

/// Both paths lead to one file.
fn is_same_file(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::signal;

    /// Power off is RTMIN+4, restart RTMIN+5; everything else is usage.
    #[test]
    fn words() {
        assert_eq!(signal(&["0"]), Some(38));
        assert_eq!(signal(&["-t", "5", "6"]), Some(39));
        assert_eq!(signal(&["q"]), Some(1));
        for wrong in [&[][..], &["3"], &["0", "6"], &["-t"], &["-t", "5"], &["--help"]] {
            assert_eq!(signal(wrong), None, "{wrong:?}");
        }
    }
}
