//! The inside of a rehearsal: enters the namespaces, mounts the root, starts process 1 there and waits for its end.
//!
//! It must never mount anything before it is in a mount namespace of its own that sends nothing back.

use std::env;
use std::fs::{self, DirEntry};
use std::io::{self, BufReader};
use std::os::fd::AsFd;
use std::os::unix::fs::symlink;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use nix::mount::{MsFlags, mount};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::signal::{SigSet, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::{Gid, Pid, Uid, setgid, setgroups, setuid};

use super::first::FIRST;
use super::protocol::{Layout, MAPPED, Said, next_line};

/// Directories that start empty: the stages mount on them, or nothing of the host's may be seen there.
const EMPTY: [&str; 8] = ["proc", "sys", "dev", "run", "tmp", "mnt", "media", "lost+found"];
/// Places where services write and an ordinary user may not, although an overlay covers them.
const WRITABLE: [&str; 4] = ["var/log", "var/lib", "var/cache", "var/spool"];
/// Device nodes that are bound from the host.
const DEVICES: [&str; 6] = ["null", "zero", "full", "random", "urandom", "tty"];

/// Runs the inside, which speaks `super::protocol` on its standard input and output. Returns its exit code.
pub fn run() -> u8 {
    let mut to_front = io::stdout();
    match enter(&mut to_front) {
        Ok(status) => {
            let said = match status.signal() {
                Some(signal) => Said::EndedBySignal(signal),
                None => Said::Exited(status.code().unwrap_or(111)),
            };
            let _ = said.say(&mut to_front);
            0
        }
        Err(error) => {
            let _ = Said::Error(error).say(&mut to_front);
            111
        }
    }
}

fn enter(to_front: &mut io::Stdout) -> Result<ExitStatus, String> {
    let mut from_front = BufReader::new(io::stdin());
    let broken = |_| "the front went away".to_owned();
    let line = next_line(&mut from_front).map_err(broken)?.unwrap_or_default();
    let layout: Layout = serde_json::from_str(&line).map_err(|e| format!("unable to read the layout: {e}"))?;
    if let Some(cgroup) = &layout.cgroup {
        let _ = fs::write(cgroup.join("cgroup.procs"), "0");
    }
    unshare(CloneFlags::CLONE_NEWUSER).map_err(unable("make a user namespace"))?;
    Said::Unshared.say(to_front).map_err(broken)?;
    let answer = next_line(&mut from_front).map_err(broken)?.unwrap_or_default();
    if answer.trim_end() != MAPPED {
        return Err("no ids were given".into());
    }
    become_root()?;
    unshare(
        CloneFlags::CLONE_NEWNS
            | CloneFlags::CLONE_NEWPID
            | CloneFlags::CLONE_NEWNET
            | CloneFlags::CLONE_NEWIPC
            | CloneFlags::CLONE_NEWUTS
            | CloneFlags::CLONE_NEWCGROUP,
    )
    .map_err(unable("make namespaces"))?;
    build_root(&layout)?;
    let deaths = watch_deaths()?;
    let mut init = start(&line)?;
    Said::Booted(init.id()).say(to_front).map_err(broken)?;
    wait(&mut init, &deaths)
}

/// Takes the ids that were given. Where there is only one, groups stay as they are.
fn become_root() -> Result<(), String> {
    let _ = setgroups(&[]);
    setgid(Gid::from_raw(0)).map_err(unable("become the sandbox's root group"))?;
    setuid(Uid::from_raw(0)).map_err(unable("become the sandbox's root"))
}

/// Mounts the root in a file system of its own.
fn build_root(layout: &Layout) -> Result<(), String> {
    let none: Option<&str> = None;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none).map_err(unable("keep mounts to ourselves"))?;
    let root = layout.work.join("root");
    let upper = layout.work.join("upper");
    for (at, options) in [(&root, "mode=0755"), (&upper, "mode=0755")] {
        mount(Some("rehearsal"), at, Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some(options))
            .map_err(unable("mount a tmpfs"))?;
    }
    let entries = fs::read_dir(&layout.root).map_err(|e| format!("unable to read {}: {e}", layout.root.display()))?;
    for entry in entries.flatten() {
        take_over(layout, &entry)?;
    }
    for name in EMPTY {
        let _ = fs::create_dir(root.join(name));
    }
    for name in WRITABLE {
        cover_with_tmpfs(&root.join(name));
    }
    fill_dev(layout, &root.join("dev"))
}

/// Brings one entry of the root's top level into the new root: links as links, directories as overlays.
fn take_over(layout: &Layout, entry: &DirEntry) -> Result<(), String> {
    let name = entry.file_name();
    let to = layout.work.join("root").join(&name);
    let from = entry.path();
    let Ok(kind) = entry.file_type() else { return Ok(()) };
    if EMPTY.iter().any(|empty| name == *empty) {
        return Ok(());
    }
    if kind.is_symlink() {
        let target = fs::read_link(&from).map_err(|e| format!("unable to read {}: {e}", from.display()))?;
        return symlink(target, &to).map_err(|e| format!("unable to link {}: {e}", to.display()));
    }
    if !kind.is_dir() || layout.work.starts_with(&from) && from != layout.root {
        return Ok(());
    }
    fs::create_dir(&to).map_err(|e| format!("unable to make {}: {e}", to.display()))?;
    overlay(layout, &from, &to)
}

fn overlay(layout: &Layout, from: &Path, to: &Path) -> Result<(), String> {
    let name = from.file_name().unwrap_or_default();
    let upper = layout.work.join("upper").join(name).join("files");
    let work = layout.work.join("upper").join(name).join("work");
    for directory in [&upper, &work] {
        fs::create_dir_all(directory).map_err(|e| format!("unable to make {}: {e}", directory.display()))?;
    }
    let laid = layout.work.join("layer").join(name);
    let lower = match laid.is_dir() {
        true => format!("{}:{}", laid.display(), from.display()),
        false => from.display().to_string(),
    };
    let paths = format!("lowerdir={lower},upperdir={},workdir={}", upper.display(), work.display());
    let attempts = [format!("{paths},userxattr"), paths];
    let mounted = attempts
        .iter()
        .any(|options| mount(Some("rehearsal"), to, Some("overlay"), MsFlags::empty(), Some(options.as_str())).is_ok());
    if mounted {
        return Ok(());
    }
    Err(format!("unable to lay an overlay over {}", from.display()))
}

/// Gives a directory that exists a tmpfs with the same subdirectories.
fn cover_with_tmpfs(at: &Path) {
    let Ok(entries) = fs::read_dir(at) else { return };
    let directories: Vec<PathBuf> =
        entries.flatten().filter(|e| e.file_type().is_ok_and(|t| t.is_dir())).map(|e| e.path()).collect();
    if mount(Some("rehearsal"), at, Some("tmpfs"), MsFlags::MS_NOSUID | MsFlags::MS_NODEV, Some("mode=0755")).is_ok() {
        directories.iter().for_each(|directory| drop(fs::create_dir(directory)));
    }
}

fn fill_dev(layout: &Layout, dev: &Path) -> Result<(), String> {
    mount(Some("dev"), dev, Some("tmpfs"), MsFlags::MS_NOSUID, Some("mode=0755")).map_err(unable("mount /dev"))?;
    for name in DEVICES {
        bind(&Path::new("/dev").join(name), &dev.join(name))?;
    }
    bind(&layout.console, &dev.join("console"))?;
    for (target, name) in [("/proc/self/fd", "fd"), ("fd/0", "stdin"), ("fd/1", "stdout"), ("fd/2", "stderr")] {
        symlink(target, dev.join(name)).map_err(|e| format!("unable to link /dev/{name}: {e}"))?;
    }
    Ok(())
}

fn bind(from: &Path, to: &Path) -> Result<(), String> {
    fs::File::create(to).map_err(|e| format!("unable to make {}: {e}", to.display()))?;
    let none: Option<&str> = None;
    mount(Some(from), to, none, MsFlags::MS_BIND, none)
        .map_err(|e| format!("unable to bind {}: {}", from.display(), e.desc()))
}

/// Starts process 1 of the sandbox, which goes on in [`super::first`].
fn start(line: &str) -> Result<Child, String> {
    let program = env::current_exe().map_err(|e| format!("unable to find my own program: {e}"))?;
    let mut command = Command::new(program);
    command.args([FIRST, line.trim_end()]).stdin(Stdio::null());
    command.spawn().map_err(|e| format!("unable to start process 1: {e}"))
}

/// Waits for the end of process 1; kills the sandbox when the front's pipe ends first.
fn wait(init: &mut Child, deaths: &SignalFd) -> Result<ExitStatus, String> {
    let broken = |e: io::Error| format!("unable to wait for process 1: {e}");
    let input = io::stdin();
    loop {
        if let Some(status) = init.try_wait().map_err(broken)? {
            return Ok(status);
        }
        let mut watched =
            [PollFd::new(deaths.as_fd(), PollFlags::POLLIN), PollFd::new(input.as_fd(), PollFlags::POLLIN)];
        poll(&mut watched, PollTimeout::NONE).map_err(unable("wait for process 1"))?;
        let front_left = watched[1].revents().is_some_and(|events| !events.is_empty());
        let _ = deaths.read_signal();
        if front_left {
            let _ = kill(Pid::from_raw(init.id().cast_signed()), Signal::SIGKILL);
            return init.wait().map_err(broken);
        }
    }
}

/// A descriptor that is readable when a child has ended. What a person types to end the front is the front's alone.
fn watch_deaths() -> Result<SignalFd, String> {
    let mut set = super::INTERRUPTIONS.into_iter().collect::<SigSet>();
    set.add(Signal::SIGCHLD);
    set.thread_block().map_err(unable("block a signal"))?;
    SignalFd::with_flags(&set, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK).map_err(unable("watch for signals"))
}

pub(super) fn unable(what: &'static str) -> impl Fn(nix::Error) -> String {
    move |error| format!("unable to {what}: {}", error.desc())
}
