//! Process 1 of a system whose operator schedules a stop, changes it, calls it off, and schedules another one.

use crate::role::sleep;
use crate::world::RUN;
use nix::fcntl::AtFlags;
use nix::sys::stat::fstatat;
use nix::time::{ClockId, clock_gettime};
use std::fs::{self, File};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, ExitCode, Output, Stdio};
use std::time::{Duration, Instant};

/// How long anything may take.
const LIMIT: Duration = Duration::from_secs(60);

/// Plays it; the kernel ends it.
pub fn play(verb: &str) -> ExitCode {
    let run = Path::new(RUN);
    let output = asks("shutdown", &["-rF", "+5", "good", "night"]);
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(text, "reboot in 5 minutes; 'shutdown -c' calls it off\n");
    let text = fs::read_to_string(run.join("shutdown")).unwrap();
    assert!(text.starts_with("{\"v\":1,\"verb\":\"reboot\",\"boot_s\":"), "{text}");
    assert!(text.ends_with(",\"quiet\":0,\"fsck\":\"force\",\"message\":\"good night\"}\n"), "{text}");
    // Five minutes before, nobody may log in any more.
    until(|| fs::read_to_string("/run/nologin").is_ok_and(|text| text.starts_with("good night\nThe system is going")));
    until(|| waiters() == 1);
    // A later one takes its place, and opens the logins again.
    assert!(asks("shutdown", &["-h", "+7"]).status.success());
    until(|| waiters() == 1 && !Path::new("/run/nologin").exists());
    assert!(asks("shutdown", &["-c"]).status.success());
    until(|| waiters() == 0 && !run.join("shutdown").exists());
    assert!(!Path::new("/forcefsck").exists(), "what was called off has left a word for the next boot");
    assert_eq!(asks("shutdown", &["-c"]).status.code(), Some(1));
    is_inhibited(run, verb)
}

/// An inhibitor refuses people, and makes a scheduled stop wait.
fn is_inhibited(run: &Path, verb: &str) -> ExitCode {
    let inhibitor = run.join("inhibit/upgrade");
    fs::create_dir(inhibitor.parent().unwrap()).unwrap();
    fs::write(&inhibitor, "upgrade\n").unwrap();
    let lock = File::options().append(true).open(&inhibitor).unwrap();
    lock.lock().unwrap();
    for (name, words) in [("poweroff", &[][..]), ("shutdown", &["-h", "now"])] {
        let output = asks(name, words);
        assert_eq!(output.status.code(), Some(1));
        let text = String::from_utf8(output.stderr).unwrap();
        assert!(text.starts_with(&format!("{name}: error: inhibited by upgrade; ")), "{text}");
    }
    // No minute is to be waited for: the file and the waiter as `shutdown` would have made them.
    let moment = since_boot() + Duration::from_secs(1);
    let schedule = format!(
        "{{\"v\":1,\"verb\":\"{verb}\",\"boot_s\":{},\"quiet\":0,\"fsck\":\"skip\",\"message\":\"\"}}\n",
        moment.as_secs()
    );
    fs::write(run.join("shutdown"), schedule).unwrap();
    let mut waiter = command("shutdown-waiter", &[]);
    let mut waiter = waiter.stdin(File::open(run.join("shutdown")).unwrap()).spawn().unwrap();
    until(|| since_boot() > moment + Duration::from_millis(500));
    assert!(!run.join("stage3.lock").exists(), "the inhibitor was not waited for");
    // The stop changes the root.
    let root = File::open("/").unwrap();
    drop(lock);
    // It asks, and is ended with everyone else.
    waiter.wait().unwrap();
    assert!(fstatat(&root, "fastboot", AtFlags::empty()).is_ok(), "nobody told the next boot");
    sleep()
}

fn asks(name: &str, words: &[&str]) -> Output {
    command(name, words).stdin(Stdio::null()).output().unwrap()
}

fn command(name: &str, words: &[&str]) -> Command {
    let mut command = Command::new(format!("{RUN}/bin/stage3"));
    command.arg0(name).args(words).env("SUNUP_RUN", RUN);
    command
}

/// Processes that wait for a stop. One that has ended has no command line.
fn waiters() -> usize {
    let lines = fs::read_dir("/proc").unwrap().flatten().map(|entry| fs::read(entry.path().join("cmdline")));
    lines.flatten().filter(|line| line.starts_with(b"shutdown-waiter")).count()
}

fn since_boot() -> Duration {
    Duration::from(clock_gettime(ClockId::CLOCK_BOOTTIME).unwrap())
}

fn until(mut met: impl FnMut() -> bool) {
    let start = Instant::now();
    while !met() {
        assert!(start.elapsed() < LIMIT, "not met in time");
        std::thread::sleep(Duration::from_millis(5));
    }
}
