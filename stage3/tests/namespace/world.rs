//! Builds the small system inside the namespaces: a tmpfs as root, a run directory, and process 1 running from it.
//!
//! Nothing of this runs but as process 1 of a new pid namespace: [`enter`] checks that first.

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sys::stat::Mode;
use nix::unistd::{chdir, mkfifo, pivot_root};
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use supervisor::paths::OOM_VARIABLE;

use crate::role::{OOM_SCORE, STORAGE};

/// Services with loggers besides the one that writes much.
pub const MANY: usize = 20;
/// The real supervise, in `RUN/bin`.
pub const REAL_SUPERVISE: &str = "supervise.real";
/// The run directory.
pub const RUN: &str = "/run/sunup";

/// Changes into a fresh root and becomes its process 1, run from the run directory as svscan is.
pub fn enter(directory: &Path, scenario: &str, console: &Path) -> ! {
    assert_eq!(std::process::id(), 1, "not process 1 of a namespace");
    let old_link = fs::read_link("/proc/self/ns/pid").unwrap();
    tmpfs(directory);
    for name in ["proc", "dev", "run", "mnt", "old", "logs", "bin"] {
        fs::create_dir(directory.join(name)).unwrap();
    }
    symlink(Path::new(RUN).join("bin/svscan"), directory.join("bin/sh")).unwrap();
    tmpfs(&directory.join("run"));
    tmpfs(&directory.join("mnt"));
    tmpfs(&directory.join("dev"));
    let run = directory.join("run/sunup");
    fs::create_dir(&run).unwrap();
    if scenario.ends_with("+initramfs") {
        fs::create_dir(directory.join("run/initramfs")).unwrap();
        fs::copy("/proc/self/exe", directory.join("run/initramfs/shutdown")).unwrap();
    }
    tmpfs(&run);
    fill(&run);
    fs::write(directory.join("dev/console"), "").unwrap();
    fs::write(directory.join("dev/null"), "").unwrap();
    let none = None::<&str>;
    mount(Some(console), &directory.join("dev/console"), none, MsFlags::MS_BIND, none).unwrap();
    mount(Some("proc"), &directory.join("proc"), Some("proc"), MsFlags::empty(), none).unwrap();
    let new_link = fs::read_link(directory.join("proc/self/ns/pid")).unwrap();
    assert_ne!(new_link, Path::new("pid:[4026531836]"), "in the first pid namespace ({old_link:?})");
    if scenario.starts_with("real") {
        mount(Some(env_path("LOGS").as_path()), &directory.join("logs"), none, MsFlags::MS_BIND, none).unwrap();
        fill_real(&run, if scenario == "real+soft" { "reboot --soft" } else { "poweroff" });
        fs::create_dir(directory.join("sbin")).unwrap();
        fs::copy("/proc/self/exe", directory.join("sbin/init")).unwrap();
    }
    chdir(directory).unwrap();
    pivot_root(".", "old").unwrap();
    umount2("/old", MntFlags::MNT_DETACH).unwrap();
    chdir(Path::new(RUN).join("scan").as_path()).unwrap();
    if scenario.starts_with("real") {
        let _storage = scenario
            .ends_with("+initramfs")
            .then(|| Command::new(Path::new(RUN).join("bin/role")).arg0(STORAGE).spawn());
        become_svscan();
    }
    panic!("{}", Command::new("/run/sunup/bin/svscan").arg0("process-one").arg(scenario).exec());
}

/// The files that stage 1 would have made.
fn fill(run: &Path) {
    for name in ["bin", "scan/.svscan", "service/engine/supervise", "requests", "state"] {
        fs::create_dir_all(run.join(name)).unwrap();
    }
    fs::copy("/proc/self/exe", run.join("bin/svscan")).unwrap();
    fs::copy(env_path("STAGE3"), run.join("bin/stage3")).unwrap();
    for name in ["boot.log", "timeline.jsonl"] {
        fs::write(run.join(name), "").unwrap();
    }
    fs::write(run.join("boot-id"), "test\n").unwrap();
    let mode = Mode::from_bits_truncate(0o600);
    mkfifo(&run.join("scan/.svscan/control"), mode).unwrap();
    mkfifo(&run.join("service/engine/supervise/control"), mode).unwrap();
    fs::write(run.join("service/engine/supervise/lock"), "").unwrap();
    symlink("../service/engine", run.join("scan/engine")).unwrap();
}

/// The real programs, services that write much when they are told to end, and one that asks for the end.
fn fill_real(run: &Path, asked: &str) {
    let from = env_path("STAGE3");
    fs::rename(run.join("bin/svscan"), run.join("bin/role")).unwrap();
    for name in ["svscan", "supervise", "svlog"] {
        fs::copy(from.with_file_name(name), run.join("bin").join(name)).unwrap();
    }
    fs::create_dir(run.join("wrapper")).unwrap();
    fs::copy(from.with_file_name("wrapper"), run.join("wrapper/supervise")).unwrap();
    // What gets beyond the wrapper is counted.
    fs::rename(run.join("bin/supervise"), run.join("bin").join(REAL_SUPERVISE)).unwrap();
    symlink("role", run.join("bin/supervise")).unwrap();
    mkfifo(&run.join("log.fifo"), Mode::from_bits_truncate(0o600)).unwrap();
    // As stage 1 does; there is no shell here.
    let handler = run.join("scan/.svscan/SIGRTMIN+4");
    fs::write(&handler, format!("#!{RUN}/bin/stage3 poweroff\n")).unwrap();
    fs::set_permissions(&handler, fs::Permissions::from_mode(0o755)).unwrap();
    fs::remove_dir_all(run.join("service/engine/supervise")).unwrap();
    for (service, role) in [
        ("engine", "engine"),
        ("web", "writer"),
        ("web/log", "svlog s16000000 /logs/web"),
        ("catch-all", "svlog s16000000 /logs/catch-all"),
        ("operator", asked),
    ] {
        add_service(run, service, role);
    }
    for number in 1..=MANY {
        add_service(run, &format!("many-{number}"), "polite");
        add_service(run, &format!("many-{number}/log"), &format!("svlog /logs/many-{number}"));
    }
    fs::write(run.join("service/engine/down"), "").unwrap();
    fs::write(run.join("service/catch-all/stdin-fifo"), "/run/sunup/log.fifo\n").unwrap();
}

fn add_service(run: &Path, service: &str, role: &str) {
    let directory = run.join("service").join(service);
    fs::create_dir_all(&directory).unwrap();
    fs::write(directory.join("role"), role).unwrap();
    symlink("/run/sunup/bin/role", directory.join("run")).unwrap();
    let _ = symlink(format!("../service/{service}"), run.join("scan").join(service));
}

/// As stage 1 does: the log FIFO on 1 and 2, the wrapper first in the PATH.
fn become_svscan() -> ! {
    let reader = fs::File::options().read(true).write(true).open("/run/sunup/log.fifo").unwrap();
    let log = fs::File::options().write(true).open("/run/sunup/log.fifo").unwrap();
    nix::unistd::dup2_stdout(&log).unwrap();
    nix::unistd::dup2_stderr(&log).unwrap();
    drop(reader);
    let mut svscan = Command::new("/run/sunup/bin/svscan");
    svscan.arg(Path::new(RUN).join("scan")).env("PATH", "/run/sunup/wrapper:/run/sunup/bin").env("SUPERVISE_PATH", "");
    svscan.env(OOM_VARIABLE, OOM_SCORE);
    panic!("{}", svscan.exec());
}

fn tmpfs(at: &Path) {
    mount(Some("tmpfs"), at, Some("tmpfs"), MsFlags::empty(), None::<&str>).unwrap();
}

fn env_path(name: &str) -> std::path::PathBuf {
    std::env::var_os(name).unwrap().into()
}
