//! `ready: notify`, by real senders, and how a file is awaited; the other ways are in the tests of the foreground, but for what
//! others hear of them.

use std::os::unix::fs::symlink;
use std::path::Path;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::subject::{boot, is_root, longrun, system, words};
use crate::system::{children, status, stop, until};

/// Says READY=1 to whom the environment names, after a while, and stays. Before that it notes the time in the file NOTE.
const SENDER: &str = "import os, socket, time; time.sleep(0.4); open('NOTE', 'w').write(str(time.monotonic())); \
    s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(os.environ['NOTIFY_SOCKET']); \
    s.send(b'STATUS=at work\\nREADY=1'); print('told', flush=True); time.sleep(1000)";

/// A command tells itself, a script's child for it; neither is up a moment earlier.
#[test]
fn notify() {
    let child = "python3 -c \"import os, socket, time; time.sleep(0.4); open('ROOT/out/by-child', 'w').write(str(time.monotonic())); \
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(os.environ['NOTIFY_SOCKET']); s.send(b'READY=1'); time.sleep(0.2)\"";
    let itself = SENDER.replace('\\', "\\\\").replace("NOTE", "ROOT/out/itself");
    let system = system(&[
        ("itself", format!("kind: longrun\nrun: [python3, -c, \"{itself}\"]\nready: notify\n")),
        ("by-child", longrun("ready: notify\n", child)),
    ]);
    boot(&system);
    for unit in ["itself", "by-child"] {
        let events = system.events(unit);
        assert_eq!((events[0].1.as_str(), events[1].1.as_str()), ("exec", "ready"), "{unit}");
        let seconds: f64 = system.read(&format!("out/{unit}")).parse().unwrap();
        assert!(events[1].0 as f64 >= seconds * 1e9, "{unit} was ready at {} ns, not after {seconds} s", events[1].0);
    }
    words(&system, "by-child");
    assert_eq!(system.read("run/service/itself/supervise/status-text").trim_end(), "at work");
}

/// So does one that is another user's and sees no /tmp.
#[test]
fn notify_as_another_user() {
    if !is_root() {
        return;
    }
    let sender =
        SENDER.replace("open('NOTE', 'w').write(str(time.monotonic()))", "print(os.getuid())").replace('\\', "\\\\");
    let keys = "ready: notify\nuser: '54321'\ngroup: '54321'\nno-new-privileges: true\ncapabilities: []\n";
    let text = format!("kind: longrun\nrun: [python3, -c, \"{sender}\"]\n{keys}");
    let system = system(&[("other", text), ("descriptor", longrun("ready: {fd: 4}\nuser: nobody\n", "echo >&4"))]);
    boot(&system);
}

/// The foreign message counts for nothing.
#[test]
fn notify_from_a_stranger() {
    let silent = "kind: longrun\nrun: [sleep, '1000']\nready: notify\nstart-timeout: 1500ms\n";
    let system = system(&[("silent", silent.into())]);
    let engine = system.stage2_words("default");
    let script = format!(
        "{engine} & until test -S {socket}; do sleep 0.01; done; python3 -c \"import socket; \
         s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect('{socket}'); s.send(b'READY=1')\"; wait $!",
        socket = system.path("run/service/silent/supervise/notify").display()
    );
    let mut shell = std::process::Command::new("sh");
    shell.args(["-c", &script]).env("SUNUP_LOG", system.path("log")).env("SUNUP_VAR", system.path("var"));
    let output = shell.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(text.starts_with("[fail] silent: not ready after 1500 ms"), "{text}");
}

/// What the engine has found out, every client of the supervise can hear.
#[test]
fn probed_readiness_is_supervises_too() {
    let file = longrun("ready: {file: ROOT/out/here}\n", "touch ROOT/out/here");
    let system = system(&[("probed", file), ("unsaid", longrun("", "true"))]);
    boot(&system);
    let ready = |service: &str| {
        let mut svstat = std::process::Command::new(crate::system::programs().join("svstat"));
        let output = svstat.args(["-o", "ready"]).arg(system.path(&format!("run/service/{service}"))).output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    until("the supervise's word", || ready("probed") == "true\n");
    assert_eq!(ready("unsaid"), "false\n");
}

/// Where a process's descriptors lead.
fn descriptors(pid: &str) -> Vec<String> {
    let links = std::fs::read_dir(format!("/proc/{pid}/fd")).into_iter().flatten().flatten();
    links.filter_map(|link| std::fs::read_link(link.path()).ok()?.into_os_string().into_string().ok()).collect()
}

/// A stopped process has a signal to take as soon as there is a new name in a directory.
fn is_told(pid: &str, directory: &Path) -> bool {
    let (process, name) = (Pid::from_raw(pid.parse().unwrap()), directory.join("name"));
    stop(process);
    std::fs::write(&name, "").unwrap();
    let signals = u64::from_str_radix(&status(pid, "ShdPnd:"), 16).unwrap();
    std::fs::remove_file(name).unwrap();
    kill(process, Signal::SIGCONT).unwrap();
    signals & 1 << (Signal::SIGIO as u32 - 1) != 0
}

/// Who awaits a file is told of new names, and needs no descriptor of inotify for that: there are 128 for all of root's
/// processes. What a link leads to is found without being told.
#[test]
fn files_are_awaited_without_inotify() {
    if std::fs::read_to_string("/proc/sys/fs/dir-notify-enable").unwrap_or_default().trim() != "1" {
        return crate::skip::skip("needs a kernel with dnotify");
    }
    let unit =
        |file: &str| format!("kind: longrun\nrun: [sleep, '1000']\nlog: none\nready: {{file: ROOT/out/{file}}}\n");
    let system = system(&[("a", unit("a")), ("b", unit("new/b")), ("linked", unit("link"))]);
    let out = system.path("out").canonicalize().unwrap();
    std::fs::create_dir(system.path("elsewhere")).unwrap();
    symlink("../elsewhere/file", out.join("link")).unwrap();
    system.supervise_engine();
    system.ask("boot", "boot", &[]);
    until("the engine", || system.pid("engine") != 0);
    let engine = system.pid("engine").to_string();
    let listens = |pid: &String| descriptors(pid).iter().any(|place| Path::new(place) == out);
    until("three to be told", || {
        let listeners: Vec<String> = children(&engine).into_iter().filter(listens).collect();
        listeners.len() == 3 && listeners.iter().all(|pid| is_told(pid, &out))
    });
    for pid in children(&engine) {
        let open = descriptors(&pid);
        assert!(!open.iter().any(|place| place.contains("inotify")), "{open:?}");
        // What comes to a directory above is nobody's business here.
        assert!(!open.iter().any(|place| out.parent() == Some(Path::new(place))), "{open:?}");
    }
    std::fs::create_dir(out.join("new")).unwrap();
    for (count, file) in [(1, "a"), (2, "new/b"), (3, "../elsewhere/file")] {
        std::fs::write(out.join(file), "").unwrap();
        until(file, || system.read("run/timeline.jsonl").matches("\"ready\"").count() == count);
    }
    assert_eq!(system.answer("boot")["exit"], 0);
}
