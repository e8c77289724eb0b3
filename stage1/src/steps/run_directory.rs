//! The run directory: always a mount of its own, because /run may have come to us noexec, and bounded, because logs are
//! in it. From here on boot.log and the timeline are files.

use std::fs;

use nix::mount::MsFlags;
use supervisor::paths::run;

use crate::boot::{self, Boot};
use crate::failure::{Failure, Trying};
use crate::mounts::Filesystem;

/// Memory is taken as it is filled. It holds our programs (5 MB; debug builds 40), service directories and the logs.
const OPTIONS: &str = "mode=0755,size=128m";
/// `wrapper`, `bin` and so on are the contract's; `engine` is the engine's own.
const DIRECTORIES: [&str; 8] =
    [run::BIN, run::WRAPPER, run::SERVICE, run::SCAN, run::STATE, run::REQUESTS, run::LOG, "engine"];
/// Who this boot is.
const BOOT_ID: &str = "boot-id";

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    let mounted = mount(boot);
    let made = DIRECTORIES.iter().try_for_each(|name| {
        let path = boot.below_run(name);
        fs::create_dir_all(&path).trying(format_args!("make {}", path.display()))
    });
    let id = boot_id();
    let written = fs::write(boot.below_run(BOOT_ID), format!("{id}\n")).trying("write the boot's id");
    boot.report.keep(&boot.run, &id);
    mounted.and(made).and(written)
}

fn mount(boot: &Boot) -> Result<(), Failure> {
    let target = boot.run.to_str().ok_or_else(|| Failure::because("mount the run directory", "its name is no text"))?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    Filesystem { kind: "tmpfs", target, flags, options: &[OPTIONS] }.mount()
}

/// The kernel's id of this boot; in a sandbox a fresh one, because it is booted more often than the kernel.
fn boot_id() -> String {
    let name = if boot::is_first() { "boot_id" } else { "uuid" };
    let text = fs::read_to_string(format!("/proc/sys/kernel/random/{name}")).unwrap_or_default();
    text.trim().to_owned()
}
