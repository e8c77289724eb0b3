//! The world of one scenario: mount and pid namespaces of its own, a tmpfs, process 1, and the driver as process 2.
//!
//! Three processes, because only children enter a new pid namespace: one stays outside and waits, its first child is the
//! scanner, or somebody who reaps, its second child drives. When the outer one ends, however, so does everything.

use std::path::Path;
use std::process::ExitCode;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use supervisor::sys::descriptor::Owned;
use supervisor::sys::error::Errno;
use supervisor::sys::event::{EPOLLIN, pipe, wait_ready};
use supervisor::sys::process::{self, Fork, die_with_parent, fork};
use supervisor::sys::signal::{self, SIGCHLD, SIGKILL, Signals};
use supervisor::sys::wait::{self, wait_for};

use crate::scenario::{Scenario, Settings};
use crate::tree::Tree;
use crate::{Outcome, driver};

/// Runs a scenario in the working directory, which is empty.
pub fn enter(settings: &Settings) -> ExitCode {
    match stay_outside(settings) {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            eprintln!("soak: fatal: unable to make namespaces: {error}");
            ExitCode::from(111)
        }
    }
}

fn stay_outside(settings: &Settings) -> Outcome<u8> {
    die_with_parent(SIGKILL).map_err(|errno| errno.to_string())?;
    let root = std::env::current_dir()?;
    unshare(CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID)?;
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)?;
    mount(Some("tmpfs"), &root, Some("tmpfs"), MsFlags::empty(), Some("mode=755,size=1g,nr_inodes=1m"))?;
    let tree = Tree::make(&root, settings.services)?;
    let (ready, told) = pipe().map_err(|errno| errno.to_string())?;
    let first = in_child(|| be_first(settings, &tree, told))?;
    // The end of the pipe: /proc is there.
    let _ = ready.read(&mut [0]);
    let driver = in_child(|| driver::run(settings, tree))?;
    let ended = wait_for(driver);
    let _ = process::kill(first, SIGKILL);
    let _ = wait_for(first);
    let status = ended.map_err(|errno| errno.to_string())?.status;
    Ok(if status & 0x7f == 0 { (status >> 8) as u8 } else { 111 })
}

/// Does something in a child, which ends with it; gives its pid.
fn in_child(work: impl FnOnce() -> Outcome<u8>) -> Outcome<u32> {
    match fork().map_err(|errno| errno.to_string())? {
        Fork::Parent(pid) => Ok(pid),
        Fork::Child => {
            let code = die_with_parent(SIGKILL).map_err(|errno| errno.to_string().into()).and_then(|()| work());
            let code = code.unwrap_or_else(|error| {
                eprintln!("soak: fatal: {error}");
                111
            });
            std::process::exit(i32::from(code))
        }
    }
}

/// Process 1 of the new namespace: the scanner, or somebody who reaps orphans.
fn be_first(settings: &Settings, tree: &Tree, told: Owned) -> Outcome<u8> {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), Path::new("/proc"), Some("proc"), flags, None::<&str>)?;
    if settings.scenario == Scenario::Process1 {
        // The pipe closes with the exec.
        tree.become_scanner()?;
    }
    drop(told);
    reap().map_err(|errno| errno.to_string().into())
}

/// Reaps orphans, for ever.
fn reap() -> Result<u8, Errno> {
    let signals = Signals::of(&[SIGCHLD]);
    signal::set_blocked(signals)?;
    let ends = signal::signal_descriptor(signals)?;
    loop {
        wait_ready(*ends, EPOLLIN, None)?;
        while signal::next_signal(*ends).is_some() {}
        while wait::reap().is_some() {}
    }
}
