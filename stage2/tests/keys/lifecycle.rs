//! When a service is started again, how it is stopped and reloaded, what it is handed: what its supervise makes of the keys.

use std::fs;
use std::io::Read;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

use supervisor::status::Status;

use crate::subject::{boot, logged, longrun, system, words};
use crate::system::{System, own_address, until};

fn status(system: &System, service: &str) -> Option<Status> {
    Status::unpack(&fs::read(system.path(&format!("run/service/{service}/supervise/status"))).ok()?)
}

fn ended_for_good(system: &System, service: &str) -> bool {
    status(system, service).is_some_and(|status| status.ended_for_good)
}

/// Who ended is started again as `restart` and `max-deaths` say, and else has ended for good.
#[test]
fn restart_and_max_deaths() {
    let ends = |name: &str, code: u8, keys: &str| {
        format!("kind: longrun\nrun: |\n  echo >>ROOT/out/{name}\n  sleep 0.1\n  exit {code}\nlog: none\n{keys}\n")
    };
    let system = system(&[
        ("never", ends("never", 1, "restart: never")),
        ("clean", ends("clean", 0, "restart: on-failure")),
        ("crash", ends("crash", 1, "restart: on-failure")),
        ("always", ends("always", 0, "")),
        ("twice", ends("twice", 0, "max-deaths: 2 in 1m")),
    ]);
    // Whoever has ended for good by then has failed, unless its end was a good one.
    system.stage2("default");
    let runs = |name: &str| system.lines(&format!("out/{name}")).len();
    for name in ["never", "clean", "twice"] {
        until(&format!("the end of {name} for good"), || ended_for_good(&system, name));
    }
    for name in ["crash", "always"] {
        until(&format!("the second run of {name}"), || runs(name) >= 2);
        assert!(!ended_for_good(&system, name), "{name}");
    }
    assert_eq!(["never", "clean", "twice"].map(runs), [1, 1, 2]);
}

/// `stop-signal` is what a stop sends, `reload` what a reload does instead of sending HUP.
#[test]
fn stop_signal_and_reload() {
    let script = "trap 'echo quit >ROOT/out/stopped; exit 0' QUIT\ntrap 'echo wrong >ROOT/out/stopped; exit 0' TERM HUP\n\
        echo end of words\nwhile :; do sleep 0.05; done";
    let lines: String = script.lines().map(|line| format!("  {line}\n")).collect();
    let text = |reload: &str| format!("kind: longrun\nrun: |\n{lines}log: {{size: 64K}}\nstop-signal: QUIT\n{reload}");
    let system = system(&[("server", text("reload: |\n  echo reloaded; echo $PWD >ROOT/out/reloaded; exit 3\n"))]);
    boot(&system);
    words(&system, "server");
    system.control("server", "l").unwrap();
    until("the reload", || logged(&system, "server").contains(&"reload: exit 3".into()));
    assert!(logged(&system, "server").contains(&"reloaded".into()));
    assert_eq!(system.read("out/reloaded").trim(), system.path("run/service/server").to_str().unwrap());
    assert_ne!(system.pid("server"), 0);
    system.control("server", "d").unwrap();
    until("its end", || system.pid("server") == 0);
    assert_eq!(system.read("out/stopped"), "quit\n");
}

/// A command that goes into the background is followed there: by its pidfile, or as the only one that is left.
#[test]
fn forks() {
    let run = "kind: longrun\nforks: true\nlog: none\nrun: |\n  sleep 1000 >/dev/null 2>&1 &\n";
    let system = system(&[
        (
            "filed",
            format!(
                "{run}  sleep 2000 >/dev/null 2>&1 &\n  echo $! >ROOT/out/filed.pid\npidfile: ROOT/out/filed.pid\n"
            ),
        ),
        ("only", run.into()),
    ]);
    boot(&system);
    let command = |name: &str| fs::read(format!("/proc/{}/cmdline", system.pid(name))).unwrap_or_default();
    until("the second sleeper", || command("filed") == b"sleep\x002000\0");
    until("the only sleeper", || command("only") == b"sleep\x001000\0");
    assert_eq!(system.read("out/filed.pid").trim(), system.pid("filed").to_string());
    let only = system.pid("only");
    system.control("only", "d").unwrap();
    until("its end", || !std::path::Path::new(&format!("/proc/{only}")).exists());
}

/// Sockets are there before the service, by name, and the same after its death.
#[test]
fn sockets() {
    let address = own_address();
    let program = "import os, socket; \
        print(os.environ['LISTEN_FDS'], os.environ['LISTEN_FDNAMES'], os.environ['LISTEN_PID'] == str(os.getpid()), flush=True); \
        s = socket.socket(fileno=3); \
        c, _ = s.accept(); c.send(os.readlink('/proc/self/fd/3').encode()); c.close(); os._exit(1)";
    let text = format!(
        "kind: longrun\nrun: [python3, -c, \"{program}\"]\nsockets: ['tcp://{address} web', 'unix://ROOT/out/socket']\n\
         umask: '077'\nlog: {{size: 64K}}\n"
    );
    let system = system(&[("server", text)]);
    boot(&system);
    let ask = || {
        let mut answer = String::new();
        TcpStream::connect(address).unwrap().read_to_string(&mut answer).unwrap();
        answer
    };
    let first = ask();
    assert!(first.starts_with("socket:["), "{first:?}");
    // It is dead now, and the next one waits a second: a connection waits for it.
    assert_eq!(ask(), first);
    UnixStream::connect(system.path("out/socket")).unwrap();
    until("two lives", || logged(&system, "server").len() >= 2);
    assert_eq!(logged(&system, "server")[..2], ["2 web:server True", "2 web:server True"]);
}

/// A service that falls silent is ended, and starts again.
#[test]
fn watchdog() {
    let program = "import os, socket, time; \
        s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM); s.connect(os.environ['NOTIFY_SOCKET']); s.send(b'READY=1'); \
        print(os.environ['WATCHDOG_USEC'], os.environ['WATCHDOG_PID'] == str(os.getpid()), flush=True); time.sleep(1000)";
    let text = format!(
        "kind: longrun\nrun: [python3, -c, \"{program}\"]\nready: notify\nwatchdog: 300ms\nlog: {{size: 64K}}\n"
    );
    let system = system(&[("silent", text), ("other", longrun("", "true"))]);
    boot(&system);
    until("the second life", || logged(&system, "silent").len() >= 2);
    assert_eq!(logged(&system, "silent")[0], "300000 True");
    let deaths = status(&system, "silent").unwrap().deaths;
    assert!(deaths >= 1, "{deaths}");
}
