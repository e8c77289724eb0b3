//! What this program plays inside the namespaces, by the name it is called with.

use crate::scheduled;
use crate::world::{MANY, REAL_SUPERVISE, RUN, enter};
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::mount::{MsFlags, mount, umount};
use nix::sys::signal::{SigSet, Signal};
use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitCode, Stdio};
use supervisor::control::scanner::FINISH;
use supervisor::status::{LastExit, Phase, Status, Want};

/// Lines of the writer.
pub const LINES: u32 = 10_000;

/// What a process is called that carries the root's storage.
pub const STORAGE: &str = "@storage";
/// Process 1's `oom_score_adj` before stage 1 raised it, as it tells svscan; anybody may raise his own to this.
pub const OOM_SCORE: &str = "700";
/// How process 1 ends after a soft reboot.
pub const AGAIN: u8 = 42;
/// How process 1 ends as the initramfs' program.
pub const INITRAMFS: u8 = 43;
/// The units in an engine's answer: everything is down, or some of it.
const ALL_DOWN: &str = "";
const SOME_DOWN: &str = r#""a":"down","web":"failed","slow":"stopping""#;

/// Plays the role that the name asks for, or runs the cases.
pub fn play_or(cases: fn() -> ExitCode) -> ExitCode {
    let words: Vec<String> = std::env::args().collect();
    let word = |at: usize| words.get(at).map_or("", String::as_str);
    match word(0) {
        "process-one" => process_one(word(1)),
        "engine" => engine(word(1)),
        "supervise" if real_supervise().exists() => counted_supervise(&words),
        "supervise" => supervise(Path::new(word(1)), word(2)),
        "deaf" => deaf(word(1)),
        STORAGE => deaf(word(1)),
        "aside" => aside(word(1)),
        "/bin/sh" => shell(),
        "/sbin/init" => stage_one(),
        "/shutdown" => initramfs(word(1)),
        "finish" | ".svscan/finish" => ExitCode::SUCCESS,
        "./run" => run_of_a_service(),
        _ if word(1) == "--enter" => enter(Path::new(word(2)), word(3), Path::new(word(4))),
        _ => cases(),
    }
}

/// Starts what the scenario has, then stage 3, and reaps until the kernel ends it.
fn process_one(scenario: &str) -> ExitCode {
    let mut control = OpenOptions::new().read(true).write(true).open(".svscan/control").unwrap();
    // Hears whatever it is told, as a scanner does, until it is told to become another program.
    let told = std::thread::spawn(move || {
        let mut letter = [0];
        while letter != [FINISH] && control.read_exact(&mut letter).is_ok() {}
    });
    let mut children: Vec<Child> = Vec::new();
    let mut held = None;
    let mut hurry = false;
    let mut front = false;
    for part in scenario.split('+').skip(1) {
        match part {
            "engine" | "silent" | "partial" => children.push(start("engine", &[part])),
            "deaf" => children.push(start("deaf", &[])),
            "storage" => children.push(start(STORAGE, &["inside"])),
            "service" | "stuck" | "killed" => children.push(start("supervise", &["service/web", part])),
            "held" => held = Some(File::create("/mnt/held").unwrap()),
            "sleeper" => children.push(start("supervise", &["", ""])),
            "hurry" => hurry = true,
            "front" => front = true,
            "nameless" | "inside" => children.push(start("deaf", &[part])),
            "odd" => held = Some(odd_mount()),
            "stucklog" => children.push(start("supervise", &["service/web/log", "stuck"])),
            "dark" => {
                umount("/dev/console").unwrap();
                fs::remove_file("/dev/console").unwrap();
            }
            "short" => fs::write("../stop-deadline", "300\n").unwrap(),
            "after" | "coloured" | "force" | "full" | "initramfs" | "late" | "mute" | "scheduled" => {}
            _ => panic!("{part}"),
        }
    }
    for child in &mut children {
        // Each says that it is ready by closing its standard output.
        let _ = child.stdout.take().unwrap().read_to_end(&mut Vec::new());
    }
    if scenario.contains("+full") {
        fill_up();
    }
    let verb = scenario.split('+').next().unwrap();
    if front {
        return ask(verb);
    }
    if scenario.contains("+scheduled") {
        return scheduled::play(verb);
    }
    let mut stage3 = stage3(verb);
    if scenario.contains("+force") {
        until_said("../stage3.lock", verb);
        let mut front = Command::new(format!("{RUN}/bin/stage3"));
        let status = front.arg0(verb).arg("-f").env("SUNUP_RUN", RUN).status();
        panic!("{verb} -f ended with {status:?}");
    }
    if hurry {
        // One that waits for a logger has asked everybody else to end; the second one is not to be among those.
        let is_late = scenario.contains("+stucklog");
        let (file, word) = if is_late { ("../timeline.jsonl", "\"processes\"") } else { ("../stage3.lock", verb) };
        until_said(file, word);
        assert!(self::stage3(verb).wait().unwrap().success());
    }
    if scenario.contains("+late") {
        while !Path::new("../requests/stop").exists() {
            std::thread::yield_now();
        }
        children.push(start("engine", &["engine"]));
    }
    if scenario.contains("+after") {
        told.join().unwrap();
        // Whatever is asked for by the old name is still found: the wrapper's flag, the handlers' program.
        assert_eq!(fs::canonicalize(RUN).unwrap(), Path::new("/"));
        assert!(Path::new(RUN).join("stopping").exists());
        return ExitCode::from(AGAIN);
    }
    // What else ends here stays a zombie, which counts for nothing.
    let status = stage3.wait().unwrap();
    println!("stage3 ended with {status}");
    drop(held);
    std::process::exit(3);
}

fn until_said(file: &str, word: &str) {
    while !fs::read_to_string(file).unwrap_or_default().contains(word) {
        std::thread::yield_now();
    }
}

/// Asks as an operator does, from a service with mounts of its own. We have no handler, so the command starts stage 3
/// and leaves it to us.
fn ask(verb: &str) -> ExitCode {
    let mut aside = Command::new(format!("{RUN}/bin/svscan"));
    assert!(aside.arg0("aside").arg(verb).status().unwrap().success());
    sleep()
}

fn aside(verb: &str) -> ExitCode {
    // Passed on by whoever called us.
    let passed = File::create("/mnt/passed").unwrap();
    fcntl(&passed, FcntlArg::F_SETFD(FdFlag::empty())).unwrap();
    nix::sched::unshare(nix::sched::CloneFlags::CLONE_NEWNS).unwrap();
    let mut command = Command::new(format!("{RUN}/bin/stage3"));
    panic!("{}", command.arg0(verb).exec());
}

fn stage3(verb: &str) -> Child {
    let mut stage3 = Command::new(format!("{RUN}/bin/stage3"));
    stage3.arg0("stage3").arg(verb).env("SUNUP_RUN", RUN).spawn().unwrap()
}

fn start(role: &str, words: &[&str]) -> Child {
    let program = format!("{RUN}/bin/svscan");
    Command::new(program).arg0(role).args(words).current_dir(RUN).stdout(Stdio::piped()).spawn().unwrap()
}

/// What a soft reboot leads to: the run directory of before is gone, and we are process 1, spared no more when memory runs out
/// than stage 1 was.
fn stage_one() -> ExitCode {
    assert_eq!(std::process::id(), 1);
    assert_eq!(fs::read_to_string("/proc/self/oom_score_adj").unwrap().trim_end(), OOM_SCORE);
    assert!(!Path::new(RUN).join("scan").exists(), "the old run directory is still there");
    ExitCode::from(AGAIN)
}

/// What an initramfs' program finds: it is process 1, the old system lies below /oldroot, with what is mounted there, and who
/// carries the storage is there still.
fn initramfs(word: &str) -> ExitCode {
    assert_eq!((std::process::id(), word), (1, "poweroff"));
    for path in ["/oldroot/scan", "/oldroot/proc/1", "/proc/1", "/run"] {
        assert!(Path::new(path).exists(), "{path}");
    }
    assert_eq!(fs::read_dir("/run").unwrap().count(), 0);
    let lines = fs::read_dir("/proc").unwrap().flatten().map(|entry| fs::read(entry.path().join("cmdline")));
    assert!(lines.flatten().any(|line| line.starts_with(STORAGE.as_bytes())), "its storage is not spared");
    ExitCode::from(INITRAMFS)
}

/// Says "ready" to process 1: nobody holds the write end any more.
fn ready() {
    let null = OpenOptions::new().write(true).open("/dev/null").unwrap();
    nix::unistd::dup2_stdout(null).unwrap();
}

fn has_started(number: usize) -> bool {
    fs::read_to_string(format!("/logs/many-{number}/current")).is_ok_and(|log| log.contains("started"))
}

fn real_supervise() -> PathBuf {
    Path::new(RUN).join("bin").join(REAL_SUPERVISE)
}

/// Stands before the real supervise: writes down, one line each, who got beyond the wrapper, and when.
fn counted_supervise(words: &[String]) -> ExitCode {
    let when = if Path::new(RUN).join("stopping").exists() { "late" } else { "early" };
    let mut book = OpenOptions::new().create(true).append(true).open("/logs/supervises").unwrap();
    book.write_all(format!("{when}\n").as_bytes()).unwrap();
    panic!("{}", Command::new(real_supervise()).arg0("supervise").args(&words[1..]).exec());
}

/// What a real supervise runs: the file `role` says what it is.
fn run_of_a_service() -> ExitCode {
    let role = fs::read_to_string("role").unwrap();
    match role.as_str() {
        "engine" => {
            // As the engine does: `d` to itself is answered with TERM.
            block_term();
            fs::OpenOptions::new().write(true).open("supervise/control").unwrap().write_all(b"d").unwrap();
            answer(&Path::new(RUN).join("requests"), ALL_DOWN);
            ExitCode::SUCCESS
        }
        "writer" => writer(),
        "polite" => {
            let term = block_term();
            println!("started");
            term.wait().unwrap();
            println!("stopped");
            ExitCode::SUCCESS
        }
        "poweroff" | "reboot --soft" => {
            // Everyone must be there, or nothing is written.
            while !(Path::new("/logs/writer").exists() && (1..=MANY).all(has_started)) {
                std::thread::yield_now();
            }
            // The stop that it asks for may reach this service before the command's end is told.
            let term = block_term();
            let status = program(&role).status().unwrap();
            println!("the operator's command ended with {status}");
            term.wait().unwrap();
            ExitCode::SUCCESS
        }
        words => become_program(words),
    }
}

fn become_program(words: &str) -> ExitCode {
    panic!("{}", program(words).exec());
}

fn program(words: &str) -> Command {
    let mut words = words.split(' ');
    let name = words.next().unwrap();
    let file = if ["poweroff", "reboot"].contains(&name) { "stage3" } else { name };
    let mut program = Command::new(format!("{RUN}/bin/{file}"));
    program.arg0(name).args(words);
    program
}

/// Writes its lines only when it is told to end, and complains to the catch-all as well.
fn writer() -> ExitCode {
    let term = block_term();
    fs::write("/logs/writer", "").unwrap();
    term.wait().unwrap();
    let lines: String = (1..=LINES).map(|number| format!("line {number}\n")).collect();
    std::io::stdout().write_all(lines.as_bytes()).unwrap();
    eprintln!("the writer is done");
    ExitCode::SUCCESS
}

fn answer(requests: &Path, units: &str) {
    if fs::rename(requests.join("stop"), requests.join("stop.run")).is_ok() {
        let request = fs::read_to_string(requests.join("stop.run")).unwrap();
        assert_eq!(request, "{\"v\":1,\"verb\":\"stop-all\",\"units\":[]}\n");
        let exit = u8::from(units != ALL_DOWN);
        let answer = format!("{{\"v\":1,\"exit\":{exit},\"error\":null,\"units\":{{{units}}}}}\n");
        fs::write(requests.join(".stop.done.new"), answer).unwrap();
        fs::rename(requests.join(".stop.done.new"), requests.join("stop.done")).unwrap();
    }
}

/// The engine and its supervise in one: answers the request for a stop, unless it is silent.
fn engine(how: &str) -> ExitCode {
    let directory = Path::new("service/engine");
    let lock = File::open(directory.join("supervise/lock")).unwrap();
    lock.lock().unwrap();
    obey(directory, |letter| {
        if letter == b'u' && how != "silent" {
            answer(Path::new("requests"), if how == "partial" { SOME_DOWN } else { ALL_DOWN });
        }
        letter == b'x'
    })
}

/// A supervise: ends on `x`, or never.
fn supervise(directory: &Path, how: &str) -> ExitCode {
    if how.is_empty() {
        ready();
        return sleep();
    }
    fs::create_dir_all(directory.join("supervise")).unwrap();
    let mode = nix::sys::stat::Mode::from_bits_truncate(0o600);
    nix::unistd::mkfifo(&directory.join("supervise/control"), mode).unwrap();
    let lock = File::create(directory.join("supervise/lock")).unwrap();
    lock.lock().unwrap();
    if directory.ends_with("log") {
        block_term();
    }
    std::os::unix::fs::symlink("../service/web", "scan/web").unwrap();
    let record = |status: Status| fs::write(directory.join("supervise/status"), status.pack()).unwrap();
    record(Status { pid: std::process::id(), phase: Phase::Run, ..Status::NEW });
    obey(directory, |letter| {
        assert!(Path::new("stopping").exists(), "told before the wrapper's flag was there");
        if letter == b'x' && how == "killed" {
            record(Status { want: Want::Down, last_exit: LastExit::Status(9), ..Status::NEW });
        }
        letter == b'x' && how != "stuck"
    })
}

/// Reads control letters until one ends it.
fn obey(directory: &Path, mut ends: impl FnMut(u8) -> bool) -> ExitCode {
    let control = directory.join("supervise/control");
    let mut control = OpenOptions::new().read(true).write(true).open(control).unwrap();
    ready();
    let mut letter = [0];
    while control.read_exact(&mut letter).is_ok() && !ends(letter[0]) {}
    ExitCode::SUCCESS
}

/// Leaves no room in the run directory, neither for bytes nor for names.
fn fill_up() {
    let used = nix::sys::statvfs::statvfs(RUN).unwrap();
    let bytes = (used.blocks() - used.blocks_free()) * used.fragment_size();
    let sizes = format!("size={bytes},nr_inodes={}", used.files() - used.files_free());
    mount(None::<&str>, RUN, None::<&str>, MsFlags::MS_REMOUNT, Some(sizes.as_str())).unwrap();
    assert!(fs::write(Path::new(RUN).join("more"), "").is_err());
}

/// A mount whose name is no text and would print a line of its own, with a file held open.
fn odd_mount() -> File {
    let point = Path::new(OsStr::from_bytes(b"/mnt/\xfc\nclean stop"));
    fs::create_dir(point).unwrap();
    mount(Some("tmpfs"), point, Some("tmpfs"), MsFlags::empty(), None::<&str>).unwrap();
    File::create(point.join("held")).unwrap()
}

/// What the key for a shell leads to: one that has the terminal for itself, until a line is typed.
fn shell() -> ExitCode {
    let session = nix::sys::termios::tcgetsid(std::io::stdin()).unwrap();
    assert_eq!(session, nix::unistd::getpid());
    assert_eq!(SigSet::thread_get_mask().unwrap(), SigSet::empty());
    println!("the shell is here");
    std::io::stdin().read_line(&mut String::new()).unwrap();
    ExitCode::SUCCESS
}

/// A process that ignores TERM; a nameless one has a name that is no text, one that is inside stands on a mount.
fn deaf(how: &str) -> ExitCode {
    if how == "inside" {
        std::env::set_current_dir("/mnt").unwrap();
    }
    if how == "nameless" {
        fs::write("/proc/self/comm", b"\xfcber").unwrap();
    }
    block_term();
    ready();
    sleep()
}

fn block_term() -> SigSet {
    let mut set = SigSet::empty();
    set.add(Signal::SIGTERM);
    set.thread_block().unwrap();
    set
}

pub fn sleep() -> ExitCode {
    loop {
        std::thread::park();
    }
}
