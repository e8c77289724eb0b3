//! Who may end this system: only a descendant of the process 1 that runs our scan directory.
//!
//! Everything dangerous (signals to every process, unmounting, reboot(2)) takes a [`Permit`], and this is the only place that
//! makes one. On a machine that another init runs it never does, whatever the arguments, the environment and the
//! privileges are: there process 1 does not stand in our scan directory. In an initramfs that has taken over from us nothing is
//! left to be stopped, and nothing may be but the kernel.

use crate::heir::initramfs;
use crate::processes::Process;
use std::fmt::{self, Display, Formatter};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use supervisor::namespace;
use supervisor::paths;

/// Scanners that may be process 1 of a real machine, besides our own copy.
const SCANNERS: [&str; 3] = ["svscan", "s6-svscan", "runsvdir"];

/// Process 1 is the scanner of our run directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Owner {
    /// This is the machine itself, not a container: swap, loop devices and the like are ours.
    pub first_namespace: bool,
}

/// The proof that this process may stop the system.
#[derive(Debug, PartialEq, Eq)]
pub struct Permit {
    owner: Owner,
}

impl Permit {
    /// This is the machine itself, not a container.
    pub fn first_namespace(&self) -> bool {
        self.owner.first_namespace
    }
}

/// Why not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// There is no run directory with a scanner's files.
    NoSystem(PathBuf),
    /// Not root.
    NotRoot,
    /// /proc shows another pid namespace, or is not there.
    ForeignProc,
    /// Process 1 does not stand in our scan directory.
    ForeignProcessOne,
    /// On the machine itself process 1 is none of the scanners we know.
    UnknownScanner(String),
    /// The chain of parents does not lead to process 1.
    NoDescendant,
}

impl Display for Refusal {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoSystem(run) => write!(f, "no sunup system is running here: no scanner in '{}'", run.display()),
            Self::NotRoot => f.write_str("only root may do this"),
            Self::ForeignProc => f.write_str("/proc does not show this pid namespace"),
            Self::ForeignProcessOne => f.write_str("no sunup system is running here: process 1 is not our scanner"),
            Self::UnknownScanner(name) => write!(f, "process 1 is '{name}', which is no scanner we know"),
            Self::NoDescendant => f.write_str("not a descendant of process 1"),
        }
    }
}

/// This is the machine itself, not a container, as far as pids go.
pub fn is_first_namespace() -> bool {
    namespace::is_machine() == Some(true)
}

/// What was seen, before it is judged.
#[derive(Clone, Debug)]
struct Facts {
    run: PathBuf,
    has_scanner: bool,
    root: bool,
    own_proc: bool,
    process_one_in_scan: bool,
    first_namespace: bool,
    process_one_is_our_copy: bool,
    process_one_name: String,
    descendant: bool,
}

impl Facts {
    fn gather(run: &Path) -> Self {
        let own = std::process::id();
        let bin = run.join(paths::run::BIN);
        let exe = fs::read_link("/proc/1/exe").unwrap_or_default();
        Self {
            run: run.into(),
            has_scanner: run.join(paths::run::SCAN).join(paths::scan::SVSCAN).is_dir(),
            root: nix::unistd::geteuid().is_root(),
            own_proc: namespace::shows_own_pids(),
            process_one_in_scan: same_file(Path::new("/proc/1/cwd"), &run.join(paths::run::SCAN)),
            first_namespace: is_first_namespace(),
            process_one_is_our_copy: same_file(Path::new("/proc/1/exe"), &bin.join("svscan")),
            process_one_name: name_of(&exe),
            // Again, because a parent that ends meanwhile (`poweroff`) breaks the chain for a moment.
            descendant: (0..5).any(|_| descends_from_one(own, |pid| Process::of(pid).map(|process| process.parent))),
        }
    }

    fn owner(&self) -> Result<Owner, Refusal> {
        if !self.has_scanner {
            return Err(Refusal::NoSystem(self.run.clone()));
        }
        if !self.root {
            return Err(Refusal::NotRoot);
        }
        if !self.own_proc {
            return Err(Refusal::ForeignProc);
        }
        if !self.process_one_in_scan {
            return Err(Refusal::ForeignProcessOne);
        }
        let known = self.process_one_is_our_copy || SCANNERS.contains(&self.process_one_name.as_str());
        if self.first_namespace && !known {
            return Err(Refusal::UnknownScanner(self.process_one_name.clone()));
        }
        Ok(Owner { first_namespace: self.first_namespace })
    }

    fn permit(&self) -> Result<Permit, Refusal> {
        let owner = self.owner()?;
        if self.descendant { Ok(Permit { owner }) } else { Err(Refusal::NoDescendant) }
    }
}

/// Says whether process 1 is ours: enough to ask it for something.
pub fn owner(run: &Path) -> Result<Owner, Refusal> {
    Facts::gather(run).owner()
}

/// The permission to stop the system: process 1 is ours, and this process descends from it.
pub fn permit(run: &Path) -> Result<Permit, Refusal> {
    Facts::gather(run).permit()
}

/// The permission to end the kernel at once: as before, or in an initramfs that has taken over from us, whose program calls the
/// `poweroff` that was copied into it.
pub fn permit_at_once(run: &Path) -> Result<Permit, Refusal> {
    let facts = Facts::gather(run);
    if facts.root && facts.own_proc && facts.descendant && initramfs::has_taken_over() {
        return Ok(Permit { owner: Owner { first_namespace: facts.first_namespace } });
    }
    facts.permit()
}

/// The name of the program that /proc/PID/exe leads to, also if an upgrade has replaced it since.
fn name_of(exe: &Path) -> String {
    let name = exe.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(" (deleted)").unwrap_or(&name).to_owned()
}

/// Both paths lead to one file.
fn same_file(one: &Path, other: &Path) -> bool {
    match (fs::metadata(one), fs::metadata(other)) {
        (Ok(one), Ok(other)) => (one.dev(), one.ino()) == (other.dev(), other.ino()),
        _ => false,
    }
}

/// Follows parents up to process 1. One that came from outside the namespace has parent 0.
fn descends_from_one(start: u32, parent: impl Fn(u32) -> Option<u32>) -> bool {
    let mut pid = start;
    while pid > 1 {
        match parent(pid) {
            Some(next) if next != pid => pid = next,
            _ => return false,
        }
    }
    pid == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> Facts {
        Facts {
            run: "/run/sunup".into(),
            has_scanner: true,
            root: true,
            own_proc: true,
            process_one_in_scan: true,
            first_namespace: true,
            process_one_is_our_copy: true,
            process_one_name: "svscan".into(),
            descendant: true,
        }
    }

    /// Each fact alone is enough to refuse.
    #[test]
    fn every_fact_counts() {
        let check = |change: fn(&mut Facts), expected: Refusal| {
            let mut facts = good();
            change(&mut facts);
            assert_eq!(facts.permit(), Err(expected));
        };
        assert_eq!(good().permit(), Ok(Permit { owner: Owner { first_namespace: true } }));
        check(|facts| facts.has_scanner = false, Refusal::NoSystem("/run/sunup".into()));
        check(|facts| facts.root = false, Refusal::NotRoot);
        check(|facts| facts.own_proc = false, Refusal::ForeignProc);
        check(|facts| facts.process_one_in_scan = false, Refusal::ForeignProcessOne);
        check(|facts| facts.descendant = false, Refusal::NoDescendant);
        check(
            |facts| {
                facts.process_one_is_our_copy = false;
                facts.process_one_name = "systemd".into();
            },
            Refusal::UnknownScanner("systemd".into()),
        );
    }

    /// Another scanner may be process 1, and in a container anything that stands in our scan directory.
    #[test]
    fn other_scanners() {
        let foreign = Facts { process_one_is_our_copy: false, process_one_name: "s6-svscan".into(), ..good() };
        assert!(foreign.permit().is_ok());
        let stand_in = Facts { first_namespace: false, process_one_name: "sh".into(), ..foreign };
        assert_eq!(stand_in.permit(), Ok(Permit { owner: Owner { first_namespace: false } }));
    }

    /// An upgrade of its package does not make a scanner a stranger.
    #[test]
    fn names() {
        let is_known = |exe: &str| {
            let process_one_name = name_of(Path::new(exe));
            Facts { process_one_is_our_copy: false, process_one_name, ..good() }.permit().is_ok()
        };
        assert!(is_known("/usr/bin/runsvdir") && is_known("/usr/bin/runsvdir (deleted)"));
        assert!(!is_known("/usr/bin/busybox") && !is_known("/usr/bin/busybox (deleted)"));
    }

    /// The chain ends at process 1, at a stranger (parent 0), or where it cannot be read.
    #[test]
    fn chains() {
        let parent = |pid| [0, 0, 1, 2, 0].get(pid as usize).copied();
        assert!(descends_from_one(3, parent));
        assert!(!descends_from_one(4, parent));
        assert!(!descends_from_one(9, parent));
    }

    /// Wherever the tests run, process 1 is not ours.
    #[test]
    fn refuses_here() {
        assert!(permit(Path::new("/nonexistent")).is_err());
    }
}
