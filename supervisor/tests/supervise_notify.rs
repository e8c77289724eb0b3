//! Services that tell supervise of themselves, and the descriptors that it keeps for them.

mod scene;

use std::fs;
use std::io::{IoSlice, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsRawFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::time::{Duration, Instant};

use nix::sys::socket::{ControlMessage, MsgFlags, accept, send, sendmsg};
use scene::{Scene, is_alive, wait_until};
use supervisor::status::{LastExit, Phase};
use supervisor::sys::process::kill;

/// A run script that becomes this very program, in a role.
fn role(name: &str) -> String {
    let program = std::env::current_exe().unwrap();
    format!("#!/bin/sh\nROLE={name} exec {} --exact plays --nocapture --quiet > /dev/null\n", program.display())
}

/// No test, but what services of the tests do.
#[test]
fn plays() {
    match std::env::var("ROLE").unwrap_or_default().as_str() {
        "" => (),
        "teller" => tell_line_by_line(),
        "storer" => store(),
        "server" => serve(),
        other => panic!("unknown role {other}"),
    }
}

fn notify(message: &str) {
    let path = std::env::var("NOTIFY_SOCKET").unwrap();
    UnixDatagram::unbound().unwrap().send_to(message.as_bytes(), path).unwrap();
}

/// Sends what is written into the FIFO `say`, each line a message whose lines are separated by `|`.
fn tell_line_by_line() {
    fs::write("environment", std::env::vars().map(|(name, value)| format!("{name}={value}\n")).collect::<String>())
        .unwrap();
    loop {
        for line in fs::read_to_string("say").unwrap().lines() {
            notify(&line.replace('|', "\n"));
        }
    }
}

/// Has the teller of a service send a message.
fn say_to(scene: &Scene, service: &str, text: &str) {
    let path = scene.path.join(service).join("say");
    wait_until("the teller", || scene::open_fifo(&path)?.write_all(format!("{text}\n").as_bytes()).ok());
}

fn say(scene: &Scene, text: &str) {
    say_to(scene, "a", text);
}

fn descriptors() -> (usize, String) {
    let number = |name| std::env::var(name).ok();
    if number("LISTEN_PID") != Some(std::process::id().to_string()) {
        return (0, String::new());
    }
    (number("LISTEN_FDS").unwrap().parse().unwrap(), number("LISTEN_FDNAMES").unwrap())
}

/// Leaves a file with supervise at its first start; later it shows what came back.
fn store() {
    let (count, names) = descriptors();
    let mut text = format!("{count} {names}");
    for number in 3..3 + count {
        text += &fs::read_to_string(format!("/proc/self/fd/{number}")).unwrap();
    }
    fs::write("got", text + "\n").unwrap();
    if count == 0 {
        fs::write("kept", "content").unwrap();
        let file = fs::File::open("kept").unwrap();
        let socket = UnixDatagram::unbound().unwrap();
        socket.connect(std::env::var("NOTIFY_SOCKET").unwrap()).unwrap();
        let numbers = [file.as_raw_fd()];
        let beside = [ControlMessage::ScmRights(&numbers)];
        for name in ["one", "two", "three"] {
            let message = format!("FDSTORE=1\nFDNAME={name}");
            sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(message.as_bytes())], &beside, MsgFlags::empty(), None)
                .unwrap();
        }
    }
    notify(if count == 0 { "READY=1" } else { "FDSTOREREMOVE=1\nFDNAME=one\nREADY=1" });
    std::thread::sleep(Duration::from_secs(1000));
}

/// Answers each connection at its first descriptor with its pid.
fn serve() {
    let (count, names) = descriptors();
    fs::write("got", format!("{count} {names}\n")).unwrap();
    loop {
        let client = accept(3).unwrap();
        send(client, std::process::id().to_string().as_bytes(), MsgFlags::empty()).unwrap();
        nix::unistd::close(client).unwrap();
    }
}

fn teller(scene: &mut Scene) -> u32 {
    scene::make_fifo_in(scene, "a/say");
    scene.file("a/notify", "main\n").file("a/run", &role("teller"));
    scene.supervise(&["a"])
}

/// READY, STATUS, RELOADING and STOPPING show, and a service's environment has no one else's variables.
#[test]
fn tells() {
    let mut scene = Scene::new();
    scene::make_fifo_in(&scene, "a/say");
    scene.file("a/notify", "main\n").file("a/run", &role("teller"));
    let mut command = scene.command(scene::SUPERVISE, &["a"]);
    command.env("NOTIFY_SOCKET", "/elsewhere").env("WATCHDOG_USEC", "5").env("LISTEN_FDS", "7");
    scene.spawn(command);
    say(&scene, "STATUS=Loading\u{9b} caf\u{e9}");
    scene.await_text("a/supervise/status-text", |text| text == "Loading? caf\u{e9}");
    assert!(!scene.record("a").unwrap().ready);
    say(&scene, "READY=1|STATUS=Serving");
    let ready = scene.await_record("a", |status| status.ready);
    assert!(!ready.ready_since.is_never());
    scene.await_text("a/supervise/status-text", |text| text == "Serving");
    say(&scene, "RELOADING=1|MONOTONIC_USEC=1");
    scene.await_record("a", |status| status.reloading && status.ready);
    say(&scene, "READY=1");
    let again = scene.await_record("a", |status| !status.reloading && status.ready);
    assert!(again.ready_since > ready.ready_since, "whoever missed the flag sees that it was there");
    say(&scene, "STOPPING=1|EXTEND_TIMEOUT_USEC=5000000");
    scene.await_record("a", |status| status.stopping);
    let environment = scene.text("a/environment");
    let socket = fs::canonicalize(&scene.path).unwrap().join("a/supervise/notify");
    assert!(environment.contains(&format!("NOTIFY_SOCKET={}\n", socket.display())), "{environment}");
    assert!(!environment.contains("WATCHDOG") && !environment.contains("LISTEN"), "{environment}");
}

/// Only the service's own process is heard with `main`; with `all` its children are as well; strangers never are.
#[test]
fn senders() {
    let mut scene = Scene::new();
    teller(&mut scene);
    scene.await_record("a", |status| status.phase == Phase::Run);
    let socket = scene.path.join("a/supervise/notify");
    wait_until("the socket", || socket.exists().then_some(()));
    UnixDatagram::unbound().unwrap().send_to(b"READY=1", &socket).unwrap();
    let pid = std::process::id();
    let refused = format!("supervise a: warning: refused a notification of process {pid}, which is not to send any\n");
    scene.await_text("messages", |text| text == refused);
    assert!(!scene.record("a").unwrap().ready);
    for (who, heard) in [("main", false), ("all", true)] {
        let script =
            format!("#!/bin/sh\n{}\nsleep 1000\n", role("teller").lines().nth(1).unwrap().replacen("exec ", "", 1));
        let service = format!("b-{who}");
        scene::make_fifo_in(&scene, &format!("{service}/say"));
        scene.file(&format!("{service}/notify"), who).file(&format!("{service}/run"), &script);
        scene.supervise(&[&service]);
        say_to(&scene, &service, "READY=1");
        if heard {
            scene.await_record(&service, |status| status.ready);
        } else {
            scene.await_text("messages", |text| text.contains("supervise b-main: warning: refused"));
            assert!(!scene.record(&service).unwrap().ready);
        }
        scene.letters(&format!("{service}/supervise/control"), "dK");
    }
}

/// Without signs of life in time the service is aborted, which is a death; `WATCHDOG_USEC=` changes the time.
#[test]
fn watchdog() {
    let mut scene = Scene::new();
    scene.file("a/watchdog", "600000\n");
    teller(&mut scene);
    let first = scene.await_record("a", |status| status.phase == Phase::Run);
    say(&scene, "READY=1");
    scene.await_record("a", |status| status.ready);
    let environment = scene.text("a/environment");
    let expected = format!("WATCHDOG_USEC=600000000\nWATCHDOG_PID={}\n", first.pid);
    let has = |line: &str| environment.lines().any(|own| own == line);
    assert!(expected.lines().all(has), "{environment}");
    say(&scene, "WATCHDOG=1|WATCHDOG_USEC=20000");
    let after = scene.await_record("a", |status| status.deaths == 1);
    assert_eq!(after.last_exit.signal(), Some(6));
    let said = scene.await_text("messages", |text| !text.is_empty());
    assert_eq!(said.lines().next(), Some("supervise a: warning: gave no sign of life in time (aborting it)"));
}

/// MAINPID makes another process of the service the one that counts; a stranger's is not taken.
#[test]
fn main_process() {
    let mut scene = Scene::new();
    scene::make_fifo_in(&scene, "a/say");
    let line = role("teller").lines().nth(1).unwrap().to_string();
    scene
        .file("a/notify", "main\n")
        .file("a/restart", "never\n")
        .file("a/run", &format!("#!/bin/sh\nsleep 1000 &\necho $! > child\n{line}\n"));
    scene.supervise(&["a"]);
    let child: u32 = scene.await_text("a/child", |text| text.ends_with('\n')).trim().parse().unwrap();
    let first = scene.await_record("a", |status| status.phase == Phase::Run);
    say(&scene, "MAINPID=1|STATUS=1");
    scene.await_text("a/supervise/status-text", |text| text == "1");
    assert_eq!(scene.record("a").unwrap().pid, first.pid);
    say(&scene, &format!("MAINPID={child}"));
    let moved = scene.await_record("a", |status| status.pid == child);
    assert_eq!(moved.phase, Phase::Run);
    kill(first.pid, 9).unwrap();
    wait_until("its end", || (!is_alive(first.pid)).then_some(()));
    assert_eq!(scene.record("a").unwrap().deaths, 0);
    kill(child, 9).unwrap();
    let after = scene.await_record("a", |status| status.deaths == 1);
    assert_eq!(after.last_exit, LastExit::Unknown);
}

/// A service with two children of its own beside the teller. Those that are not the service at the end are nobody's, so they
/// are ended here.
struct Family {
    supervise: u32,
    main: u32,
    first: u32,
    second: u32,
}

impl Family {
    fn new(scene: &mut Scene) -> Self {
        scene::make_fifo_in(scene, "a/say");
        let line = role("teller").lines().nth(1).unwrap().to_string();
        scene.file("a/notify", "all\n").file("a/restart", "never\n");
        scene.file(
            "a/run",
            &format!("#!/bin/sh\nsleep 1000 &\necho $! > first\nsleep 1000 &\necho $! > second\n{line}\n"),
        );
        let supervise = scene.supervise(&["a"]);
        let child = |name| scene.await_text(name, |text| text.ends_with('\n')).trim().parse().unwrap();
        let main = scene.await_record("a", |status| status.phase == Phase::Run).pid;
        Self { supervise, main, first: child("a/first"), second: child("a/second") }
    }
}

impl Drop for Family {
    fn drop(&mut self) {
        let _ = kill(self.supervise, 18);
        for pid in [self.main, self.first, self.second] {
            let _ = kill(pid, 9);
        }
    }
}

/// Nothing happens to the service for longer than supervise waits for news of an end.
fn goes_on(scene: &Scene, pid: u32) {
    let end = Instant::now() + Duration::from_millis(1500);
    while Instant::now() < end {
        let status = scene.record("a").unwrap();
        assert_eq!((status.pid, status.deaths), (pid, 0));
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A process that counted once, and was followed, may end: it is not the service any more.
#[test]
fn main_process_comes_back() {
    let mut scene = Scene::new();
    let family = Family::new(&mut scene);
    let (main, first) = (family.main, family.first);
    say(&scene, &format!("MAINPID={first}"));
    scene.await_record("a", |status| status.pid == first);
    say(&scene, &format!("MAINPID={main}"));
    scene.await_record("a", |status| status.pid == main);
    kill(first, 9).unwrap();
    goes_on(&scene, main);
}

/// One that names its successor and ends at once is heard before its end is.
#[test]
fn main_process_hands_over() {
    let mut scene = Scene::new();
    let family = Family::new(&mut scene);
    let (supervise, first, second) = (family.supervise, family.first, family.second);
    say(&scene, &format!("MAINPID={first}"));
    scene.await_record("a", |status| status.pid == first);
    kill(supervise, 19).unwrap();
    say(&scene, &format!("MAINPID={second}|STATUS=said"));
    kill(first, 9).unwrap();
    wait_until("its end", || (!is_alive(first)).then_some(()));
    kill(supervise, 18).unwrap();
    scene.await_record("a", |status| status.pid == second);
    goes_on(&scene, second);
}

/// What a service leaves in the store comes back after a restart, as far as it has room; a name can be let go.
#[test]
fn descriptor_store() {
    let mut scene = Scene::new();
    scene.file("a/notify", "main\n").file("a/descriptor-store", "2\n").file("a/run", &role("storer"));
    scene.supervise(&["a"]);
    let first = scene.await_record("a", |status| status.ready);
    let refused = "supervise a: warning: unable to keep descriptor three: process cannot open more files\n";
    assert_eq!(scene.text("messages"), refused);
    scene.letters("a/supervise/control", "k");
    let second = scene.await_record("a", |status| status.ready && status.pid != first.pid);
    assert_eq!(scene.text("a/got"), "2 one:twocontentcontent\n");
    scene.letters("a/supervise/control", "k");
    scene.await_record("a", |status| status.ready && status.pid != second.pid);
    assert_eq!(scene.text("a/got"), "1 twocontent\n");
}

/// Who answers at an address.
fn answer(address: SocketAddr) -> Option<String> {
    let mut text = String::new();
    TcpStream::connect(address).ok()?.read_to_string(&mut text).ok()?;
    (!text.is_empty()).then_some(text)
}

/// An address, one of four that are this process's own, with a free port: nobody else listens there, nor connects from there.
fn listener(number: u32) -> (TcpListener, SocketAddr) {
    let own = Ipv4Addr::from_bits(0x7f00_0000 | std::process::id() << 2 | number);
    let listener = TcpListener::bind((own, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

/// Sockets are open before the service reads them, survive its restart, its supervise's death, and are closed at the end.
#[test]
fn sockets() {
    let mut scene = Scene::new();
    let (_, address) = listener(0);
    let path = scene.path.join("socket");
    scene.file("a/sockets", &format!("tcp://{address} web\n\nunix://{}\n", path.display()));
    scene.file("a/run", &role("server"));
    let supervise = scene.supervise(&["a"]);
    let first = scene.await_record("a", |status| status.phase == Phase::Run);
    assert_eq!(wait_until("an answer", || answer(address)), first.pid.to_string());
    assert_eq!(scene.text("a/got"), "2 web:a\n");
    UnixStream::connect(&path).unwrap();
    scene.letters("a/supervise/control", "p");
    // A thread that was told to stop, and did not yet, would still take the connection.
    let tasks = format!("/proc/{}/task", first.pid);
    let is_stopped = |task: fs::DirEntry| fs::read_to_string(task.path().join("stat")).unwrap().contains(") T ");
    let are_stopped = || fs::read_dir(&tasks).unwrap().all(|task| is_stopped(task.unwrap()));
    wait_until("the pause", || are_stopped().then_some(()));
    scene.await_record("a", |status| status.paused);
    // It waits while nobody answers, and is answered by the next one.
    let waiting = TcpStream::connect(address).unwrap();
    scene.letters("a/supervise/control", "k");
    let second = scene.await_record("a", |status| status.phase == Phase::Run && status.pid != first.pid);
    let mut text = String::new();
    { &waiting }.read_to_string(&mut text).unwrap();
    assert_eq!(text, second.pid.to_string());
    kill(supervise, 9).unwrap();
    scene.wait(supervise);
    let supervise = scene.supervise(&["a"]);
    scene.await_text("messages", |text| text.contains("going on with pid"));
    scene.letters("a/supervise/control", "k");
    let third = scene.await_record("a", |status| status.phase == Phase::Run && status.pid != second.pid);
    assert_eq!(wait_until("an answer", || answer(address)), third.pid.to_string());
    assert_eq!(scene.text("a/got"), "2 web:a\n");
    assert!(!scene.text("messages").contains("unable"), "{}", scene.text("messages"));
    scene.letters("a/supervise/control", "dx");
    scene.wait(supervise);
    assert!(TcpStream::connect(address).is_err());
}

/// A line that makes no sense and an address that is taken cost a message each; the service gets the others.
#[test]
fn bad_sockets() {
    let mut scene = Scene::new();
    let ((_, address), (_listener, taken)) = (listener(1), listener(2));
    scene.file("a/sockets", &format!("tcp://localhost:1\ntcp://{taken}\ntcp://{address}\n"));
    scene.file("a/run", &role("server"));
    scene.supervise(&["a"]);
    wait_until("an answer", || answer(address));
    assert_eq!(scene.text("a/got"), "1 a\n");
    let expected = format!(
        "supervise a: warning: unable to listen at tcp://localhost:1: invalid argument\n\
         supervise a: warning: unable to listen at tcp://{taken}: address already used\n"
    );
    assert_eq!(scene.text("messages"), expected);
}

/// No other file may claim the number of a socket.
#[test]
fn numbers_of_sockets() {
    let mut scene = Scene::new();
    let (_, address) = listener(3);
    scene.file("a/sockets", &format!("tcp://{address}\n")).file("a/notification-fd", "3\n");
    scene.file("a/lock-fd", "4\n").file("a/run", &role("server"));
    scene.supervise(&["a"]);
    wait_until("an answer", || answer(address));
    let said = "supervise a: warning: ignored notification-fd: LISTEN_FDS has descriptor 3\n";
    assert_eq!(scene.text("messages"), said);
}
