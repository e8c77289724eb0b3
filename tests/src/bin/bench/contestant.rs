//! Who is measured, and how each one is started, told of a new service, and stopped: as its manual says.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use nix::libc::O_NONBLOCK;

use crate::Outcome;
use crate::figures::{FLOOR, GROUPED, OURS};
use crate::scratch::{installed, ours};

/// A supervision suite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Contestant {
    /// Starts the same services and does nothing else.
    Floor,
    /// Our svscan and supervise.
    Sunup,
    /// The same, a supervise for 100 services.
    Grouped,
    /// Debian's daemontools.
    Daemontools,
    /// Debian's runit.
    Runit,
    /// Debian's s6.
    S6,
}

use Contestant::{Daemontools, Floor, Grouped, Runit, S6, Sunup};

impl Contestant {
    /// Those that are here.
    pub fn present() -> Vec<Self> {
        [Floor, Sunup, Grouped, Daemontools, Runit, S6].into_iter().filter(|one| one.is_present()).collect()
    }

    /// A line for each one that is not here.
    pub fn absent() -> Vec<String> {
        let absent = [Daemontools, Runit, S6].into_iter().filter(|one| !one.is_present());
        absent.map(|one| format!("{} is not installed", one.name())).collect()
    }

    fn is_present(self) -> bool {
        self.scanner().is_none_or(|scanner| installed(scanner).is_some())
    }

    /// Its row.
    pub const fn name(self) -> &'static str {
        match self {
            Floor => FLOOR,
            Sunup => OURS,
            Grouped => GROUPED,
            Daemontools => "daemontools",
            Runit => "runit",
            S6 => "s6",
        }
    }

    /// The peer's scanner, looked up in PATH.
    const fn scanner(self) -> Option<&'static str> {
        match self {
            Floor | Sunup | Grouped => None,
            Daemontools => Some("svscan"),
            Runit => Some("runsvdir"),
            S6 => Some("s6-svscan"),
        }
    }

    /// The command that keeps the services of a scan directory, `count` of them.
    pub fn start(self, scan: &Path, count: usize) -> Command {
        let mut command = match self.scanner() {
            Some(scanner) => Command::new(installed(scanner).unwrap_or_else(|| scanner.into())),
            None if self == Floor => Command::new(ours("floor")),
            None => Command::new(ours("svscan")),
        };
        match self {
            Floor => command.arg("keep").arg(count.to_string()).arg(ours("sleeper")),
            Sunup => command.arg(scan).env("PATH", path_with_ours()),
            Grouped => command.args(["-g", "100"]).arg(scan).env("PATH", path_with_ours()),
            Daemontools | Runit => command.arg(scan),
            // Its usual limit is 500 services.
            S6 => command.args(["-c", "2000"]).arg(scan),
        };
        command
    }

    /// Tells the scanner that there is a new service; those who are not told watch, or look every 5 s.
    pub fn trigger(self, scan: &Path) -> Outcome<()> {
        match self {
            Floor | Sunup | Grouped | Daemontools | Runit => Ok(()),
            S6 => write_letter(&scan.join(".s6-svscan/control"), b'a'),
        }
    }

    /// Looks for new services every 5 s only.
    pub const fn polls(self) -> bool {
        matches!(self, Daemontools | Runit)
    }

    /// What ends the whole tree, once its scanner has the signal of [`Contestant::last_signal`].
    pub fn finish(self, services: &[std::path::PathBuf]) -> Outcome<()> {
        if self == Daemontools {
            let status =
                Command::new(installed("svc").ok_or("svc is not installed")?).arg("-dx").args(services).status()?;
            if !status.success() {
                return Err("svc -dx failed".into());
            }
        }
        Ok(())
    }

    /// The signal that makes the scanner end; the floor ends with its standard input instead.
    pub const fn last_signal(self) -> Option<nix::sys::signal::Signal> {
        use nix::sys::signal::Signal::{SIGHUP, SIGTERM};
        match self {
            Floor => None,
            Sunup | Grouped | Daemontools | S6 => Some(SIGTERM),
            Runit => Some(SIGHUP),
        }
    }
}

/// Our scanner finds our supervise.
pub fn path_with_ours() -> std::ffi::OsString {
    let mut path = tests::programs::built().as_os_str().to_owned();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap_or_default());
    path
}

fn write_letter(control: &Path, letter: u8) -> Outcome<()> {
    Ok(OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(control)?.write_all(&[letter])?)
}
