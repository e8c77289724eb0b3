//! Services that go into the background.

mod scene;

use scene::{Scene, is_alive, wait_until};
use supervisor::status::{LastExit, Phase};
use supervisor::sys::process::kill;

/// A daemon: it leaves a process of its own session behind and exits 0.
const DAEMON: &str = "#!/bin/sh\nsetsid sh -c 'echo $$ > daemon; exec sleep 1000' &\nread go < go\nexit 0\n";

/// The pid of the daemon, once its script may end.
fn daemon(scene: &Scene) -> u32 {
    daemon_after(scene, 0)
}

/// The same for one that comes after another.
fn daemon_after(scene: &Scene, before: u32) -> u32 {
    let pid = |text: &str| text.strip_suffix('\n').and_then(|pid| pid.parse().ok()).filter(|pid| *pid != before);
    let pid = wait_until("a daemon", || pid(&scene.text("a/daemon")));
    wait_until("the script", || {
        use std::io::Write;
        scene::open_fifo(&scene.path.join("a/go"))?.write_all(b"go\n").ok()
    });
    pid
}

/// With `subreaper` what it leaves behind is the service: it is up and ready, its end is known, and a stop reaches it.
#[test]
fn followed() {
    let mut scene = Scene::new();
    scene::make_fifo_in(&scene, "a/go");
    scene.file("a/subreaper", "").file("a/run", DAEMON);
    scene.supervise(&["a"]);
    let pid = daemon(&scene);
    let status = scene.await_record("a", |status| status.pid == pid);
    assert_eq!((status.phase, status.deaths), (Phase::Run, 0));
    scene.await_record("a", |status| status.ready);
    kill(pid, 9).unwrap();
    let after = scene.await_record("a", |status| status.deaths == 1);
    assert_eq!(after.last_exit, LastExit::Status(9));
    let pid = daemon_after(&scene, pid);
    scene.await_record("a", |status| status.pid == pid && status.phase == Phase::Run);
    scene.letters("a/supervise/control", "d");
    scene.await_record("a", |status| status.pid == 0);
    assert!(!is_alive(pid));
}

/// Among several, `pidfile` says which one it is.
#[test]
fn pidfile() {
    let mut scene = Scene::new();
    scene::make_fifo_in(&scene, "a/go");
    scene.file("a/subreaper", "").file("a/pidfile", "the.pid\n").file(
        "a/run",
        "#!/bin/sh\nsetsid sleep 1000 &\necho $! > other\nsetsid sleep 1000 &\necho $! > the.pid\necho $! > daemon\n\
         read go < go\nexit 0\n",
    );
    scene.supervise(&["a"]);
    let pid = daemon(&scene);
    scene.await_record("a", |status| status.pid == pid);
    assert_eq!(scene.text("messages"), "");
    scene.letters("a/supervise/control", "d");
    scene.await_record("a", |status| status.pid == 0);
    kill(scene.text("a/other").trim().parse().unwrap(), 9).unwrap();
}

/// Without `subreaper` such a service has ended, and one that fails is not followed.
#[test]
fn not_followed() {
    for (file, code) in [("a/nothing", "0"), ("a/subreaper", "3")] {
        let mut scene = Scene::new();
        scene::make_fifo_in(&scene, "a/go");
        scene
            .file(file, "")
            .file("a/restart", "never")
            .file("a/run", &DAEMON.replace("exit 0", &format!("exit {code}")));
        scene.supervise(&["a"]);
        let pid = daemon(&scene);
        let status = scene.await_record("a", |status| status.ended_for_good && status.pid == 0);
        assert_eq!(status.last_exit.code().map(|code| code.to_string()).as_deref(), Some(code));
        kill(pid, 9).unwrap();
    }
}

/// supervise's successor follows the daemon.
#[test]
fn adopted() {
    let mut scene = Scene::new();
    scene::make_fifo_in(&scene, "a/go");
    scene.file("a/subreaper", "").file("a/run", DAEMON);
    let first = scene.supervise(&["a"]);
    let pid = daemon(&scene);
    scene.await_record("a", |status| status.pid == pid && status.ready);
    kill(first, 9).unwrap();
    scene.wait(first);
    scene.supervise(&["a"]);
    scene.await_text("messages", |text| text.contains(&format!("going on with pid {pid}\n")));
    scene.letters("a/supervise/control", "d");
    scene.await_record("a", |status| status.pid == 0);
    assert!(!is_alive(pid));
}

/// However many it leaves behind end at once, none is left unreaped.
#[test]
fn many_ends() {
    const MANY: usize = 200;
    let mut scene = Scene::new();
    scene::make_fifo_in(&scene, "a/hold");
    // It is opened once: who opened it after the test has closed it would wait for ever.
    let run = format!("#!/bin/sh\nexec 3< hold\n(for i in $(seq {MANY}); do cat <&3 & done)\nexec sleep 1000 3<&-\n");
    scene.file("a/subreaper", "").file("a/run", &run);
    let supervise = scene.supervise(&["a"]);
    let hold = wait_until("readers", || scene::open_fifo(&scene.path.join("a/hold")));
    let children = || {
        let pids = std::fs::read_to_string(format!("/proc/{supervise}/task/{supervise}/children")).unwrap();
        pids.split_whitespace().map(|pid| pid.parse().unwrap()).collect::<Vec<u32>>()
    };
    wait_until("orphans", || (children().len() == MANY + 1).then_some(()));
    wait_until("the program", || {
        let pid = scene.record("a")?.pid;
        std::fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|name| name == "sleep\n").then_some(())
    });
    kill(supervise, 19).unwrap();
    drop(hold);
    wait_until("their ends", || (children().into_iter().filter(|pid| is_alive(*pid)).count() == 1).then_some(()));
    assert_eq!(children().len(), MANY + 1);
    kill(supervise, 18).unwrap();
    wait_until("nobody left", || (children().len() == 1).then_some(()));
}
