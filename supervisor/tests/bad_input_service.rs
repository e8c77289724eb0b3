//! Services that cannot be run, or are not where they were, or have odd names: a message, the others untouched, and recovery
//! when the cause goes.

mod neighbour;
mod scene;

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;
use std::path::Path;

use neighbour::Neighbours;
use scene::{SLEEP, is_alive, wait_until};
use supervisor::status::{LastExit, Phase, Status};

/// A `run` that may not be executed counts as exit 126, and runs once it may.
#[test]
fn run_without_permission() {
    let tree = Neighbours::of(|scene| {
        fs::create_dir_all(scene.path.join("bad")).unwrap();
        fs::write(scene.path.join("bad/run"), SLEEP).unwrap();
    });
    tree.expect_message("supervise bad: warning: unable to run ./run: access denied (next try in 1 s)");
    // What it says comes before what it writes down.
    wait_until("exit code 126", || (tree.bad()?.last_exit == LastExit::Status(126 << 8)).then_some(()));
    tree.set_mode("bad/run", 0o755);
    tree.expect_running();
}

/// A `run` that is a link to itself, nothing, or a directory is told with its own error, and replaced while it is tried.
#[test]
fn run_that_is_no_program() {
    for (kind, words) in [
        ("loop", "symbolic link loop"),
        ("dangling", "file does not exist"),
        ("directory", "access denied"),
        ("empty interpreter", "file does not exist"),
        ("no program", "exec format error"),
    ] {
        let tree = Neighbours::of(|scene| {
            let run = scene.path.join("bad/run");
            scene.file("bad/other", "");
            match kind {
                "loop" => symlink("run", run).unwrap(),
                "dangling" => symlink("/no/such/program", run).unwrap(),
                "directory" => fs::create_dir(run).unwrap(),
                "empty interpreter" => {
                    scene.file("bad/run", "#!/no/such/interpreter\n");
                }
                _ => {
                    scene.file("bad/run", "#!x");
                    fs::write(run, [0x7f, b'E', b'L', b'F', 0]).unwrap();
                }
            }
        });
        tree.expect_message(&format!("supervise bad: warning: unable to run ./run: {words} (next try in 1 s)"));
        let run = tree.path.join("bad/run");
        let _ = fs::remove_dir(&run).or_else(|_| fs::remove_file(&run));
        tree.file("bad/run", SLEEP);
        tree.expect_running();
    }
}

/// A dangling link in the scan directory, and one that leads to itself, is told once, however often the scanner scans, and is a
/// service as soon as it leads to one and the scanner is told. Told again is what dangles again.
#[test]
fn dangling_link() {
    let tree = Neighbours::of(|scene| {
        // There before the first scan, as the loop is not.
        fs::create_dir_all(scene.path.join("scan")).unwrap();
        symlink("../bad", scene.path.join("scan/bad")).unwrap();
    });
    let dangles = "svscan: warning: unable to stat bad: file does not exist\n";
    tree.await_text("messages", |text| text == dangles);
    symlink("loop", tree.path.join("scan/loop")).unwrap();
    let both = format!("{dangles}svscan: warning: unable to stat loop: symbolic link loop\n");
    tree.await_text("messages", |text| text == both);
    tree.scan();
    tree.file("bad/run", SLEEP);
    tree.scan();
    let pid = tree.expect_running();
    assert_eq!(tree.text("messages"), both);
    fs::rename(tree.path.join("bad"), tree.path.join("moved")).unwrap();
    tree.scan();
    tree.await_text("messages", |text| text == format!("{both}{dangles}"));
    assert!(is_alive(pid));
    fs::rename(tree.path.join("moved"), tree.path.join("bad")).unwrap();
}

/// A service directory that is removed under a running service costs the service nothing; when it has left the scan
/// directory it is ended, and a new directory of that name is a new service.
#[test]
fn vanished_directory() {
    let tree = Neighbours::of(|scene| {
        scene.file("bad/run", SLEEP);
    });
    let pid = tree.expect_running();
    fs::remove_dir_all(tree.path.join("bad")).unwrap();
    tree.scan();
    assert!(is_alive(pid));
    fs::remove_file(tree.path.join("scan/bad")).unwrap();
    tree.letters("scan/.svscan/control", "h");
    wait_until("the end of the old service", || (!is_alive(pid)).then_some(()));
    tree.file("bad/run", SLEEP);
    scene::link(&tree, "bad");
    assert_ne!(tree.expect_running(), pid);
}

/// Names with blanks, newlines, control characters, bytes that are no text and others that are, a leading dash, and of 255 bytes are names, and
/// none of them breaks a line of the messages.
#[test]
fn odd_names() {
    let drink = "caf\u{e9}".as_bytes();
    let names: [&[u8]; 7] = [b"with blank", b"new\nline", b"bell\x07", b"\xff\xfe", drink, b"--help", &[b'n'; 255]];
    let tree = Neighbours::new();
    for name in names {
        let source = tree.path.join("sources").join(OsStr::from_bytes(name));
        fs::create_dir_all(&source).unwrap();
        symlink("/no/such/program", source.join("run")).unwrap();
        symlink(
            Path::new("../sources").join(OsStr::from_bytes(name)),
            tree.path.join("scan").join(OsStr::from_bytes(name)),
        )
        .unwrap();
    }
    for shown in ["with blank", "new?line", "bell?", "??", "caf\u{e9}", "--help"] {
        let words = "warning: unable to run ./run: file does not exist (next try in 1 s)";
        tree.expect_message(&format!("supervise {shown}: {words}"));
    }
    for name in names {
        let source = tree.path.join("sources").join(OsStr::from_bytes(name));
        fs::remove_file(source.join("run")).unwrap();
        symlink(tree.path.join("good/run"), source.join("run")).unwrap();
    }
    for name in names {
        let status = tree.path.join("sources").join(OsStr::from_bytes(name)).join("supervise/status");
        wait_until("a run", || Status::unpack(&fs::read(&status).ok()?).filter(|status| status.phase == Phase::Run));
    }
    assert!(tree.text("messages").lines().all(|line| line.starts_with("supervise ")), "{}", tree.text("messages"));
}
