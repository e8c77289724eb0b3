//! multilog: the same scripts on the same input leave the same files, messages and exit codes.

use crate::kit;
use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// What a run left: exit code, messages, and every file's name without its label, mode and content.
type Left = (Option<i32>, String, Vec<(String, u32, Vec<u8>)>);

/// A process that does not outlive a failed test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Files below a directory, in the order of their names.
fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path()).collect();
    entries.sort();
    for entry in entries {
        if entry.is_dir() { files(&entry, found) } else { found.push(entry) }
    }
}

/// Runs a script on an input, several times in the same directory.
fn run(program: &Path, script: &[&str], inputs: &[&str], prepare: fn(&Path)) -> Left {
    let directory = tempfile::tempdir().unwrap();
    let (errors, input) = (tempfile::NamedTempFile::new().unwrap(), tempfile::NamedTempFile::new().unwrap());
    prepare(directory.path());
    let mut code = None;
    for text in inputs {
        fs::write(input.path(), text).unwrap();
        let mut command = Command::new(program);
        command.args(script).current_dir(&directory).stdin(File::open(input.path()).unwrap());
        let error = fs::OpenOptions::new().append(true).open(errors.path()).unwrap();
        let mut child = Ended(command.stdout(Stdio::null()).stderr(error).spawn().unwrap());
        code = kit::end_of(&mut child.0);
    }
    let mut found = Vec::new();
    files(directory.path(), &mut found);
    let describe = |path: &PathBuf| {
        let name = path.strip_prefix(directory.path()).unwrap().display().to_string();
        let name = name.find('@').map_or(name.clone(), |at| format!("{}@{}", &name[..at], &name[at + 25..]));
        (name, fs::metadata(path).unwrap().permissions().mode() & 0o777, fs::read(path).unwrap())
    };
    (code, fs::read_to_string(errors.path()).unwrap(), found.iter().map(describe).collect())
}

/// Asserts that both leave the same. On purpose, ours has no empty `state` where no processor needs one.
fn same(script: &[&str], inputs: &[&str], prepare: fn(&Path)) {
    let Some(theirs) = kit::peer("multilog") else { return };
    let [ours, theirs] = [kit::ours("multilog"), theirs].map(|program| {
        let (code, errors, mut files) = run(&program, script, inputs, prepare);
        files.retain(|(name, _, bytes)| !(name.ends_with("/state") && bytes.is_empty()));
        (code, errors, files)
    });
    assert_eq!((ours.0, &ours.1), (theirs.0, &theirs.1), "{script:?}: ours, daemontools'");
    let shown = |left: &Left| {
        left.2.iter().map(|(name, mode, bytes)| format!("{name} {mode:o} {}", bytes.len())).collect::<Vec<_>>()
    };
    assert!(ours.2 == theirs.2, "{script:?}: {:#?} {:#?}", shown(&ours), shown(&theirs));
}

fn nothing(_: &Path) {}

fn lines(count: usize) -> String {
    (0..count).map(|number| format!("line {number} abc\n")).collect()
}

/// Lines of 1024 bytes. Where multilog rotates depends on how much it has read; with these it is where ours does, at the
/// first line that ends within 2000 bytes of the limit.
fn kilobytes(count: usize) -> String {
    (0..count).map(|number| format!("{number:01023}\n")).collect()
}

/// Actions that it knows, those that it does not, and none.
#[test]
fn scripts() {
    for script in [
        &[][..],
        &["./log"],
        &["e"],
        &["ex", "./log"],
        &["x", "", "./log"],
        &["-*", "+*1*", "./log"],
        &["n1", "sfoo", "./log"],
        &["-line 2 *", "e", "./log"],
        &["s99999999999", "n3x", "./log"],
        &["./one", "-*", "./two"],
        &["./log", "t"],
    ] {
        same(script, &["", &lines(30), "unfinished"], nothing);
    }
}

/// A first action that begins with t puts labels, whatever follows in it.
#[test]
fn labels() {
    for first in ["t", "tfoo"] {
        let (code, errors, files) = run(&kit::ours("multilog"), &[first, "./log"], &["a\nb\n"], nothing);
        let text = String::from_utf8(files[0].2.clone()).unwrap();
        assert_eq!((code, errors.as_str(), text.matches("@400000006").count()), (Some(0), "", 2), "{first}");
        assert!(text.lines().all(|line| line.len() == 27), "{text}");
    }
}

/// Rotation at the same lines, with the same number of files.
#[test]
fn rotation() {
    for script in [&["s4096", "./log"][..], &["s5000", "n3", "./log"], &["s4096", "n2", "./log", "s8192", "./two"]] {
        same(script, &[&kilobytes(60)], nothing);
    }
    let long = format!("{}\n{}", "x".repeat(10_000), lines(10));
    same(&["s4096", "./log"], &[&long], nothing);
}

/// A status file holds the last selected line, padded.
#[test]
fn status_files() {
    let long = format!("short\n{}", "y".repeat(3000));
    for inputs in [&[""][..], &["a\nb\n"], &["long line\n", "x\n"], &[&long], &["a\nunfinished"]] {
        same(&["=status", "-*", "+*x", "=chosen"], inputs, |directory| {
            fs::write(directory.join("chosen"), "there before").unwrap();
        });
    }
}

/// A processor's output replaces the file, and its state is handed on.
#[test]
fn processors() {
    for command in
        ["tr a-z A-Z", "cat", "cat >/dev/null", "cat <&4; echo more >&5; cat", "cat <&4 >&5; echo x >&5; cat"]
    {
        same(&["s4096", "./plain", &format!("!{command}"), "./log"], &[&kilobytes(20)], nothing);
    }
    same(&["s4096", "!false", "./log"], &["little\n"], nothing);
}

/// A processor that fails or crashes is told in the same words and run again until it works; nothing is lost.
#[test]
fn failing_processors() {
    let Some(theirs) = kit::peer("multilog") else { return };
    for failure in ["exit 3", "kill -9 $$"] {
        let script = format!("!if test -e ../once; then cat; else : >../once; {failure}; fi");
        let [ours, theirs] = [&kit::ours("multilog"), &theirs]
            .map(|program| run(program, &["s4096", &script, "./log"], &[&lines(500)], nothing));
        // Theirs has an error in the first line of a crash that was never one: the last that any call had before.
        let said = theirs.1.replace("crashed in ./log, pausing: file does not exist", "crashed in ./log, pausing");
        assert_eq!((ours.0, &ours.1), (theirs.0, &said), "{failure}");
        let all: Vec<u8> = ours.2.iter().filter(|file| file.0 != "once").flat_map(|file| file.2.clone()).collect();
        assert!(String::from_utf8(all).unwrap() == lines(500));
    }
}

/// What an interrupted logger left is taken up: current, previous, processed.
#[test]
fn interrupted() {
    fn left(directory: &Path, files: &[(&str, u32)]) {
        fs::create_dir(directory.join("log")).unwrap();
        for (name, mode) in files {
            let path = directory.join("log").join(name);
            fs::write(&path, format!("text of {name}\n")).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(*mode)).unwrap();
        }
    }
    same(&["./log"], &["new\n"], |directory| left(directory, &[("current", 0o644)]));
    same(&["./log"], &["new\n"], |directory| left(directory, &[("current", 0o744)]));
    same(&["./log"], &["new\n"], |directory| left(directory, &[("previous", 0o744), ("current", 0o644)]));
    same(&["!cat", "./log"], &["new\n"], |directory| {
        left(directory, &[("previous", 0o744), ("processed", 0o744), ("current", 0o644)]);
    });
    same(&["!cat", "./log"], &["new\n"], |directory| {
        left(directory, &[("previous", 0o744), ("processed", 0o644), ("current", 0o644)]);
    });
}

/// On purpose not daemontools', which forgets it: the state of a run that was complete is kept.
#[test]
fn interrupted_state() {
    let prepare = |directory: &Path| {
        fs::create_dir(directory.join("log")).unwrap();
        for (name, mode) in [("processed", 0o744), ("newstate", 0o644)] {
            fs::write(directory.join("log").join(name), name).unwrap();
            fs::set_permissions(directory.join("log").join(name), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    let (_, _, files) = run(&kit::ours("multilog"), &["!cat", "./log"], &[""], prepare);
    assert!(files.contains(&("log/state".to_string(), 0o644, b"newstate".to_vec())), "{files:?}");
}

/// On purpose not daemontools', which writes empty files from then on: an exclamation mark alone ends the processor.
#[test]
fn no_processor() {
    let (_, _, files) = run(&kit::ours("multilog"), &["s4096", "!cat >&2", "!", "./log"], &[&kilobytes(5)], nothing);
    let text: Vec<u8> = files.into_iter().flat_map(|file| file.2).collect();
    assert!(text == kilobytes(5).into_bytes());
}

/// Places that cannot be had: a message, 111, and no input read.
#[test]
fn troubles() {
    for script in [&["=/nosuch/x"][..], &["/etc/passwd"], &["./file"], &["=."]] {
        same(script, &["a\n"], |directory| fs::write(directory.join("file"), "").unwrap());
    }
}

/// Two loggers never share a directory.
#[test]
fn lock() {
    let Some(theirs) = kit::peer("multilog") else { return };
    let answers = [kit::ours("multilog"), theirs].map(|program| {
        let directory = tempfile::tempdir().unwrap();
        let mut first = Command::new(&program);
        let mut first = first.arg("./log").current_dir(&directory).stdin(Stdio::piped()).spawn().unwrap();
        kit::until("a log", || directory.path().join("log/current").exists());
        let answer = kit::run(&program, ["./log"], directory.path());
        drop(first.stdin.take());
        kit::end_of(&mut first);
        answer
    });
    assert_eq!(answers[0], answers[1]);
}

/// On purpose not daemontools': directories above a log are made as well.
#[test]
fn makes_parents() {
    let (code, errors, files) = run(&kit::ours("multilog"), &["./a/b"], &["x\n"], nothing);
    assert_eq!((code, errors.as_str(), files[0].0.as_str()), (Some(0), "", "a/b/current"));
}

/// On a full disk the same warning comes again and again, in daemontools' words, until there is room; no line is lost.
#[test]
fn pauses_on_a_full_disk() {
    let Some(theirs) = kit::peer("multilog") else { return };
    for program in [kit::ours("multilog"), theirs] {
        let directory = tempfile::tempdir().unwrap();
        let errors = directory.path().with_extension("errors");
        let script = "mount -t tmpfs -o size=64k none \"$PWD\" && cd \"$PWD\" && \
            dd if=/dev/zero of=filler bs=4k count=8 2>/dev/null && exec \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-ec", script, "sh"]).arg(&program);
        command.args(["s65536", "./log"]).current_dir(&directory).stdin(Stdio::piped());
        let mut child = Ended(command.stderr(File::create(&errors).unwrap()).spawn().unwrap());
        let inside = format!("/proc/{}/root{}", child.0.id(), directory.path().display());
        let mut stdin = child.0.stdin.take().unwrap();
        let writer = std::thread::spawn(move || stdin.write_all(lines(2500).as_bytes()).map(|()| stdin));
        let warning = "multilog: warning: unable to write to ./log/current, pausing: out of disk space\n";
        kit::until("two warnings", || fs::read_to_string(&errors).unwrap().len() >= 2 * warning.len());
        fs::remove_file(format!("{inside}/filler")).unwrap();
        let current = format!("{inside}/log/current");
        kit::until("every line", || fs::read_to_string(&current).is_ok_and(|text| text.ends_with("line 2499 abc\n")));
        assert!(fs::read_to_string(&current).unwrap() == lines(2500), "{}", program.display());
        // Until here the log is only seen while multilog runs.
        drop(writer.join().unwrap().unwrap());
        let told = fs::read_to_string(&errors).unwrap();
        assert_eq!(told, warning.repeat(told.len() / warning.len()), "{}", program.display());
        fs::remove_file(&errors).unwrap();
    }
}
