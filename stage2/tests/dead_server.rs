//! What hangs in the kernel, above all at a file server that does not answer, costs the units that need it, and nobody else
//! a moment.

mod system;

use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use system::{System, children, executable, until};

/// Mounts a filesystem whose server never says a word; it is there as long as descriptor 9 is open somewhere.
const MOUNT: &str = "exec 9<>/dev/fuse && mount -i -t fuse -o fd=9,rootmode=40000,user_id=0,group_id=0 none";

/// Whatever a unit names there is looked at by a process of its own, before it begins and for its readiness: the units fail
/// when their time is over, and meanwhile others come up, before and after.
#[test]
fn is_waited_for_by_nobody_else() {
    let late = "start-timeout: 2s\n";
    let system = System::new(&[
        ("condition", &format!("kind: oneshot\nif: {{path: ROOT/server/x}}\nstart: [\"true\"]\n{late}")),
        ("command", &format!("kind: oneshot\nstart: [ROOT/server/command]\n{late}")),
        ("daemon", &format!("kind: longrun\nrun: [ROOT/server/daemon]\n{late}")),
        ("directory", &format!("kind: longrun\nservicedir: ROOT/server/sv\n{late}")),
        ("log", &format!("kind: longrun\nrun: [sleep, '1000']\nlog: {{dir: ROOT/server/log}}\n{late}")),
        ("file", &format!("kind: longrun\nrun: [sleep, '1000']\nready: {{file: ROOT/server/file}}\n{late}")),
        ("socket", &format!("kind: longrun\nrun: [sleep, '1000']\nready: {{socket: ROOT/server/socket}}\n{late}")),
        ("asked", &format!("kind: longrun\nrun: [sleep, '1000']\nready: {{exec: [ROOT/server/ask]}}\n{late}")),
        ("other", "kind: oneshot\nstart: [\"true\"]\nafter: [condition]\n"),
        ("prompt", "kind: oneshot\nstart: [\"true\"]\n"),
        ("prompt-too", "kind: oneshot\nstart: [\"true\"]\nneeds: [prompt]\n"),
    ]);
    std::fs::create_dir(system.path("server")).unwrap();
    let output = system.stage2_after(&format!("{MOUNT} {}", system.path("server").display()), "default");
    let said = String::from_utf8(output.stdout).unwrap();
    let lines: Vec<&str> = said.lines().map(|line| line.split(" (").next().unwrap()).collect();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert_eq!(lines[..2], ["[ ok ] prompt: prompt", "[ ok ] prompt-too: prompt-too"], "{said}");
    let mut rest = lines[2..].to_vec();
    rest.sort_unstable();
    let late = ["asked", "command", "condition", "daemon", "directory", "file", "log", "socket"];
    let late = late.map(|unit| format!("[fail] {unit}: not ready after 2 s"));
    assert_eq!(rest, [&["[ ok ] other: other".to_owned()], &late[..]].concat(), "{said}");
}

/// A longrun may run although it has not begun: an engine that died while it started has told its supervise. Its end is its
/// end, even while what it needs is still looked at.
#[test]
fn nothing_is_left_of_an_earlier_start() {
    let unit = "kind: longrun\nif: {path: ROOT/server/x}\nrun: [sleep, '1000']\nlog: none\nstart-timeout: 1s\n";
    let system = System::new(&[("web", unit)]);
    std::fs::create_dir(system.path("server")).unwrap();
    std::fs::write(system.path("server/x"), "").unwrap();
    assert_eq!(system.stage2("web").status.code(), Some(0));
    assert_ne!(system.pid("web"), 0);
    let told = system.read("run/state/web").replace("\"up\"", "\"starting\"");
    std::fs::write(system.path("run/state/web"), told).unwrap();
    let output = system.stage2_after(&format!("{MOUNT} {}", system.path("server").display()), "web");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    until("its end", || system.pid("web") == 0);
}

/// A process that KILL does not end, as one that hangs in the kernel: one that is traced is not gone for its parent until its
/// tracer has looked, and that one is stopped. Dropping it lets it go.
struct Hung {
    pid: String,
    tracer: Child,
}

impl Hung {
    fn new(pid: &str) -> Self {
        let tracer = Command::new("strace").args(["-q", "-o", "/dev/null", "-p", pid]).spawn().unwrap();
        let hung = Self { pid: pid.to_owned(), tracer };
        until("the tracer", || hung.status().contains(&format!("TracerPid:\t{}\n", hung.tracer.id())));
        kill(Pid::from_raw(hung.tracer.id().cast_signed()), Signal::SIGSTOP).unwrap();
        hung
    }

    /// Empty: it is gone.
    fn status(&self) -> String {
        std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap_or_default()
    }
}

impl Drop for Hung {
    fn drop(&mut self) {
        let _ = self.tracer.kill();
        let _ = self.tracer.wait();
    }
}

/// The keeper of an engine that is gone waits a moment for what KILL does not end, and no longer: who comes next waits for
/// the keeper.
#[test]
fn nobody_waits_for_what_hangs() {
    let system = System::new(&[("hung", "kind: oneshot\nstart: 'echo $$ > ROOT/pid; exec sleep 1000'\n")]);
    let mut engine = system.engine().arg("hung").stdout(Stdio::null()).spawn().unwrap();
    until("its pid", || system.read("pid").ends_with('\n'));
    let hung = Hung::new(system.read("pid").trim());
    let is_named = || std::fs::symlink_metadata(system.path("run/engine/keeper")).is_ok();
    assert!(is_named());
    engine.kill().unwrap();
    engine.wait().unwrap();
    until("the keeper's end", || !is_named());
    assert!(!hung.status().is_empty(), "it has ended after all");
    assert!(system.path("run/engine/ended/hung").symlink_metadata().is_ok());
}

/// A reload that hangs is given up when its time is over, and the engine serves the next.
#[test]
fn no_reload_is_waited_for() {
    let reload = "reload: 'echo $$ > ROOT/pid; exec sleep 1000'\nstart-timeout: 1s\n";
    let system = System::new(&[("web", &format!("kind: longrun\nrun: [sleep, '1000']\nlog: none\n{reload}"))]);
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &["default"])["exit"], 0);
    system.ask("00000000000000000001-1", "reload", &["web"]);
    until("its pid", || system.read("pid").ends_with('\n'));
    let hung = Hung::new(system.read("pid").trim());
    let answer = system.answer("00000000000000000001-1");
    assert_eq!((&answer["exit"], &answer["error"]), (&1.into(), &"web: its reload did not end in time".into()));
    assert!(!hung.status().is_empty(), "it has ended after all");
    assert_eq!(system.request("00000000000000000002-1", "stop", &["web"])["exit"], 0);
}

/// A reload may take for ever; the stop of the system does not wait for it.
#[test]
fn a_stop_waits_for_no_reload() {
    let endless = "reload: 'touch ROOT/begun; exec sleep 1000'\nstart-timeout: none\n";
    let system = System::new(&[("web", &format!("kind: longrun\nrun: [sleep, '1000']\nlog: none\n{endless}"))]);
    system.supervise_engine();
    assert_eq!(system.request("boot", "boot", &["default"])["exit"], 0);
    system.ask("00000000000000000001-1", "reload", &["web"]);
    until("the reload", || system.path("begun").exists());
    assert_eq!(system.request("stop", "stop-all", &[])["exit"], 0);
    let answer = system.answer("00000000000000000001-1");
    assert_eq!((&answer["exit"], &answer["error"]), (&1.into(), &"web: its reload did not end in time".into()));
}

/// How many descriptors it has.
fn descriptors(pid: &str) -> usize {
    std::fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// A script is at hand, but not what it is to be executed by: the keeper goes on without its process, and without its memory
/// once too many have borrowed some. What hangs holds nothing of the keeper's: only what it says, and why it does not run.
#[test]
fn no_exec_is_waited_for() {
    let script = |number: u32| format!("hung-{number}");
    let hung = "kind: oneshot\nstart: [ROOT/script]\nstart-timeout: 2s\n";
    let prompt = "kind: oneshot\nstart: [\"true\"]\n";
    let names: Vec<String> = (0..20).map(script).collect();
    let mut units: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), hung)).collect();
    units.extend([("prompt", prompt), ("prompt-too", "kind: oneshot\nstart: [\"true\"]\nneeds: [prompt]\n")]);
    let system = System::new(&units);
    let server = system.path("server");
    std::fs::create_dir(&server).unwrap();
    executable::write(&system.path("script"), &format!("#!{}/interpreter\n", server.display()));
    let output = std::thread::scope(|scope| {
        let engine = scope.spawn(|| system.stage2_after(&format!("{MOUNT} {}", server.display()), "default"));
        until("their descriptors", || {
            let keeper = std::fs::read_link(system.path("run/engine/keeper")).unwrap_or_default();
            let children = keeper.to_str().and_then(|name| name.split(' ').next()).map(children).unwrap_or_default();
            children.len() == names.len() && children.iter().all(|child| (3..=4).contains(&descriptors(child)))
        });
        engine.join().unwrap()
    });
    let said = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<&str> = said.lines().map(|line| line.split(" (").next().unwrap()).collect();
    assert_eq!(lines[..2], ["[ ok ] prompt: prompt", "[ ok ] prompt-too: prompt-too"], "{said}");
    lines[2..].sort_unstable();
    let mut expected: Vec<String> = names.iter().map(|name| format!("[fail] {name}: not ready after 2 s")).collect();
    expected.sort_unstable();
    assert_eq!(lines[2..], expected, "{said}");
}
