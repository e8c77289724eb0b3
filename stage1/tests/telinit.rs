//! `telinit`, which is `init` when it is not process 1.

use std::fs;
use std::path::Path;
use std::process::Command;

/// Both of everybody's options, and nobody is signalled.
#[test]
fn telinit_has_help() {
    let run = |option| Command::new(env!("CARGO_BIN_EXE_init")).arg(option).output().unwrap();
    let help = run("--help");
    assert_eq!((help.status.code(), help.stderr.as_slice()), (Some(0), b"".as_slice()));
    let text = String::from_utf8_lossy(&help.stdout);
    assert!(
        text.starts_with("usage: telinit [-t SECONDS] 0|6|q|u|1|s|2|3|4|5\n") && text.contains("example: telinit 6"),
        "{text}"
    );
    let version = run("--version");
    assert_eq!(version.status.code(), Some(0));
    assert_eq!(String::from_utf8_lossy(&version.stdout), concat!("telinit (sunup) ", env!("CARGO_PKG_VERSION"), "\n"));
}

/// Asks a process 1 of a pid namespace of its own, a shell, to power off. It says what telinit said, and exits with 42 if
/// it got the signal. `prepare` is done by the shell first.
fn telinit_asks(run: &Path, prepare: &str) -> (Option<i32>, String) {
    let script = "mount -t proc proc /proc; trap 'exit 42' RTMIN+4; eval \"$2\"; \"$1\" 0; exit $?";
    let output = Command::new("unshare")
        .args(["--user", "--map-root-user", "--mount", "--pid", "--fork", "--kill-child", "--", "bash", "-c", script])
        .args(["process-one", env!("CARGO_BIN_EXE_init"), prepare])
        .env("SUNUP_RUN", run)
        .output()
        .unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Only the scanner of a running system is signalled: one whose FIFO is read, with process 1 in its directory.
#[test]
fn telinit_signals_our_scanner_alone() {
    let directory = tempfile::tempdir().unwrap();
    let run = directory.path();
    let refusal = |reason: &str| {
        format!("telinit: fatal: unable to signal process 1: no sunup system is running here: {reason}\n")
    };
    let absent = format!("no scanner in '{}'", run.display());
    assert_eq!(telinit_asks(run, ":"), (Some(111), refusal(&absent)));
    fs::create_dir_all(run.join("scan/.svscan")).unwrap();
    nix::unistd::mkfifo(&run.join("scan/.svscan/control"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    let foreign = (Some(111), refusal("process 1 is not our scanner"));
    assert_eq!(telinit_asks(run, "cd \"$SUNUP_RUN/scan\""), foreign);
    assert_eq!(telinit_asks(run, "exec 9<>\"$SUNUP_RUN/scan/.svscan/control\""), foreign);
    assert_eq!(telinit_asks(run, "cd \"$SUNUP_RUN/scan\"; exec 9<>.svscan/control"), (Some(42), String::new()));
}
