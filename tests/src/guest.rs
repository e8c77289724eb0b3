//! The inside half of a [`Namespace`](crate::Namespace): two stages of one program, because only a child enters a new pid
//! namespace.
//!
//! [`hold`] stays outside the pid namespace, owns the tmpfs that takes the guest's writes, and reports how process 1
//! ended. [`enter`] is process 1 until it execs `/sbin/init`. Nothing here may leave a way for the guest to reach the
//! host: no devices but the harmless ones, /sys and /proc/sys read-only, a cgroup leaf and a superblock of its own (a
//! remount of a bind mount would reach the host's), the capabilities for clock, modules, ports and kernel log dropped.

use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, chdir, pivot_root};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// What reaches the host from any namespace.
const DROPPED: &str =
    "-sys_time,-sys_module,-sys_rawio,-syslog,-mknod,-wake_alarm,-mac_admin,-mac_override,-perfmon,-bpf";
/// Device nodes that are the same for everyone.
const NODES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Runs process 1 and waits for it; then waits for the end of standard input, so that the guest's files can be looked
/// at. If that end comes first, kills process 1. Prints `signal N` or `exit N`.
pub fn hold(directory: &Path, console: &str, layers: &str, arguments: &[String]) -> Outcome<()> {
    let leaf = Leaf::make();
    let ended = Arc::new(AtomicBool::new(false));
    let (pids, pid) = channel();
    // Before the new pid namespace: after it this process cannot have another thread.
    let watcher = std::thread::spawn({
        let ended = Arc::clone(&ended);
        move || watch(&pid, &ended)
    });
    unshare(CloneFlags::CLONE_NEWNS)?;
    make_private()?;
    mount(Some("tmpfs"), directory, Some("tmpfs"), MsFlags::empty(), Some("mode=755"))?;
    for name in ["upper", "work", "root"] {
        fs::create_dir(directory.join(name))?;
    }
    unshare(
        CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWUTS
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWCGROUP,
    )?;
    let terminal = OpenOptions::new().read(true).write(true).open(console)?;
    let mut init = Command::new(std::env::current_exe()?);
    init.arg("enter").arg(directory).arg(console).arg(layers).args(arguments);
    init.stdin(terminal.try_clone()?).stdout(terminal.try_clone()?).stderr(terminal);
    let mut child = init.spawn()?;
    drop(init);
    let pid = Pid::from_raw(child.id().try_into()?);
    pids.send(pid)?;
    let status = child.wait()?;
    ended.store(true, Ordering::SeqCst);
    match (status.signal(), status.code()) {
        (Some(signal), _) => println!("signal {signal}"),
        (None, code) => println!("exit {}", code.unwrap_or(-1)),
    }
    std::io::stdout().flush()?;
    watcher.join().ok();
    leaf.iter().for_each(Leaf::remove);
    Ok(())
}

/// Kills process 1 when standard input ends.
fn watch(pids: &Receiver<Pid>, ended: &AtomicBool) {
    std::io::stdin().read_to_end(&mut Vec::new()).ok();
    // A pid that has been waited for may be somebody else's.
    if let Ok(pid) = pids.recv()
        && !ended.load(Ordering::SeqCst)
    {
        kill(pid, Signal::SIGKILL).ok();
    }
}

/// Makes the guest's root and becomes its `/sbin/init`. Returns only with an error.
pub fn enter(directory: &Path, console: &str, layers: &str, arguments: &[String]) -> Outcome<()> {
    unshare(CloneFlags::CLONE_NEWNS)?;
    make_private()?;
    let root = directory.join("root");
    let (upper, work) = (directory.join("upper"), directory.join("work"));
    let options = format!("lowerdir={layers},upperdir={},workdir={}", upper.display(), work.display());
    mount(Some("overlay"), &root, Some("overlay"), MsFlags::empty(), Some(options.as_str()))
        .map_err(|error| format!("overlay {options}: {error}"))?;
    kernel_filesystems(&root).map_err(|error| format!("/proc and /sys: {error}"))?;
    devices(&root.join("dev"), console).map_err(|error| format!("/dev: {error}"))?;
    chdir(&root)?;
    pivot_root(".", ".").map_err(|error| format!("pivot_root: {error}"))?;
    // The old root lies over the new one until it is detached.
    umount2(".", MntFlags::MNT_DETACH)?;
    chdir("/")?;
    let mut init = Command::new("/usr/bin/setpriv");
    init.arg(format!("--bounding-set={DROPPED}")).arg("/sbin/init").args(arguments);
    Err(init.env_clear().env("HOME", "/").env("TERM", "linux").exec().into())
}

fn make_private() -> nix::Result<()> {
    mount(None::<&str>, "/", None::<&str>, MsFlags::MS_REC | MsFlags::MS_PRIVATE, None::<&str>)
}

/// /proc, with what is the host's read-only, and /sys read-only.
fn kernel_filesystems(root: &Path) -> Outcome<()> {
    let safe = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    let proc = root.join("proc");
    mount(Some("proc"), &proc, Some("proc"), safe, None::<&str>)?;
    for name in ["sys", "sysrq-trigger"] {
        let path = proc.join(name);
        if !path.exists() {
            continue;
        }
        bind(&path, &path)?;
        let flags = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | safe;
        mount(None::<&str>, &path, None::<&str>, flags, None::<&str>)?;
    }
    mount(Some("sysfs"), &root.join("sys"), Some("sysfs"), safe | MsFlags::MS_RDONLY, None::<&str>)?;
    Ok(())
}

/// A /dev of bound nodes, the console one of them.
fn devices(dev: &Path, console: &str) -> Outcome<()> {
    mount(Some("dev"), dev, Some("tmpfs"), MsFlags::MS_NOSUID, Some("mode=755"))?;
    for name in NODES {
        File::create(dev.join(name))?;
        bind(&Path::new("/dev").join(name), &dev.join(name))?;
    }
    File::create(dev.join("console"))?;
    bind(Path::new(console), &dev.join("console"))?;
    for name in ["pts", "shm", "mqueue"] {
        fs::create_dir(dev.join(name))?;
    }
    let links =
        [("fd", "/proc/self/fd"), ("stdin", "fd/0"), ("stdout", "fd/1"), ("stderr", "fd/2"), ("ptmx", "pts/ptmx")];
    links.iter().try_for_each(|(name, target)| symlink(target, dev.join(name)))?;
    Ok(())
}

fn bind(source: &Path, target: &Path) -> nix::Result<()> {
    mount(Some(source), target, None::<&str>, MsFlags::MS_BIND, None::<&str>)
}

/// A cgroup of the unified hierarchy that becomes the guest's root of it.
struct Leaf {
    path: PathBuf,
}

impl Leaf {
    /// Makes the leaf and moves this process into it; none where the host has no unified hierarchy.
    fn make() -> Option<Self> {
        let mounts = ["/sys/fs/cgroup/unified", "/sys/fs/cgroup"];
        let base = mounts.into_iter().find(|path| Path::new(path).join("cgroup.procs").exists())?;
        let path = Path::new(base).join(format!("sunup-test-{}", std::process::id()));
        fs::create_dir(&path).ok()?;
        fs::write(path.join("cgroup.procs"), "0").ok()?;
        Some(Self { path })
    }

    /// Moves this process out and removes what the guest left.
    fn remove(&self) {
        let parent = self.path.parent().unwrap_or(&self.path);
        fs::write(parent.join("cgroup.procs"), "0").ok();
        remove_groups(&self.path);
    }
}

/// Removes a tree of empty cgroups, the deepest first.
fn remove_groups(path: &Path) {
    for entry in fs::read_dir(path).into_iter().flatten().filter_map(Result::ok) {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_groups(&entry.path());
        }
    }
    fs::remove_dir(path).ok();
}
