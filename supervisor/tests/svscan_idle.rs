//! A tree of a hundred services in which nothing happens.

mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use scene::{SUPERVISE, Scene, command, wait_until};
use supervisor::status::Phase;

/// Services, ten of them with a logger.
const SERVICES: usize = 100;

/// How long nothing may happen.
fn watch() -> Duration {
    Duration::from_secs(if std::env::var_os("SUNUP_SOAK").is_some() { 60 } else { 10 })
}

/// svscan, its supervises and their services: all descendants of a process.
fn everyone(svscan: u32) -> Vec<u32> {
    let mut all = vec![svscan];
    let mut at = 0;
    while let Some(&pid) = all.get(at) {
        let children = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
        all.extend(children.split_whitespace().map(|pid| pid.parse::<u32>().unwrap()));
        at += 1;
    }
    all
}

/// No process of it makes a system call, in whatever form the services are looked after.
#[test]
fn makes_no_system_call() {
    if Command::new("strace").arg("-V").stdout(Stdio::null()).status().is_err() {
        return skip::skip("strace is missing");
    }
    for form in [&["scan"][..], &["-g", "50", "scan"]] {
        silence(form);
    }
}

/// What a process is called.
fn name(pid: u32) -> String {
    fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default().trim_end().to_owned()
}

/// The last that the trace says of each process is a call that waits, and has not returned. Services and loggers wait by
/// reading; svscan and supervise, which read what never makes them wait, do not.
fn all_wait(trace: &str, all: &[u32]) -> bool {
    let lines = trace.lines().filter_map(|line| line.split_once(' '));
    let last: BTreeMap<&str, &str> = lines.map(|(pid, call)| (pid, call.trim_start())).collect();
    all.iter().all(|&pid| {
        let waits = if ["svscan", "supervise"].contains(&name(pid).as_str()) { "epoll_pwait(" } else { "read(" };
        let waits = |call: &&str| [waits, "restart_syscall("].iter().any(|name| call.starts_with(name));
        last.get(pid.to_string().as_str()).is_some_and(|call| waits(call) && !call.contains(" = "))
    })
}

fn silence(form: &[&str]) {
    let mut scene = Scene::new();
    let program = Path::new(SUPERVISE).with_file_name("readproctitle");
    for number in 0..SERVICES {
        let place = format!("scan/service-{number}");
        scene.file(&format!("{place}/run"), &format!("#!{} -\n", program.display()));
        if number < 10 {
            scene.file(&format!("{place}/log/run"), "#!/bin/sh\nexec cat\n");
        }
    }
    let mut command = command(&scene, form);
    command.stdin(Stdio::piped()).stdout(Stdio::null());
    let svscan = scene.spawn(command);
    for number in 0..SERVICES {
        scene.await_record(&format!("scan/service-{number}"), |status| status.phase == Phase::Run);
    }
    // The loggers' shells are gone, too.
    let all = wait_until("everyone", || {
        let all = everyone(svscan);
        (!all.iter().any(|&pid| name(pid) == "sh") && all.len() > SERVICES + 10).then_some(all)
    });
    let trace = scene.path.join("trace");
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-o"]).arg(&trace).args(all.iter().map(|pid| format!("--attach={pid}")));
    scene.spawn(strace);
    // A tracer that comes interrupts what everyone waits in.
    let before = wait_until("everyone to wait again", || {
        let text = fs::read_to_string(&trace).ok()?;
        all_wait(&text, &all).then_some(text)
    });
    // That nothing happens can be seen only by waiting.
    std::thread::sleep(watch());
    let text = fs::read_to_string(&trace).unwrap();
    assert_eq!(&text[before.len()..], "", "{form:?}");
    assert_eq!(everyone(svscan), all);
}
