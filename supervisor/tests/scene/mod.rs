//! A directory with services, and the programs that look after them. Everything started here is ended here.
#![allow(dead_code)]

#[path = "../../../tests/src/executable.rs"]
pub mod executable;

use std::ffi::CString;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{OpenOptionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use supervisor::status::{Phase, Status};
use supervisor::sys::process::kill;

/// supervise, as built for this test.
pub const SUPERVISE: &str = env!("CARGO_BIN_EXE_supervise");
/// svscan.
pub const SVSCAN: &str = env!("CARGO_BIN_EXE_svscan");
/// The wrapper.
pub const WRAPPER: &str = env!("CARGO_BIN_EXE_wrapper");

/// How long anything may take before the test fails: a hundred times what it takes on a quiet machine.
const DEADLINE: Duration = Duration::from_secs(30);

/// A run script that stays.
pub const SLEEP: &str = "#!/bin/sh\nexec sleep 1000\n";

/// The directory and the processes.
pub struct Scene {
    /// The directory.
    pub path: PathBuf,
    children: Vec<Child>,
}

impl Scene {
    /// An empty directory.
    pub fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("sunup-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self { path, children: Vec::new() }
    }

    /// A file, executable when it begins with `#!`.
    pub fn file(&self, name: &str, text: &str) -> &Self {
        let path = self.path.join(name);
        if text.starts_with("#!") {
            executable::write(&path, text);
        } else {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
        }
        self
    }

    /// A command with this directory as working directory and its messages in `messages`.
    pub fn command(&self, program: &str, arguments: &[&str]) -> Command {
        let messages = OpenOptions::new().create(true).append(true).open(self.path.join("messages")).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&self.path).stderr(messages);
        command
    }

    /// Starts supervise on services; gives its pid.
    pub fn supervise(&mut self, services: &[&str]) -> u32 {
        let command = self.command(SUPERVISE, services);
        self.spawn(command)
    }

    /// Starts a command that is ended with the scene.
    pub fn spawn(&mut self, mut command: Command) -> u32 {
        let child = command.spawn().unwrap();
        let pid = child.id();
        self.children.push(child);
        pid
    }

    /// Waits for the end of a process started here.
    pub fn wait(&mut self, pid: u32) -> ExitStatus {
        let at = self.children.iter().position(|child| child.id() == pid).unwrap();
        let mut child = self.children.swap_remove(at);
        let status = wait_until("the process to end", || child.try_wait().unwrap());
        drop(child);
        status
    }

    /// The record of a service.
    pub fn record(&self, service: &str) -> Option<Status> {
        Status::unpack(&fs::read(self.path.join(service).join("supervise/status")).ok()?)
    }

    /// The first record that satisfies a condition.
    pub fn await_record(&self, service: &str, is: impl Fn(&Status) -> bool) -> Status {
        wait_until(&format!("a record of {service}"), || self.record(service).filter(|status| is(status)))
    }

    /// Writes letters into a control FIFO, as soon as somebody reads it.
    pub fn letters(&self, fifo: &str, letters: &str) {
        let path = self.path.join(fifo);
        wait_until("a reader of the control FIFO", || {
            let mut file = open_fifo(&path)?;
            file.write_all(letters.as_bytes()).ok()
        });
    }

    /// The text of a file; empty without one.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path.join(name)).unwrap_or_default()
    }

    /// A file's text, once it satisfies a condition.
    pub fn await_text(&self, name: &str, is: impl Fn(&str) -> bool) -> String {
        wait_until(name, || Some(self.text(name)).filter(|text| is(text)))
    }

    /// True while a supervise looks after the service.
    pub fn is_supervised(&self, service: &str) -> bool {
        open_fifo(&self.path.join(service).join("supervise/ok")).is_some()
    }

    /// Every service directory below this one.
    fn services(&self) -> Vec<PathBuf> {
        let mut found = Vec::new();
        let mut waiting = vec![self.path.clone()];
        while let Some(directory) = waiting.pop() {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                if entry.path().join("supervise").is_dir() {
                    found.push(entry.path());
                }
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) && entry.file_name() != "supervise" {
                    waiting.push(entry.path());
                }
            }
        }
        found
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        for child in &self.children {
            let _ = kill(child.id(), 15);
        }
        for child in &mut self.children {
            let end = Instant::now() + Duration::from_secs(5);
            while Instant::now() < end && child.try_wait().is_ok_and(|status| status.is_none()) {
                for service in self.path.read_dir().into_iter().flatten().flatten() {
                    if let Some(mut fifo) = open_fifo(&service.path().join("supervise/control")) {
                        let _ = fifo.write_all(b"dkx");
                    }
                }
                std::thread::sleep(Duration::from_millis(5));
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        // A supervise that a test has killed leaves its service behind.
        for service in self.services() {
            if let Some(mut fifo) = open_fifo(&service.join("supervise/control")) {
                let _ = fifo.write_all(b"kdx");
            } else if let Some(status) =
                fs::read(service.join("supervise/status")).ok().and_then(|b| Status::unpack(&b))
                && supervisor::sys::proc::start_ticks(status.pid) == Some(status.start_ticks)
            {
                let _ = kill(status.pid, 9);
            }
        }
        let _ = fs::remove_dir_all(&self.path);
    }
}

/// The FIFO for writing, if somebody reads it.
pub fn open_fifo(path: &Path) -> Option<File> {
    use supervisor::sys::files::O_NONBLOCK;
    OpenOptions::new().write(true).custom_flags(O_NONBLOCK as i32).open(path).ok()
}

/// Makes a FIFO.
pub fn make_fifo(path: &Path) {
    use supervisor::sys::{descriptor::HERE, files};
    let path = CString::new(path.to_str().unwrap()).unwrap();
    files::make_fifo_at(HERE, &path, 0o600).unwrap();
}

/// Makes a FIFO in a scene, and the directories above it.
pub fn make_fifo_in(scene: &Scene, name: &str) {
    let path = scene.path.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    make_fifo(&path);
}

/// The first answer that is one.
pub fn wait_until<T>(what: &str, mut probe: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(answer) = probe() {
            return answer;
        }
        assert!(Instant::now() < end, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// True while a process is there and is no zombie.
pub fn is_alive(pid: u32) -> bool {
    supervisor::sys::proc::start_ticks(pid).is_some()
}

/// How often a process has gone to sleep.
pub fn switches(pid: u32) -> u64 {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let count = text.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    count.trim().parse().unwrap()
}

/// svscan on `scan`, with our supervise in its PATH.
pub fn command(scene: &Scene, arguments: &[&str]) -> Command {
    fs::create_dir_all(scene.path.join("scan")).unwrap();
    let mut command = scene.command(SVSCAN, arguments);
    let programs = Path::new(SUPERVISE).parent().unwrap().display();
    command.env("PATH", format!("{programs}:/usr/bin:/bin"));
    command
}

pub fn svscan(scene: &mut Scene, arguments: &[&str]) -> u32 {
    let command = command(scene, arguments);
    scene.spawn(command)
}

/// Links a service directory into the scan directory.
pub fn link(scene: &Scene, name: &str) {
    symlink(format!("../{name}"), scene.path.join("scan").join(name)).unwrap();
}

/// The pid of the supervise of a service: the parent of its process.
pub fn supervise_of(scene: &Scene, service: &str) -> u32 {
    let status = scene.await_record(service, |status| status.phase == Phase::Run);
    supervisor::sys::proc::parent_of(status.pid).unwrap()
}
