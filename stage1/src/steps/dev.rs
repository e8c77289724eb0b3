//! /dev: the kernel's where the machine is ours, else a tmpfs with the few nodes that programs count on. A mounted
//! devtmpfs *is* the host's /dev, so outside the first pid namespace there is none, and what is mounted already is not
//! touched.

use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::OFlag;
use nix::mount::MsFlags;
use nix::sys::stat::{Mode, SFlag, makedev, mknod};
use nix::unistd::{chdir, fchdir};

use crate::boot::{self, Boot};
use crate::failure::{Failure, Trying};
use crate::mounts::{self, Filesystem};

/// A character device.
struct Node {
    name: &'static str,
    mode: u32,
    major: u64,
    minor: u64,
}

const fn node(name: &'static str, mode: u32, major: u64, minor: u64) -> Node {
    Node { name, mode, major, minor }
}

/// What every program may count on; harmless in a sandbox as well.
const COMMON: [Node; 6] = [
    node("null", 0o666, 1, 3),
    node("zero", 0o666, 1, 5),
    node("full", 0o666, 1, 7),
    node("random", 0o666, 1, 8),
    node("urandom", 0o666, 1, 9),
    node("tty", 0o666, 5, 0),
];
/// What belongs to the machine: a sandbox gets those that it was given, and none is made.
const MACHINE: [Node; 9] = [
    node("console", 0o600, 5, 1),
    node("kmsg", 0o660, 1, 11),
    node("tty0", 0o620, 4, 0),
    node("tty1", 0o620, 4, 1),
    node("ttyS0", 0o660, 4, 64),
    node("ttyS1", 0o660, 4, 65),
    node("ttyAMA0", 0o660, 204, 64),
    node("hvc0", 0o660, 229, 0),
    node("rtc0", 0o660, 254, 0),
];
/// Links that the kernel does not make.
const LINKS: [(&str, &str); 4] = [
    ("fd", "/proc/self/fd"),
    ("stdin", "/proc/self/fd/0"),
    ("stdout", "/proc/self/fd/1"),
    ("stderr", "/proc/self/fd/2"),
];

pub(super) fn act(boot: &mut Boot) -> Result<(), Failure> {
    let first = boot::is_first();
    if mounts::is_mount_point("/dev") || !mounts::may_mount() {
        return if first { links() } else { Ok(()) };
    }
    if !first || !devtmpfs() {
        tmpfs(boot, first)?;
    }
    links()
}

/// Mounts the kernel's /dev, if there is one. It is no failure if not: the tmpfs follows.
fn devtmpfs() -> bool {
    let options = &["mode=0755"];
    (Filesystem { kind: "devtmpfs", target: "/dev", flags: MsFlags::MS_NOSUID, options }).mount().is_ok()
}

/// Mounts a tmpfs and fills it. The directory below stays within reach as the working directory, for the nodes in it:
/// there may be no /proc to name a descriptor by.
fn tmpfs(boot: &mut Boot, first: bool) -> Result<(), Failure> {
    let _ = fs::create_dir_all("/dev");
    let below = OpenOptions::new().read(true).custom_flags(OFlag::O_PATH.bits()).open("/dev").trying("open /dev")?;
    let options = &["mode=0755,size=10m", "mode=0755"];
    Filesystem { kind: "tmpfs", target: "/dev", flags: MsFlags::MS_NOSUID, options }.mount()?;
    fchdir(&below).trying("go below /dev")?;
    nodes(boot, first);
    chdir("/").trying("go to /")?;
    symlink("pts/ptmx", "/dev/ptmx").trying("link /dev/ptmx")
}

fn nodes(boot: &mut Boot, first: bool) {
    for node in &COMMON {
        if let Err(error) = given(node).or_else(|_| made(node)) {
            boot.report.failure(&Failure::new(format_args!("make /dev/{}", node.name), error));
        }
    }
    for node in &MACHINE {
        let _ = if first { made(node) } else { given(node) };
    }
}

/// Shows the node that the working directory, the one below /dev, has, whatever it is: a sandbox's console is a terminal
/// of its owner.
fn given(node: &Node) -> Result<(), Errno> {
    if !Path::new(node.name).exists() {
        return Err(Errno::ENOENT);
    }
    let target = format!("/dev/{}", node.name);
    File::create(&target).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or(0)))?;
    mounts::bind(node.name, &target).inspect_err(|_| drop(fs::remove_file(&target)))
}

/// Makes the node, whatever the umask.
fn made(node: &Node) -> Result<(), Errno> {
    let path = format!("/dev/{}", node.name);
    let mode = Mode::from_bits_truncate(node.mode);
    mknod(path.as_str(), SFlag::S_IFCHR, mode, makedev(node.major, node.minor))?;
    nix::sys::stat::fchmodat(nix::fcntl::AT_FDCWD, path.as_str(), mode, nix::sys::stat::FchmodatFlags::FollowSymlink)
}

/// Makes the links that are missing.
fn links() -> Result<(), Failure> {
    for (name, target) in LINKS {
        let path = format!("/dev/{name}");
        if fs::symlink_metadata(&path).is_err() {
            symlink(target, &path).trying(format_args!("link {path}"))?;
        }
    }
    Ok(())
}
