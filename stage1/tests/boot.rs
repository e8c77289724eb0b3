//! Boots `init` as process 1 of a sandbox with a scanner that only looks around, as root and as an ordinary user.
//!
//! As root the capabilities that reach the host through namespaces are dropped first.

mod kit;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs;
use std::io::Read;
use std::process::Command;

use kit::{NAMESPACES, Sandbox, USER, executable};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use supervisor::sys::capability;

/// The number of CAP_SYS_RESOURCE.
const SYS_RESOURCE: u32 = 24;

/// Everything that stage 1 leaves behind.
fn check_all(sandbox: &Sandbox, may_shield: bool) {
    assert_eq!(sandbox.result("arguments"), "1 -t 0 /run/sunup/scan\n");
    assert_eq!(sandbox.result("descriptors"), "/dev/null\n/run/sunup/log.fifo\n/run/sunup/log.fifo\n");
    assert_eq!(sandbox.result("session"), "1 1\n", "group and session");
    assert_eq!(sandbox.result("scanner-letter"), "F");
    assert_eq!(sandbox.result("engine-letter"), "u");
    let path = "/usr/sbin:/usr/bin:/sbin:/bin";
    let environment = sandbox.result("environment");
    assert!(environment.contains(&format!("\nSUPERVISE_PATH={path}\n")), "{environment}");
    assert!(environment.contains("\nLANG=C\n"), "a container's environment goes on: {environment}");
    let limits = format!("\nSUNUP_NOFILE={}", sandbox.result("first-limits"));
    assert!(environment.contains(&limits), "{limits} {environment}");
    assert!(environment.contains(&format!("\nPATH=/run/sunup/wrapper:/run/sunup/bin:{path}\n")), "{environment}");
    let mounts = sandbox.result("mountinfo");
    for mount in [
        "/proc rw,nosuid,nodev,noexec",
        "/proc/sys ro,nosuid,nodev,noexec",
        "/sys ro,nosuid,nodev,noexec",
        "/dev rw,nosuid",
        "/dev/pts rw,nosuid,noexec",
        "/dev/shm rw,nosuid,nodev",
        "/run rw,nosuid,nodev",
        "/run/sunup rw,nosuid,nodev,relatime",
    ] {
        assert!(mounts.contains(&format!(" {mount}")), "{mount} is missing in {mounts}");
    }
    assert!(!mounts.contains(" /sys/kernel/"), "{mounts}");
    assert!(sandbox.result("dev").contains(" stdin -> /proc/self/fd/0\n"));
    check_shield(sandbox, &environment, may_shield);
    check_log(sandbox);
}

/// The scanner is spared when memory runs out, and supervises are told what services get instead; where that is not
/// allowed everything is as it was.
fn check_shield(sandbox: &Sandbox, environment: &str, may_shield: bool) {
    let first = sandbox.result("first-oom-score");
    let told = environment.contains(&format!("\nSUPERVISE_OOM={first}"));
    assert_eq!(sandbox.result("oom-score"), if told { "-1000\n" } else { &first });
    assert_eq!(told, may_shield && first != "-1000\n", "{environment}");
}

/// One line at the start, one at the end; the same in boot.log, in the log FIFO and on the console; a step a line in the
/// timeline.
fn check_log(sandbox: &Sandbox) {
    let log = sandbox.result("run/boot.log");
    // `%11.6f `: a machine that has been up for three hours has a longer stamp.
    let texts: Vec<&str> = log.lines().map(|line| line.trim_start().split_once(' ').unwrap().1).collect();
    assert_eq!(texts[0], concat!("sunup ", env!("CARGO_PKG_VERSION"), ": stage 1 begins"));
    assert!(texts[1].starts_with("[ ok ] stage1: the scanner may start ("), "{log}");
    assert_eq!(texts.len(), 2, "{log}");
    assert_eq!(sandbox.result("log").trim_end(), format!("{}\nwritten", log.trim_end().replace("\n ", "\n")).trim());
    assert!(sandbox.result("console").contains("stage 1 begins\r\n[ ok ] stage1: the scanner may start"));
    let timeline = sandbox.result("run/timeline.jsonl");
    let id = sandbox.result("run/boot-id");
    assert_eq!(timeline.lines().count(), 20, "{timeline}");
    let end = format!(r#","boot":"{}","unit":"stage1","event":"step","step":"proc","error":null}}"#, id.trim_end());
    assert!(timeline.lines().next().unwrap().ends_with(&end), "{timeline}");
}

/// As root.
#[test]
fn boots_as_root() {
    let Some(sandbox) = Sandbox::as_root() else { return };
    assert!(sandbox.boot(&NAMESPACES, &["quiet"]).status.success());
    check_all(&sandbox, capability::is_effective(SYS_RESOURCE).unwrap());
    assert_eq!(sandbox.result("run/requests/boot"), "{\"v\":1,\"verb\":\"boot\",\"units\":[\"default\"]}\n");
    assert!(sandbox.result("mountinfo").contains("gid=5"));
}

/// Without any privilege: devices are those that the sandbox has been given, and everything else is as ever.
#[test]
fn boots_as_an_ordinary_user() {
    let sandbox = Sandbox::new();
    assert!(sandbox.boot(&USER, &["single"]).status.success());
    check_all(&sandbox, false);
    assert_eq!(sandbox.result("run/requests/boot"), "{\"v\":1,\"verb\":\"boot\",\"units\":[\"rescue\"]}\n");
}

/// What is missing is said, on the console and in boot.log, and the boot goes on.
#[test]
fn goes_on_after_failures() {
    let sandbox = Sandbox::new();
    fs::remove_file(sandbox.path("lib/bin/svc")).unwrap();
    fs::remove_dir_all(sandbox.path("etc/stage1/catch-all")).unwrap();
    assert!(sandbox.boot(&USER, &[]).status.success());
    let line = "[fail] stage1: unable to copy /sunup/lib/bin/svc to /run/sunup/bin/svc: No such file or directory\n";
    assert!(sandbox.result("run/boot.log").contains(line));
    assert!(sandbox.result("console").contains(line.trim_end()));
    assert_eq!(sandbox.result("engine-letter"), "u");
}

/// What a terminal shows of a boot with these variables.
fn on_a_terminal(variables: &[(&str, &str)]) -> Option<String> {
    let sandbox = Sandbox::as_root()?;
    let nix::pty::OpenptyResult { master, slave } = nix::pty::openpty(None, None).unwrap();
    // A command that another test runs meanwhile would keep it open.
    for end in [&master, &slave] {
        fcntl(end, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC)).unwrap();
    }
    let mut command = sandbox.command(&NAMESPACES, &[]);
    command.env("CONSOLE", nix::unistd::ttyname(&slave).unwrap()).envs(variables.iter().copied());
    assert!(sandbox.finish(&mut command).status.success());
    // What was written is on its way inside the kernel until nobody can write any more.
    drop(slave);
    let mut shown = Vec::new();
    let _ = fs::File::from(master).read_to_end(&mut shown);
    Some(String::from_utf8_lossy(&shown).into_owned())
}

/// Marks are coloured on a terminal, unless somebody has asked for none or it is a dumb one.
#[test]
fn colours() {
    let coloured = "[\x1b[32m ok \x1b[0m] stage1: the scanner may start";
    let Some(shown) = on_a_terminal(&[("TERM", "linux"), ("NO_COLOR", "")]) else { return };
    assert!(shown.contains(coloured), "{shown:?}");
    for variable in [("NO_COLOR", "1"), ("TERM", "dumb")] {
        let shown = on_a_terminal(&[variable]).unwrap();
        assert!(shown.contains("[ ok ] stage1: the scanner may start"), "{variable:?}: {shown:?}");
    }
}

/// Boots as root in a root that has been damaged by a script. Gives what failed, as boot.log has it.
fn damaged(sandbox: &Sandbox, script: &str) -> Vec<String> {
    let mut command = sandbox.command(&NAMESPACES, &[]);
    assert!(sandbox.finish(command.env("DAMAGE", script)).status.success());
    assert_eq!(sandbox.result("engine-letter"), "u");
    let log = sandbox.result("run/boot.log");
    log.lines().filter_map(|line| Some(line.split_once("[fail] stage1: ")?.1.to_owned())).collect()
}

/// A root that cannot be written and has no /run, as some images for small machines.
#[test]
fn boots_without_a_place_for_run() {
    let Some(sandbox) = Sandbox::as_root() else { return };
    let failures = damaged(&sandbox, "rm -r /run; mount -o remount,ro /");
    let expected = [
        "unable to mount /run: No such file or directory",
        "unable to mount /run/sunup: No such file or directory (/dev/sunup is used)",
    ];
    assert_eq!(failures, expected);
    assert!(sandbox.result("environment").contains("\nPATH=/dev/sunup/wrapper:/dev/sunup/bin:"));
}

/// Without a place for /proc nobody knows whose the machine is, and there are the devices that there were.
#[test]
fn boots_without_proc() {
    let Some(sandbox) = Sandbox::as_root() else { return };
    let failures = damaged(&sandbox, "umount /sys; umount /proc; rmdir /proc; : >/proc; again=");
    assert_eq!(failures, ["unable to mount /proc: Not a directory"]);
    assert!(sandbox.result("console").contains("[fail] stage1: unable to mount /proc"));
    assert!(sandbox.result("dev").lines().any(|line| line.ends_with(" console")));
}

/// /run and the run directory have come to us mounted, without permission to execute, from an earlier process 1 that
/// was about to stop: nothing of it stops this one, and its log is kept.
#[test]
fn boots_over_an_earlier_run() {
    let Some(sandbox) = Sandbox::as_root() else { return };
    let failures = damaged(
        &sandbox,
        "mount -t tmpfs -o noexec tmpfs /run; mkdir /run/sunup; mount -t tmpfs -o noexec tmpfs /run/sunup; cd /run/sunup
         mkdir -p requests service/old/supervise service/engine scan log; ln -s ../service/old scan/old
         ln -s ../service/engine scan/engine; touch stopping stage3.lock requests/stop service/old/supervise/lock
         echo kept >log/current; echo gone >boot.log",
    );
    assert_eq!(failures, [""; 0]);
    for gone in ["stopping", "stage3.lock", "requests/stop", "service/old", "scan/old"] {
        assert!(fs::symlink_metadata(sandbox.path("results/run").join(gone)).is_err(), "{gone}");
    }
    assert_eq!(sandbox.result("run/log/current"), "kept\n");
    assert!(!sandbox.result("run/boot.log").contains("gone"));
}

/// Only the pid namespace is its own: what stage 1 mounts the system outside does not get, and that one's run directory
/// stays as it is.
#[test]
fn boots_among_the_mounts_of_another_system() {
    let Some(sandbox) = Sandbox::as_root() else { return };
    let mut command = sandbox.command(&NAMESPACES, &[]);
    let script = "mkdir /run/sunup; mount -t tmpfs theirs /run/sunup; touch /run/sunup/stopping
        mount --make-rshared /; cp /proc/self/mountinfo /results/before
        unshare --pid --fork --kill-child /init
        cp /proc/self/mountinfo /results/after; ls /run/sunup >/results/theirs; exit";
    assert!(sandbox.finish(command.env("DAMAGE", script)).status.success());
    assert_eq!(sandbox.result("theirs"), "stopping\n");
    assert_eq!(sandbox.result("after"), sandbox.result("before"));
    let mounts = sandbox.result("mountinfo");
    assert!(mounts.contains(" /run/sunup rw,nosuid,nodev,relatime") && !mounts.contains("theirs"), "{mounts}");
    assert_eq!(sandbox.result("engine-letter"), "u");
}

/// What an earlier process 1 supervises is left to the scanner.
#[test]
fn keeps_what_is_supervised() {
    let Some(sandbox) = Sandbox::as_root() else { return };
    let failures = damaged(
        &sandbox,
        "mount -t tmpfs tmpfs /run; mkdir /run/sunup; mount -t tmpfs tmpfs /run/sunup
         mkdir -p /run/sunup/service/old/supervise /run/sunup/scan; touch /run/sunup/stopping
         ln -s ../service/old /run/sunup/scan/old
         setsid flock /run/sunup/service/old/supervise/lock sleep 1000 & until ! flock -n \
             /run/sunup/service/old/supervise/lock true 2>/dev/null; do :; done",
    );
    assert_eq!(failures, [""; 0]);
    assert!(fs::symlink_metadata(sandbox.path("results/run/scan/old")).is_ok());
    assert!(fs::symlink_metadata(sandbox.path("results/run/stopping")).is_err());
}

/// Where reboot(2) is not allowed, one that cannot be told to end is not even looked for.
#[test]
fn a_scanner_that_could_not_be_ended() {
    let Some(sandbox) = Sandbox::as_root() else { return };
    fs::write(sandbox.path("etc/sunup.yaml"), "scanner: runit\n").unwrap();
    let why = "it cannot be told to end, and reboot(2) is not allowed here (svscan is used)";
    assert_eq!(damaged(&sandbox, ""), [format!("unable to run the scanner of runit: {why}")]);
}

/// A scanner of another suite that cannot be executed is replaced by ours, which holds the log FIFO and has the limits that
/// it would have had at once; what is no program is not even tried.
#[test]
fn the_scanner_that_was_chosen_does_not_start() {
    let Some(sandbox) = Sandbox::as_root() else { return };
    fs::write(sandbox.path("etc/sunup.yaml"), "scanner: s6\n").unwrap();
    let failures = damaged(
        &sandbox,
        "mkdir -p /broken/first/s6-svscan /broken/second; export PATH=/broken/first:/broken/second:$PATH
         sed s,/lib64/ld-,/lib65/ld-, /bin/sh >/broken/second/s6-svscan; chmod 755 /broken/second/s6-svscan; ulimit -Sn 512",
    );
    assert_eq!(failures, ["unable to run /broken/second/s6-svscan: No such file or directory"]);
    assert_eq!(sandbox.result("scanner-letter"), "F");
    let limit: u64 = sandbox.result("limit").trim().parse().unwrap();
    assert!(limit > 512, "{limit}");
}

/// Where there is no FIFO the scanner still has descriptors 0 to 2, whatever init was started with.
#[test]
fn descriptors_without_a_log() {
    let Some(sandbox) = Sandbox::as_root() else { return };
    executable::write(
        &sandbox.path("lib/bin/svscan"),
        "#!/bin/sh\nreadlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2 >/results/found\n",
    );
    let mut command = sandbox.command(&NAMESPACES, &[]);
    command.env("BARE", "yes").env("SUNUP_RUN", "/proc/none");
    sandbox.finish(&mut command);
    assert_eq!(sandbox.result("found").lines().count(), 3, "{}", sandbox.result("found"));
}

/// Without a console, without a single device, with all descriptors closed.
#[test]
fn boots_without_devices() {
    let Some(sandbox) = Sandbox::as_root() else { return };
    let mut command = sandbox.command(&NAMESPACES, &[]);
    assert!(sandbox.finish(command.env("BARE", "yes")).status.success());
    assert_eq!(sandbox.result("descriptors"), "/dev/null\n/run/sunup/log.fifo\n/run/sunup/log.fifo\n");
    assert_eq!(sandbox.result("run/boot.log").lines().count(), 2);
    assert!(sandbox.result("dev").lines().any(|line| line.starts_with("crw-rw-rw-") && line.ends_with(" null")));
    assert_eq!(sandbox.result("console"), "");
}

/// Without a scanner there is a shell, and the reason.
#[test]
fn has_a_shell_without_a_scanner() {
    let sandbox = Sandbox::new();
    fs::remove_file(sandbox.path("lib/bin/svscan")).unwrap();
    sandbox.boot_until(&USER, &["sulogin"]);
    let console = sandbox.result("console");
    assert!(console.contains("[fail] stage1: unable to run /run/sunup/bin/svscan: No such file or directory\r\n"));
}

/// Where the engine cannot be upped a getty is, and the reason is on the console.
#[test]
fn has_a_getty_without_an_engine() {
    let sandbox = Sandbox::new();
    fs::remove_dir_all(sandbox.path("etc/stage1/engine")).unwrap();
    executable::write(
        &sandbox.path("lib/bin/svscan"),
        // The getty is there, as in an image, before the waiter hears of the scanner.
        "#!/bin/sh\nexec 3<>/run/sunup/log.fifo\nmkdir -p /run/sunup/service/getty-early/supervise\n\
         mkfifo /run/sunup/service/getty-early/supervise/control /run/sunup/scan/.svscan/control\n\
         head -c 1 <>/run/sunup/scan/.svscan/control\n\
         head -c 1 <>/run/sunup/service/getty-early/supervise/control >/results/getty-letter\n",
    );
    assert!(sandbox.boot(&USER, &[]).status.success());
    assert_eq!(sandbox.result("getty-letter"), "u");
    let line = "unable to write to /run/sunup/service/engine/supervise/control: No such file or directory";
    assert!(sandbox.result("console").contains(line));
}

/// Without an image there is nobody to log in by or to read the log: there is a shell, and the log goes to the console,
/// however much of it comes.
#[test]
fn has_shell_and_log_without_an_image() {
    let sandbox = Sandbox::new();
    fs::remove_dir_all(sandbox.path("etc/stage1")).unwrap();
    // More than a pipe holds.
    executable::write(
        &sandbox.path("lib/bin/svscan"),
        "#!/bin/sh\nmkfifo /run/sunup/scan/.svscan/control\nhead -c 1 <>/run/sunup/scan/.svscan/control\n\
         seq 100000 >&2\necho whole >&2\nsleep 1000\n",
    );
    sandbox.boot_until(&USER, &["\nwhole\n", "sulogin"]);
    let console = sandbox.result("console");
    assert_eq!(console.matches("unable to read /sunup/etc/stage1: No such file or directory\r\n").count(), 1);
}

/// Outside of process 1 nothing of this happens.
#[test]
fn telinit_has_usage() {
    let output = Command::new(env!("CARGO_BIN_EXE_init")).arg("single").output().unwrap();
    assert_eq!(output.status.code(), Some(100));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "telinit: usage: telinit [-t seconds] 0|6|q|u|1|s|2|3|4|5\n");
}
