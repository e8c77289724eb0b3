//! `telinit`: what `init` is when it is not process 1. It sends process 1 the signal that means the same, or has the
//! operator's command switch bundles.
//!
//! It must never signal a process 1 that is not the scanner of our run directory: another init may take the same signal
//! for something else.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use nix::fcntl::OFlag;
use supervisor::control::scanner::EXECUTE_AGAIN;
use supervisor::paths;
use supervisor::sys::process::kill;
use supervisor::sys::signal::{RTMIN, SIGHUP};

use crate::boot;
use crate::cmdline::{BUNDLES, DEFAULT, RESCUE};
use crate::failure::{Failure, Trying};
use crate::steps::programs;

/// Wrong arguments.
const USAGE: i32 = 100;
/// The system said no.
const SYSTEM: i32 = 111;

const HELP: &str = "\
usage: telinit [-t SECONDS] 0|6|q|u|1|s|2|3|4|5
Tells process 1 of a running sunup system to power off (0), to restart (6), to scan its directory again (q) or to
become the installed svscan (u); or has the bundle rescue (1, s) or that of a runlevel (2 to 5) take the others' place.
As process 1 this program is init, which boots the machine; init(8) has the kernel's words for it.

  -t SECONDS  accepted: every unit has its own deadline

exit codes: 0 done, 1 a unit of the bundle is not up, 100 usage, 111 no sunup system is running here, or it refuses

example: telinit 6
";

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed<'a> {
    /// A signal to process 1.
    Signal(u32),
    /// The resident programs are copied anew, and process 1 executes its own.
    Upgrade,
    /// The rescue bundle.
    Rescue,
    /// The bundle of a runlevel.
    Level(&'a str),
}

/// The program. Exits 0, 1, 100 or 111.
pub fn main(words: &[String]) -> i32 {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["--help"] => return print(HELP),
        ["--version"] => return print(concat!("telinit (sunup) ", env!("CARGO_PKG_VERSION"), "\n")),
        _ => {}
    }
    let Some(deed) = deed(&words) else {
        eprintln!("telinit: usage: telinit [-t seconds] 0|6|q|u|1|s|2|3|4|5");
        return USAGE;
    };
    let failures = check(&boot::directory(paths::RUN_VARIABLE, paths::RUN))
        .map_err(|reason| vec![Failure::because("signal process 1", reason)])
        .and_then(|()| deed.act());
    let failures = failures.err().unwrap_or_default();
    failures.iter().for_each(|failure| eprintln!("telinit: fatal: {failure}"));
    if failures.is_empty() { 0 } else { SYSTEM }
}

impl Deed<'_> {
    fn act(self) -> Result<(), Vec<Failure>> {
        match self {
            Self::Signal(signal) => {
                let told = kill(1, signal).map_err(|error| Failure::because("signal process 1", error));
                told.map_err(|failure| vec![failure])
            }
            Self::Upgrade => upgrade(),
            Self::Rescue => Err(vec![switch(RESCUE)]),
            Self::Level(level) => {
                let bundle = boot::directory(paths::ETC_VARIABLE, paths::ETC).join(BUNDLES).join(level);
                Err(vec![switch(if bundle.is_dir() { level } else { DEFAULT })])
            }
        }
    }
}

/// What cannot be copied is no reason to execute half of it.
fn upgrade() -> Result<(), Vec<Failure>> {
    let run = boot::directory(paths::RUN_VARIABLE, paths::RUN);
    let failures = programs::copy(&boot::directory(paths::LIB_VARIABLE, paths::LIB), &run);
    if !failures.is_empty() {
        return Err(failures);
    }
    let control = run.join(paths::run::SCAN).join(paths::scan::CONTROL);
    let fifo = OpenOptions::new().write(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(&control);
    let told = fifo.and_then(|mut fifo| fifo.write_all(&[EXECUTE_AGAIN]));
    told.trying(format_args!("write to {}", control.display())).map_err(|failure| vec![failure])
}

/// Becomes the command that shows what is done. Returns only what went wrong.
fn switch(bundle: &str) -> Failure {
    let program = boot::directory(paths::LIB_VARIABLE, paths::LIB).join("bin/sunup");
    let error = Command::new(&program).args(["switch", bundle]).exec();
    Failure::new(format_args!("run {}", program.display()), error)
}

/// Not `print!`, which panics where standard output takes nothing.
fn print(text: &str) -> i32 {
    if std::io::stdout().write_all(text.as_bytes()).is_ok() { 0 } else { SYSTEM }
}

/// What these arguments ask for; `None`: nothing.
fn deed<'a>(words: &[&'a str]) -> Option<Deed<'a>> {
    match words {
        ["-t", _, rest @ ..] => deed(rest),
        [option, rest @ ..] if option.strip_prefix("-t").is_some_and(|seconds| seconds.parse::<u32>().is_ok()) => {
            deed(rest)
        }
        ["0"] => Some(Deed::Signal(RTMIN + 4)),
        ["6"] => Some(Deed::Signal(RTMIN + 5)),
        ["q" | "Q"] => Some(Deed::Signal(SIGHUP)),
        ["u" | "U"] => Some(Deed::Upgrade),
        ["1" | "s" | "S"] => Some(Deed::Rescue),
        [level @ ("2" | "3" | "4" | "5")] => Some(Deed::Level(level)),
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
    use super::{Deed, deed};

    /// Power off is RTMIN+4, restart RTMIN+5; what is not known is usage.
    #[test]
    fn words() {
        assert_eq!(deed(&["0"]), Some(Deed::Signal(38)));
        assert_eq!(deed(&["-t", "5", "6"]), Some(Deed::Signal(39)));
        assert_eq!(deed(&["-t5", "6"]), Some(Deed::Signal(39)));
        assert_eq!(deed(&["q"]), Some(Deed::Signal(1)));
        assert_eq!(deed(&["3"]), Some(Deed::Level("3")));
        for wrong in [&[][..], &["7"], &["0", "6"], &["-t"], &["-t", "5"], &["-tx", "6"], &["--help"], &["a"]] {
            assert_eq!(deed(wrong), None, "{wrong:?}");
        }
    }
}
