//! Hostile files in little memory and little time: the reader is run as a process of its own, with limits.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;

use nix::sys::stat::Mode;
use units::{Diagnostic, Reading, Settings, UnitSet};

/// The variable that tells the process which directory to read.
const DIRECTORY: &str = "SUNUP_HOSTILE_DIRECTORY";

/// Address space in KiB: about what the test itself takes, and what one file may.
const MEMORY: u32 = 128 << 10;

/// Processor time in seconds; it takes about one without optimisation.
const TIME: u32 = 60;

fn bomb() -> String {
    let level = |number: usize| {
        let items = vec![format!("*a{}", number - 1); 10].join(",");
        format!("a{number}: &a{number} [{items}]\n")
    };
    String::from("a0: &a0 [x]\n") + &(1..30).map(level).collect::<String>()
}

fn fill(directory: &Path) {
    let write = |name: &str, text: &[u8]| fs::write(directory.join(name), text).unwrap();
    write("bomb.yaml", bomb().as_bytes());
    write("deep-flow.yaml", format!("run: {}", "[".repeat(100_000)).as_bytes());
    write("deep-block.yaml", "- ".repeat(100_000).as_bytes());
    write("huge.yaml", &vec![b'a'; 10 << 20]);
    write("nul.yaml", b"kind: milestone\n\0");
    write("escaped-nul.yaml", b"kind: longrun\nrun: [/bin/a, \"a\\0b\"]\n");
    write("not-utf8.yaml", &[0xff; 1000]);
    write("tabs.yaml", "\t".repeat(100_000).as_bytes());
    write("growing.yaml", format!("kind: milestone\nneeds: [{}]\n", "\"${X}\", ".repeat(10_000)).as_bytes());
    write("endless@.yaml", b"kind: milestone\nwants: [\"endless@${INSTANCE}x\", \"endless@${INSTANCE}y\"]\n");
    write("first.yaml", b"kind: milestone\nwants: [endless@x]\n");
    write("good.yaml", b"kind: milestone\n");
    fs::create_dir(directory.join("directory.yaml")).unwrap();
    fs::create_dir(directory.join("good.yaml.d")).unwrap();
    for name in ["fifo.yaml", "broken.yaml.d"] {
        nix::unistd::mkfifo(&directory.join(name), Mode::S_IRUSR).unwrap();
    }
}

/// Everything is read within the limits, each file is refused for its own reason, and the good one is there.
#[test]
fn hostile_files_within_limits() {
    if env::var_os(DIRECTORY).is_some() {
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fill(directory.path());
    let limits = format!("ulimit -v {MEMORY} && ulimit -t {TIME} && exec \"$@\"");
    let output = Command::new("sh")
        .args(["-c", &limits, "sh"])
        .arg(env::current_exe().unwrap())
        .args(["--exact", "limits::reader", "--nocapture", "--test-threads=1"])
        .env(DIRECTORY, directory.path())
        // Every further arena of malloc takes half of the address space, however little is in it.
        .env("MALLOC_ARENA_MAX", "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{}: {said}\n{}", output.status, String::from_utf8_lossy(&output.stderr));
    let lines: Vec<&str> = said.lines().filter_map(|line| line.strip_prefix("said: ")).collect();
    let expected = [
        "bomb.yaml:1:1: too large: at most 4096 KiB, aliases included",
        "broken.yaml.d: unable to read the drop-ins: Not a directory",
        "deep-block.yaml:1:65: nested too deeply: at most 32 levels",
        "deep-flow.yaml:1:38: nested too deeply: at most 32 levels",
        "directory.yaml: is a directory, not a file",
        "escaped-nul.yaml:2:15: a text must not contain a NUL character",
        "fifo.yaml: is a FIFO, socket or device, not a file",
        "growing.yaml:2:2057: too large: variables add more than 1024 KiB to this unit",
        "huge.yaml: larger than 1024 KiB, which no unit is",
        "not-utf8.yaml:1:1: byte 0xff is not UTF-8",
        "nul.yaml:2:1: control character U+0000 is not allowed",
        "tabs.yaml: there is no unit in this file",
    ];
    let missing: Vec<&&str> = expected.iter().filter(|line| !lines.contains(line)).collect();
    assert!(missing.is_empty(), "{missing:#?} is missing from {lines:#?}");
    assert!(lines.contains(&"good"), "{lines:#?}");
}

/// Reads the directory; what the other test runs.
#[test]
fn reader() {
    let Some(directory) = env::var_os(DIRECTORY) else { return };
    let text = format!("vars: {{X: {}}}\n", "x".repeat(4096));
    let (settings, _) = Settings::from_text(Path::new("sunup.yaml"), &text);
    let reading = Reading { init_scripts: None, ..settings.reading() };
    let prefix = format!("{}/", Path::new(&directory).display());
    let set = UnitSet::load_with(&[directory.into()], &reading);
    for line in set.diagnostics().iter().map(Diagnostic::summary) {
        println!("\nsaid: {}", line.replace(&prefix, ""));
    }
    println!("\nsaid: {}", if set.get("good").is_some() { "good" } else { "bad" });
}
