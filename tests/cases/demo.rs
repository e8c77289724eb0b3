//! `make demo` and `sunup rehearse`: the shipped system in a sandbox, for root and for everyone.

use std::ffi::OsString;
use std::fs::{self, File};
use std::os::fd::AsRawFd;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tests::console::CLEAN_STOP;
use tests::{executable, programs, require};

use crate::terminal::Terminal;

/// A boot and a stop in namespaces take three seconds on a quiet machine.
const DEADLINE: Duration = Duration::from_secs(60);

/// A command, as root or as a user that the machine does not know and that has no capability.
fn command(program: impl AsRef<Path>, as_root: bool) -> Command {
    let mut command = Command::new(if as_root { "env" } else { "setpriv" });
    if !as_root {
        command.args(["--reuid=65533", "--regid=65533", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]);
    }
    command.arg(program.as_ref()).current_dir(programs::workspace()).env_remove("CARGO_TARGET_DIR");
    command.stdin(Stdio::null());
    command
}

fn text(output: &Output) -> String {
    [&output.stdout[..], &output.stderr].map(String::from_utf8_lossy).concat()
}

/// Programs where everyone can execute them: the target directory may be below a closed home.
fn open_programs() -> TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("an open directory");
    for entry in fs::read_dir(programs::built()).expect("built programs").flatten() {
        let is_program = entry.metadata().is_ok_and(|m| m.is_file() && m.permissions().mode() & 0o111 != 0);
        if is_program {
            executable::copy(entry.path(), directory.path().join(entry.file_name()));
        }
    }
    directory
}

/// The demo shows, in order, a line a unit, the tree, the critical path, the stop; and it leaves nothing.
fn demo(as_root: bool) {
    let programs = open_programs();
    let mut demo = command("demo/run", as_root);
    let output = demo.arg(programs.path()).output().expect("a demo");
    let text = text(&output);
    assert!(output.status.success(), "{text}");
    let places: Vec<usize> =
        ["[ ok ] demo-web: ", "\nprocesses\n", "\ncritical path\n", "[ ok ] demo-web: stopped", CLEAN_STOP]
            .map(|part| text.find(part).unwrap_or_else(|| panic!("no {part:?} in {text}")))
            .into();
    assert!(places.is_sorted(), "{text}");
    let boot = &text[..places[1]];
    assert!(boot.lines().filter(|line| line.starts_with("[ ok ] ")).count() >= 10, "{text}");
    assert!(boot.contains("[skip] demo-absent: /dev/demo-device is absent\n"), "{text}");
    assert!(!text.contains("[fail]"), "{text}");
    let guest = if as_root {
        "[ ok ] demo-guest: Service of another user ("
    } else {
        "[skip] demo-guest: user nobody is not mapped here (needs root)\n"
    };
    assert!(boot.contains(guest), "{text}");
    let tree = &text[places[1]..places[2]];
    assert!(tree.contains("supervise demo-phoenix\n") && tree.contains("/var/log/sunup/demo-ticker\n"), "{text}");
    // Nobody logs in to a rehearsal: getty-early's stand-in is at most just taking itself down.
    assert!(!["getty ", "login", "sulogin"].iter().any(|program| tree.contains(program)), "{text}");
    let path = &text[places[2]..places[3]];
    assert!(path.lines().any(|line| line.ends_with(" ms  demo-phoenix")), "{text}");
    assert_eq!(text.lines().last(), Some(CLEAN_STOP), "{text}");
}

/// The demo as root.
#[test]
fn demo_as_root() {
    if require::root() && require::tools(&["make"]) {
        demo(true);
    }
}

/// The demo as an ordinary user, with programs that are already built.
#[test]
fn demo_as_a_user() {
    if require::root() && require::tools(&["make", "setpriv"]) {
        demo(false);
    }
}

/// A directory with an installed tree and with units to rehearse.
struct Stage(TempDir);

impl Stage {
    fn new(units: &[(&str, &str)]) -> Self {
        let stage = Self(tempfile::tempdir().expect("a directory"));
        let mut make = Command::new("make");
        make.args(["--silent", "install"]).arg(format!("BIN={}", programs::built().display()));
        make.arg(format!("DESTDIR={}", stage.path("tree").display())).current_dir(programs::workspace());
        tests::command::run(&mut make);
        fs::create_dir_all(stage.path("bundles/try")).expect("a bundle");
        fs::create_dir(stage.path("units")).expect("a directory of units");
        for (name, text) in units {
            fs::write(stage.path("units").join(format!("{name}.yaml")), text).expect("a unit");
            let link = stage.path("bundles/try").join(format!("{name}.yaml"));
            std::os::unix::fs::symlink(format!("../../units/{name}.yaml"), link).expect("a link");
        }
        stage
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn rehearse(&self) -> Command {
        let mut sunup = command(programs::built().join("sunup"), true);
        sunup.args(self.words());
        sunup
    }

    fn words(&self) -> [OsString; 8] {
        let [tree, units, bundles] = ["tree", "units", "bundles"].map(|name| self.path(name).into_os_string());
        [
            "rehearse".into(),
            "--overlay".into(),
            tree,
            "--units".into(),
            units,
            "--bundles".into(),
            bundles,
            "try".into(),
        ]
    }
}

/// A process that ignores TERM is named in the last line, and the rehearsal says no.
#[test]
fn a_deaf_process_is_named() {
    if !require::root() || !require::tools(&["make"]) {
        return;
    }
    let unit = "kind: oneshot\nstart: |\n  trap '' TERM HUP\n  setsid sleep 987654 </dev/null >/dev/null 2>&1 &\n";
    let output = Stage::new(&[("deaf", unit)]).rehearse().output().expect("a rehearsal");
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let last = text.lines().last().unwrap_or_default();
    assert!(last.starts_with("unclean stop: 1 process, 0 mounts left: ") && last.contains(" sleep"), "{text}");
}

/// A mount that somebody holds is named in the last line, and the rehearsal says no.
#[test]
fn a_held_mount_is_named() {
    if !require::root() || !require::tools(&["make"]) {
        return;
    }
    let token = format!("token-{}", std::process::id());
    let unit = format!(
        "kind: oneshot\nstart: |\n  mount -t tmpfs held /mnt\n  : >/mnt/{token}\n  while test -e /mnt/{token}; do sleep 0.05; done\n"
    );
    let stage = Stage::new(&[("holder", &unit)]);
    let rehearsal = stage.rehearse().stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a rehearsal");
    let held = hold(&token);
    let output = rehearsal.wait_with_output().expect("the rehearsal's end");
    drop(held);
    let text = text(&output);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let last = text.lines().last().unwrap_or_default();
    assert!(last.starts_with("unclean stop: 0 processes, 1 mount left: /mnt"), "{text}");
}

/// On a terminal a rehearsal has a boot's display, and obeys its keys; nothing of it is left, and the terminal is as it was.
fn rehearsal_with_display(columns: u16) {
    if !require::root() || !require::tools(&["make"]) {
        return;
    }
    let gate = "description: Gate\nkind: oneshot\nstart: 'echo waiting; exec sleep 1000'\n";
    let stage = Stage::new(&[("gate", gate)]);
    let mut terminal = Terminal::new(24, columns);
    let mut command = stage.rehearse();
    command.env("TERM", "linux").stdin(Stdio::null()).stdout(terminal.device()).stderr(terminal.device());
    let mut rehearsal = command.spawn().expect("a rehearsal");
    drop(command);
    terminal.expect_last(&["[....] gate T of T  (Esc details, s skip, r rescue)"]);
    assert!(!terminal.is_cooked());
    terminal.press("\x1b");
    let details =
        ["[....] gate: Gate (T of T, pid N)", "       | waiting", "       (Esc less, s give gate up, r rescue)"];
    terminal.expect_last(&details);
    terminal.press("s");
    assert_eq!(rehearsal.wait().expect("its end").code(), Some(1));
    terminal.expect_last(&[CLEAN_STOP]);
    assert!(terminal.is_cooked() && !terminal.shown().contains("[....]"), "{}", terminal.shown());
    let given_up = terminal.written().contains("gate: given up at the console (");
    let after = terminal.written().rsplit("\x1b[2K").next().is_some_and(|rest| rest.contains("\nprocesses\r\n"));
    assert!(given_up && after, "{}", terminal.written());
}

/// On a usual terminal.
#[test]
fn rehearsal_with_display_at_80_columns() {
    rehearsal_with_display(80);
}

/// On a wide one.
#[test]
fn rehearsal_with_display_at_200_columns() {
    rehearsal_with_display(200);
}

/// The rehearsed console is as large as the terminal, however large that becomes: the display has room for the keys.
#[test]
fn a_rehearsal_on_a_terminal_that_grows() {
    if !require::root() || !require::tools(&["make", "setsid"]) {
        return;
    }
    let gate = "description: Gate\nkind: oneshot\nstart: 'exec sleep 1000'\n";
    let stage = Stage::new(&[("gate", gate)]);
    let mut terminal = Terminal::new(24, 40);
    // Of the terminal's size only its own session is told.
    let mut command = Command::new("setsid");
    command.args(["--ctty", "--wait"]).arg(programs::built().join("sunup")).args(stage.words());
    command.env("TERM", "linux").stdin(terminal.device()).stdout(terminal.device()).stderr(terminal.device());
    let mut rehearsal = command.spawn().expect("a rehearsal");
    drop(command);
    terminal.expect_last(&["[....] gate T of T"]);
    terminal.resize(24, 100);
    terminal.expect_last(&["[....] gate T of T  (Esc details, s skip, r rescue)"]);
    terminal.press("s");
    assert_eq!(rehearsal.wait().expect("its end").code(), Some(1));
    terminal.expect_last(&[CLEAN_STOP]);
}

/// Finds the sandbox in whose /mnt the token lies, holds it open from outside, and removes its name: the boot goes on.
fn hold(token: &str) -> File {
    let deadline = Instant::now() + DEADLINE;
    while Instant::now() < deadline {
        for entry in fs::read_dir("/proc").expect("/proc").flatten() {
            // The process whose root this is may end at any moment; the directory, once open, stays.
            let Ok(mnt) = File::open(entry.path().join("root/mnt")) else { continue };
            let name = PathBuf::from(format!("/proc/self/fd/{}/{token}", mnt.as_raw_fd()));
            if let Ok(held) = File::open(&name) {
                fs::remove_file(&name).expect("the word to go on");
                return held;
            }
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    panic!("no sandbox has {token} in /mnt");
}
