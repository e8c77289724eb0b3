//! The files that supervise and svscan are reached by are removed or replaced while they run: who writes to them is told, and
//! the next scan mends them, while the services go on.

mod neighbour;
mod scene;

use std::ffi::CString;
use std::fs::{self, File};
use std::io::Write;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::{FileTypeExt, symlink};
use std::os::unix::net::UnixDatagram;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use neighbour::Neighbours;
use scene::{SLEEP, SUPERVISE, Scene, is_alive, link, make_fifo, svscan, switches, wait_until};
use supervisor::status::Phase;
use supervisor::sys::changes::Changes;
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::event;
use supervisor::sys::proc;
use supervisor::sys::process::kill;

/// Somebody opens the file.
const IN_OPEN: u32 = 0x20;

/// What supervise says.
const MENDED: &str =
    "supervise bad: warning: made supervise/control and supervise/ok anew (they were removed or replaced)\n";

/// What is in a file's place afterwards, if anything.
const FATES: [Option<fn(&Path)>; 4] = [
    None,
    Some(|path| fs::write(path, "text").unwrap()),
    Some(|path| symlink("/dev/null", path).unwrap()),
    // Nobody reads this one.
    Some(make_fifo),
];

/// Has it happen at once: whoever looks meanwhile sees the file as it was, or what is there afterwards.
fn befall(file: &Path, fate: Option<fn(&Path)>) {
    let Some(make) = fate else { return fs::remove_file(file).unwrap() };
    let other = file.with_extension("other");
    make(&other);
    fs::rename(other, file).unwrap();
}

/// Removes a directory at once, whoever makes something in it meanwhile.
fn vanish(directory: &Path) {
    let elsewhere = directory.with_extension("vanished");
    fs::rename(directory, &elsewhere).unwrap();
    fs::remove_dir_all(elsewhere).unwrap();
}

/// A program of ours in a directory: its exit code and messages.
fn run(program: &str, arguments: &[&str], directory: &Path) -> (Option<i32>, String) {
    let path = Path::new(SUPERVISE).with_file_name(program);
    let output = Command::new(path).args(arguments).current_dir(directory).output().unwrap();
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

/// Until a process is so old that nobody takes it for one that is still beginning.
fn settle(pid: u32) {
    let age = || supervisor::sys::time::since_boot() / 10_000_000 - proc::start_ticks(pid).unwrap();
    wait_until("a second of its life", || (age() > 101).then_some(()));
}

/// Each FIFO in each way, by one scan each; the service keeps its process and its supervise.
#[test]
fn of_supervise() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP);
    });
    let pid = tree.expect_running();
    let supervise = proc::parent_of(pid).unwrap();
    settle(supervise);
    let mut expected = String::new();
    for fifo in ["control", "ok"].map(|name| tree.path.join("bad/supervise").join(name)) {
        for fate in FATES {
            befall(&fifo, fate);
            tree.scan();
            expected.push_str(MENDED);
            tree.await_text("messages", |text| text == expected);
            assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo(), "{fifo:?}");
            tree.letters("bad/supervise/control", "p");
            tree.await_record("bad", |status| status.paused);
            tree.letters("bad/supervise/control", "c");
            tree.await_record("bad", |status| !status.paused && status.pid == pid);
            assert!(tree.is_supervised("bad"));
        }
    }
    assert_eq!(proc::parent_of(pid), Some(supervise));
}

/// Without `supervise/` all of it is made again, the lock too: a second supervise is refused.
#[test]
fn whole_directory() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP);
    });
    let pid = tree.expect_running();
    settle(proc::parent_of(pid).unwrap());
    vanish(&tree.path.join("bad/supervise"));
    tree.scan();
    tree.await_text("messages", |text| text == MENDED);
    assert_eq!(tree.await_record("bad", |status| status.phase == Phase::Run).pid, pid);
    let refused = "supervise: fatal: unable to acquire bad/supervise/lock: temporary failure\n";
    assert_eq!(run("supervise", &["bad"], &tree.path), (Some(111), refused.into()));
}

/// ALRM has a supervise mend them that no scanner looks after; when nothing is wrong it does nothing.
#[test]
fn by_alarm() {
    let mut scene = Scene::new();
    scene.file("bad/run", SLEEP);
    let supervise = scene.supervise(&["bad"]);
    let pid = scene.await_record("bad", |status| status.phase == Phase::Run).pid;
    kill(supervise, 14).unwrap();
    scene.letters("bad/supervise/control", "p");
    scene.await_record("bad", |status| status.paused);
    assert_eq!(scene.text("messages"), "");
    fs::remove_file(scene.path.join("bad/supervise/control")).unwrap();
    kill(supervise, 14).unwrap();
    scene.letters("bad/supervise/control", "c");
    scene.await_record("bad", |status| !status.paused && status.pid == pid);
    assert_eq!(scene.text("messages"), MENDED);
}

/// `a` and `bad` with one supervise, which is no young one; the scene, that supervise and the process of `bad`.
fn pair() -> (Scene, u32, u32) {
    let mut scene = Scene::new();
    for name in ["a", "bad"] {
        scene.file(&format!("{name}/run"), SLEEP).file("scan/.svscan/x", "");
        link(&scene, name);
    }
    svscan(&mut scene, &["-g", "9", "scan"]);
    let pids = ["a", "bad"].map(|name| scene.await_record(name, |status| status.phase == Phase::Run).pid);
    let supervise = proc::parent_of(pids[1]).unwrap();
    assert_eq!(proc::parent_of(pids[0]), Some(supervise));
    settle(supervise);
    (scene, supervise, pids[1])
}

/// One of several services in one supervise is no other case, and is not taken for one that was left.
#[test]
fn of_a_group() {
    let (scene, supervise, pid) = pair();
    let mut expected = String::new();
    for fifo in ["control", "ok"].map(|name| scene.path.join("bad/supervise").join(name)) {
        for fate in FATES {
            befall(&fifo, fate);
            scene.letters("scan/.svscan/control", "a");
            expected.push_str(MENDED);
            scene.await_text("messages", |text| text == expected);
            assert!(scene.is_supervised("bad") && is_alive(pid));
        }
    }
    assert_eq!(proc::parent_of(pid), Some(supervise));
}

/// Nor is one whose `supervise/` is gone with its lock: it runs once, and a second supervise is refused.
#[test]
fn whole_directory_of_a_group() {
    let (scene, supervise, pid) = pair();
    vanish(&scene.path.join("bad/supervise"));
    scene.letters("scan/.svscan/control", "a");
    scene.await_text("messages", |text| text == MENDED);
    assert_eq!(scene.await_record("bad", |status| status.phase == Phase::Run).pid, pid);
    let refused = "supervise: fatal: unable to acquire bad/supervise/lock: temporary failure\n";
    assert_eq!(run("supervise", &["bad"], &scene.path), (Some(111), refused.into()));
    assert_eq!((proc::parent_of(pid), scene.text("messages")), (Some(supervise), MENDED.into()));
}

/// Without `.svscan/` and `.s6-svscan/` a scanner makes them anew, and is alone still: its locks are there, and its record, so
/// that it goes on after a crash.
#[test]
fn directory_of_the_scanner() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP);
    });
    let (pid, lock) = (tree.expect_running(), tree.path.join("scan/.svscan/lock"));
    for directory in [".svscan", ".s6-svscan"] {
        fs::remove_dir_all(tree.path.join("scan").join(directory)).unwrap();
    }
    kill(tree.scanner, 14).unwrap();
    let mended = "svscan: warning: made .svscan/control anew (it was removed or replaced)\n";
    tree.await_text("messages", |text| text == mended);
    assert!(lock.exists());
    let mut refused = "svscan: fatal: unable to acquire .svscan/lock: temporary failure\n".to_owned();
    assert_eq!(run("svscan", &["scan"], &tree.path), (Some(100), refused.clone()));
    fs::remove_file(lock).unwrap();
    refused = refused.replace(".svscan", ".s6-svscan");
    assert_eq!(run("svscan", &["scan"], &tree.path), (Some(100), refused));
    kill(tree.scanner, 11).unwrap();
    tree.await_text("messages", |text| text.ends_with("svscan: warning: crashed and was executed again\n"));
    assert!(is_alive(pid) && tree.is_supervised("bad"));
}

/// A scanner whose lock was replaced, and is another's now, is told so by every scan and waits for none.
#[test]
fn lock_of_a_stranger() {
    let tree = Neighbours::new();
    fs::remove_dir_all(tree.path.join("scan/.svscan")).unwrap();
    fs::create_dir(tree.path.join("scan/.svscan")).unwrap();
    let lock = File::create(tree.path.join("scan/.svscan/lock")).unwrap();
    Descriptor(lock.as_raw_fd()).lock().unwrap();
    let before = switches(tree.scanner);
    kill(tree.scanner, 14).unwrap();
    tree.expect_message("svscan: warning: unable to acquire .svscan/lock: temporary failure");
    assert!(switches(tree.scanner) - before < 20, "{before} {}", switches(tree.scanner));
}

/// Scans in quick succession look at the FIFOs once for all, and not before ten milliseconds for each service have passed.
#[test]
fn many_scans() {
    let mut scene = Scene::new();
    for number in 0..20 {
        let name = format!("s{number}");
        scene.file(&format!("{name}/run"), SLEEP).file(&format!("{name}/down"), "").file("scan/.svscan/x", "");
        link(&scene, &name);
    }
    svscan(&mut scene, &["-g", "20", "scan"]);
    wait_until("all supervised", || (0..20).all(|number| scene.is_supervised(&format!("s{number}"))).then_some(()));
    let opened = event::inotify().unwrap();
    let ok = scene.path.join("s7/supervise/ok");
    event::inotify_watch(*opened, &CString::new(ok.into_os_string().into_vec()).unwrap(), IN_OPEN).unwrap();

    let begin = Instant::now();
    let control = File::options().write(true).open(scene.path.join("scan/.svscan/control")).unwrap();
    let mut looks = 0;
    for _ in 0..30 {
        (&control).write_all(b"a").unwrap();
        let is_read = || (Descriptor(control.as_raw_fd()).bytes_waiting() == Ok(0)).then_some(());
        wait_until("the letter is read", is_read);
        // Each time, since events that are the same become one.
        while let Some(mut changes) = Changes::read(*opened) {
            looks += std::iter::from_fn(|| changes.next_change().map(drop)).count();
        }
    }
    let most = 2 + begin.elapsed().as_millis() / 200;
    assert!(looks as u128 <= most, "{looks} looks, at most {most}");
}

/// No test, but a service that says it is ready whenever somebody writes to `go`.
#[test]
fn plays() {
    if std::env::var_os("IS_SERVICE").is_none() {
        return;
    }
    loop {
        fs::read("go").unwrap();
        let socket = std::env::var("NOTIFY_SOCKET").unwrap();
        UnixDatagram::unbound().unwrap().send_to(b"READY=1", socket).unwrap();
    }
}

/// The socket of notifications is made anew with the rest, for the process that runs and for the next one.
#[test]
fn notifications() {
    let program = std::env::current_exe().unwrap();
    let line = format!("IS_SERVICE=1 exec {} --exact plays --nocapture > /dev/null", program.display());
    let tree = Neighbours::of(|scene| {
        scene.file("bad/notify", "main\n").file("bad/run", &format!("#!/bin/sh\n{line}\n"));
        make_fifo(&scene.path.join("bad/go"));
    });
    let pid = tree.expect_running();
    settle(proc::parent_of(pid).unwrap());
    vanish(&tree.path.join("bad/supervise"));
    tree.scan();
    tree.await_text("messages", |text| text == MENDED);
    assert!(tree.await_record("bad", |status| status.pid == pid).phase == Phase::Run);
    // The record is written before the socket is made; letters are read after both.
    tree.letters("bad/supervise/control", "p");
    tree.await_record("bad", |status| status.paused);
    tree.letters("bad/supervise/control", "c");
    tree.letters("bad/go", "x");
    tree.await_record("bad", |status| status.ready && status.pid == pid);
    tree.letters("bad/supervise/control", "k");
    tree.await_record("bad", |status| status.phase == Phase::Run && status.pid != pid && !status.ready);
    tree.letters("bad/go", "x");
    tree.await_record("bad", |status| status.ready && status.pid != pid);
    assert_eq!(tree.text("messages"), MENDED);
}

/// A supervise of another maker would die of ALRM; it gets none.
#[test]
fn of_another_maker() {
    let mut scene = Scene::new();
    scene.file("bin/supervise", "#!/bin/sh\ncd \"$1\" && echo $$ >> starts && exec sleep 1000\n");
    let mut command = scene::command(&scene, &["scan"]);
    command.env("PATH", format!("{}:/usr/bin:/bin", scene.path.join("bin").display()));
    scene.spawn(command);
    let begin = |name: &str| {
        fs::create_dir(scene.path.join(name)).unwrap();
        link(&scene, name);
        let text = scene.await_text(&format!("{name}/starts"), |text| text.ends_with('\n'));
        text.trim_end().parse::<u32>().unwrap()
    };
    let pid = begin("bad");
    settle(pid);
    // What begins after the scan shows that the scan is over.
    for name in ["one", "two", "three"] {
        scene.letters("scan/.svscan/control", "a");
        begin(name);
    }
    assert!(is_alive(pid));
    assert_eq!((scene.text("bad/starts"), scene.text("messages")), (format!("{pid}\n"), String::new()));
}

/// Whoever writes to what is no FIFO is told, and nothing is written.
#[test]
fn clients_refuse() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP);
    });
    settle(proc::parent_of(tree.expect_running()).unwrap());
    for fifo in ["bad/supervise/control", "bad/supervise/ok", "scan/.svscan/control"] {
        befall(&tree.path.join(fifo), FATES[1]);
    }
    for (program, argument, code, words) in [
        ("svc", "-d", 0, "svc: warning: unable to control bad: not a FIFO\n"),
        ("svok", "bad", 111, "svok: fatal: unable to open supervise/ok: not a FIFO\n"),
        ("svscanctl", "-a", 111, "svscanctl: fatal: unable to control scan: not a FIFO\n"),
    ] {
        let place = if program == "svscanctl" { "scan" } else { "bad" };
        let arguments = if program == "svok" { &[argument][..] } else { &[argument, place] };
        assert_eq!(run(program, arguments, &tree.path), (Some(code), words.into()));
    }
    for fifo in ["bad/supervise/control", "bad/supervise/ok", "scan/.svscan/control"] {
        assert_eq!(tree.text(fifo), "text");
    }
    // The scanner hears signals still.
    kill(tree.scanner, 14).unwrap();
    tree.await_text("messages", |text| text.ends_with(MENDED));
    tree.letters("scan/.svscan/control", "z");
    let mended = "svscan: warning: made .svscan/control anew (it was removed or replaced)\n";
    assert_eq!(tree.text("messages"), format!("{mended}{MENDED}"));
    assert_eq!(run("svok", &["bad"], &tree.path), (Some(0), String::new()));
}
