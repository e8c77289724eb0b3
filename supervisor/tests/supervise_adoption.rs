//! What a supervise does with the process that its predecessor has left.

mod scene;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::process::Command;

use scene::{SUPERVISE, Scene, is_alive, wait_until};
use supervisor::status::Phase;
use supervisor::sys::process::kill;

/// supervise on `a`, which may open no descriptor from this number on.
fn with_few_descriptors(scene: &mut Scene, limit: u32) -> u32 {
    let script = format!("ulimit -n {limit} && exec {SUPERVISE} a");
    let command = scene.command("/bin/sh", &["-c", &script]);
    scene.spawn(command)
}

/// However few descriptors a successor gets: it goes on with what runs or leaves it to the next one, and never starts
/// another.
#[test]
fn shortage() {
    let mut scene = Scene::new();
    scene::make_fifo_in(&scene, "a/in");
    scene.file("a/stdin-fifo", "in\n").file("a/run", "#!/bin/sh\necho $$ >> started\nexec sleep 1000\n");
    let mut supervise = scene.supervise(&["a"]);
    let first = scene.await_record("a", |status| status.phase == Phase::Run);
    let (mut refused, mut taken) = (0, 0);
    for limit in 3..24 {
        kill(supervise, 9).unwrap();
        scene.wait(supervise);
        let said = scene.text("messages").len();
        supervise = with_few_descriptors(&mut scene, limit);
        let goes_on = format!("going on with pid {}\n", first.pid);
        let is_told = |text: &str| text[said..].contains("fatal: unable to") || text[said..].contains(&goes_on);
        let text = scene.await_text("messages", is_told);
        if text[said..].contains("fatal: unable to") {
            assert_eq!(scene.wait(supervise).code(), Some(111), "{limit}: {}", &text[said..]);
            supervise = scene.supervise(&["a"]);
            scene.await_text("messages", |text| text.ends_with(&goes_on));
            refused += 1;
        } else {
            taken += 1;
        }
        assert_eq!(scene.record("a").unwrap().pid, first.pid);
    }
    assert!(refused > 3 && taken > 3, "{refused} refused, {taken} taken");
    assert_eq!(scene.text("a/started"), format!("{}\n", first.pid));
}

/// What the adopted process leaves behind is killed, as it would have been under the predecessor.
#[test]
fn leftovers() {
    let mut scene = Scene::new();
    scene.file("a/kill-mode", "cgroup\n").file("a/restart", "never\n");
    scene.file("a/run", "#!/bin/sh\nsleep 1000 &\necho $! > left\nexec sleep 1000\n");
    let first = scene.supervise(&["a"]);
    let left: u32 = scene.await_text("a/left", |text| text.ends_with('\n')).trim().parse().unwrap();
    let before = scene.await_record("a", |status| status.phase == Phase::Run);
    kill(first, 9).unwrap();
    scene.wait(first);
    scene.supervise(&["a"]);
    scene.await_text("messages", |text| text.contains("going on"));
    kill(before.pid, 9).unwrap();
    scene.await_record("a", |status| status.ended_for_good && status.pid == 0);
    wait_until("the end of what was left", || (!is_alive(left)).then_some(()));
}

/// In a pid namespace: an adopted process ends, and before its supervise can look, another process gets its number and leads a
/// group of that number. `$0` is supervise.
const REUSE: &str = r#"
until_is() { until test "$@"; do /bin/true; done; }
next=/proc/sys/kernel/ns_last_pid
"$0" a & supervise=$!
until_is -s a/started
service=$(cat a/started)
kill -9 $supervise
wait $supervise
"$0" a & supervise=$!
until grep -q "going on" messages; do :; done
kill -STOP $supervise
kill -9 $service
until_is ! -e /proc/$service
until test "$other" = $service; do
    test -z "$other" || kill -9 $other
    echo $((service - 1)) > $next
    setsid sh -c 'echo $$ > there; exec sleep 1000' & other=$!
done
until_is -s there
kill -CONT $supervise
until_is -e a/finished
grep State: /proc/$other/status > state
"#;

/// What is killed with a process that has ended is its group, and never the group of whoever has its number now.
#[test]
fn number_of_another() {
    let mut scene = Scene::new();
    scene.file("a/kill-mode", "cgroup\n").file("a/restart", "never\n");
    scene.file("a/run", "#!/bin/sh\necho $$ > started\nexec sleep 1000\n");
    scene.file("a/finish", "#!/bin/sh\necho > finished\n");
    let unshare = ["--user", "--map-root-user", "--pid", "--fork", "--kill-child", "--mount-proc"];
    let probe = Command::new("unshare").args(unshare).args(["test", "-w", "/proc/sys/kernel/ns_last_pid"]).status();
    if !probe.is_ok_and(|status| status.success()) {
        return skip::skip("namespaces are forbidden here, or the kernel lets nobody choose a number");
    }
    let mut outer = scene.command("unshare", &unshare);
    outer.args(["sh", "-c", REUSE, SUPERVISE]);
    let outer = scene.spawn(outer);
    scene.wait(outer);
    assert!(scene.text("state").starts_with("State:\tS"), "{:?}: {}", scene.text("state"), scene.text("messages"));
}
