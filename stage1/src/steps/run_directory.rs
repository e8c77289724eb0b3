//! The run directory: always a mount of its own, because /run may have come to us noexec, and bounded, because logs are
//! in it. From here on boot.log and the timeline are files.

use std::fs::{self, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::fcntl::{Flock, FlockArg, OFlag};
use nix::mount::MsFlags;
use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{AccessFlags, access};
use supervisor::paths::{run, service};

use crate::boot::{self, Boot};
use crate::failure::{Failure, Trying};
use crate::mounts::{self, Filesystem};

/// Memory is taken as it is filled. It holds our programs (5 MB; debug builds 40), service directories and the logs.
const OPTIONS: &str = "mode=0755,size=128m";
/// `wrapper`, `bin` and so on are the contract's; `engine` is the engine's own.
const DIRECTORIES: [&str; 9] =
    [run::BIN, run::WRAPPER, run::SERVICE, run::SCAN, run::STATE, run::REQUESTS, run::LOG, run::UNITS, "engine"];
/// Files of one boot. (This one's boot.log and timeline are not there yet.)
const FILES: [&str; 7] =
    [run::LOG_FIFO, run::MAIN, run::EXIT_CODE, run::BOOT_LOG, run::TIMELINE, run::ENGINE_LOCK, run::CHECKED];
/// Where it is when the root has no /run and cannot be written: /dev can be.
const INSTEAD: &str = "/dev/sunup";
/// What an earlier process 1 in the middle of its end leaves behind, and what would end this one.
const ENDING: [&str; 4] = [run::STOPPING, run::STAGE3_LOCK, run::STAGE3_HURRY, run::REQUESTS];

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    let mounted = place(boot);
    clear(boot);
    let made = DIRECTORIES.iter().try_for_each(|name| {
        let path = boot.below_run(name);
        fs::create_dir_all(&path).trying(format_args!("make {}", path.display()))
    });
    let id = boot_id();
    let written = fs::write(boot.below_run(run::BOOT_ID), format!("{id}\n")).trying("write the boot's id");
    boot.report.keep(&boot.run, &id);
    mounted.and(made).and(written)
}

/// Mounts the run directory; where it cannot even be made, elsewhere.
fn place(boot: &mut Boot) -> Result<(), Failure> {
    if !mounts::may_mount() {
        return find(boot);
    }
    let failed = match mount(&boot.run) {
        Err(failure) if !boot.run.is_dir() => failure,
        mounted => return mounted,
    };
    boot.run = INSTEAD.into();
    boot.report.failure(&failed.remark(format_args!("{INSTEAD} is used")));
    mount(&boot.run)
}

/// Where nothing can be mounted, as in most containers: the first place that can be written.
fn find(boot: &mut Boot) -> Result<(), Failure> {
    let made = [boot.run.clone(), INSTEAD.into()]
        .into_iter()
        .find(|place| fs::create_dir_all(place).is_ok() && access(place, AccessFlags::W_OK).is_ok());
    let place = made.ok_or_else(|| Failure::because("make the run directory", "nothing can be written"))?;
    boot.run = place;
    Ok(())
}

/// What is mounted there already is taken if programs can run from it, and made such else.
fn mount(run: &Path) -> Result<(), Failure> {
    let target = run.to_str().ok_or_else(|| Failure::because("mount the run directory", "its name is no text"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    Filesystem { kind: "tmpfs", target, flags, options: &[OPTIONS] }.mount()?;
    let bad = FsFlags::ST_NOEXEC | FsFlags::ST_RDONLY;
    if statvfs(run).is_ok_and(|filesystem| !filesystem.flags().intersects(bad)) {
        return Ok(());
    }
    let flags = flags | MsFlags::MS_REMOUNT | MsFlags::MS_BIND;
    nix::mount::mount(None::<&str>, target, None::<&str>, flags, None::<&str>)
        .trying(format_args!("run programs from {target}"))
}

/// Removes what an earlier process 1 has left: all that is ours but its logs, or, if services of its still run, what
/// belongs to its end. Their supervises' records are how the scanner finds them.
fn clear(boot: &Boot) {
    ENDING.iter().for_each(|name| remove(&boot.below_run(name)));
    if !is_supervised(boot) {
        let names = DIRECTORIES.iter().chain(&FILES).filter(|name| **name != run::LOG);
        names.for_each(|name| remove(&boot.below_run(name)));
    }
}

fn remove(path: &Path) {
    let _ = if path.is_dir() && !path.is_symlink() { fs::remove_dir_all(path) } else { fs::remove_file(path) };
}

/// True if a supervise of any service holds its lock.
fn is_supervised(boot: &Boot) -> bool {
    let services = fs::read_dir(boot.below_run(run::SERVICE)).into_iter().flatten().flatten();
    services.into_iter().any(|service| is_locked(&service.path().join(service::LOCK)))
}

fn is_locked(path: &Path) -> bool {
    let file = OpenOptions::new().read(true).custom_flags(OFlag::O_NONBLOCK.bits()).open(path);
    file.is_ok_and(|file| Flock::lock(file, FlockArg::LockExclusiveNonblock).is_err())
}

/// The kernel's id of this boot; in a sandbox a fresh one, because it is booted more often than the kernel.
fn boot_id() -> String {
    let name = if boot::is_first() { "boot_id" } else { "uuid" };
    let text = fs::read_to_string(format!("/proc/sys/kernel/random/{name}")).unwrap_or_default();
    text.trim().to_owned()
}
