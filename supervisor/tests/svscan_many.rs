//! A scan directory of a thousand services, or, with SUNUP_SOAK=1, of ten thousand.

mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use scene::{SUPERVISE, Scene, command, is_alive};
use supervisor::sys::process::kill;

/// How many services, and how many of them have a logger.
fn counts() -> (usize, usize) {
    if std::env::var_os("SUNUP_SOAK").is_some() { (10_000, 1_000) } else { (1_000, 100) }
}

/// Longest time for all of them to start, or to stop.
const DEADLINE: Duration = Duration::from_secs(300);

/// What services and loggers run: processes that wait for what will never come on their standard input. The services' is
/// a few kB small; the last of its arguments, their name, it takes for the title that it shows.
fn waiters(scene: &Scene) {
    let program = Path::new(SUPERVISE).with_file_name("readproctitle");
    for (name, line) in [("run", format!("#!{} -\n", program.display())), ("log", "#!/bin/sh\nexec cat\n".to_owned())] {
        scene.file(name, &line);
    }
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + DEADLINE;
    while !is_so() {
        assert!(Instant::now() < end, "never happened: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Room for two processes a service, besides everybody else's.
fn is_possible(services: usize, logged: usize) -> bool {
    let limit = |path: &str| fs::read_to_string(path).ok().and_then(|text| text.trim().parse::<usize>().ok());
    let used = fs::read_dir("/proc").map_or(0, Iterator::count);
    let pids = limit("/proc/sys/kernel/pid_max").unwrap_or(usize::MAX);
    let (_, open) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NOFILE).unwrap();
    let (_, processes) = nix::sys::resource::getrlimit(nix::sys::resource::Resource::RLIMIT_NPROC).unwrap();
    let needed = 2 * (services + logged) + 1000;
    let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let free = memory.lines().find_map(|line| line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB"));
    let free: usize = free.and_then(|free| free.trim().parse().ok()).unwrap_or(0);
    let possible =
        used + needed < pids && processes as usize > needed && open as usize > 2 * logged + 100 && free > needed * 150;
    if !possible {
        skip::skip("no room for so many processes: pids, RLIMIT_NPROC, RLIMIT_NOFILE or memory");
    }
    possible
}

/// They start, answer svstat, and stop, and none is left.
#[test]
fn all_of_them() {
    let (services, logged) = counts();
    if !is_possible(services, logged) {
        return;
    }
    let mut scene = Scene::new();
    waiters(&scene);
    let name = |number: usize| format!("scan/service-{number}");
    for number in 0..services {
        let service = scene.path.join(name(number));
        fs::create_dir_all(&service).unwrap();
        symlink("../../run", service.join("run")).unwrap();
        if number < logged {
            fs::create_dir(service.join("log")).unwrap();
            symlink("../../../log", service.join("log/run")).unwrap();
        }
    }
    let mut command = command(&scene, &["-t", "0", "scan"]);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let svscan = scene.spawn(command);
    let place = scene.path.clone();
    let answers = || {
        let mut svstat = Command::new(Path::new(SUPERVISE).with_file_name("svstat"));
        svstat.args((0..services).map(name)).args((0..logged).map(|number| name(number) + "/log"));
        let answer = svstat.current_dir(&place).output().unwrap();
        String::from_utf8(answer.stdout).unwrap()
    };
    let up = |text: &str| text.lines().filter(|line| line.contains(": up (pid ")).count();
    until("all services up", || up(&answers()) == services + logged);
    kill(svscan, 15).unwrap();
    until("the end of svscan", || !is_alive(svscan));
    assert_eq!(scene.wait(svscan).code(), Some(0));
    let text = answers();
    assert_eq!(text.lines().filter(|line| line.ends_with(": supervise not running")).count(), services + logged);
    assert_eq!(scene.text("messages"), "");
}
