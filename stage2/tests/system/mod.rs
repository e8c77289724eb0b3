//! A small system of a test's own: a run directory, units, a real svscan; the engine in the foreground or supervised.

#![allow(dead_code, reason = "every test file uses a part of it")]

#[path = "../../../tests/src/executable.rs"]
pub mod executable;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// Far beyond what anything here takes on a quiet machine.
pub const DEADLINE: Duration = Duration::from_secs(60);

/// Where the programs are; the supervisor's are built if need be, because cargo builds only this package's.
pub fn programs() -> &'static Path {
    static PROGRAMS: OnceLock<PathBuf> = OnceLock::new();
    PROGRAMS.get_or_init(|| {
        let status =
            Command::new(env!("CARGO")).args(["build", "--quiet", "--package", "supervisor", "--bins"]).status();
        assert!(status.unwrap().success(), "the supervisor's programs do not build");
        Path::new(env!("CARGO_BIN_EXE_stage2")).parent().unwrap().to_owned()
    })
}

/// The system; dropping it ends everything in it.
pub struct System {
    /// Its directory.
    pub root: PathBuf,
    scanner: Child,
}

impl System {
    /// A system with these units (name, text) and the bundle `default` of all of them; its scanner runs.
    pub fn new(units: &[(&str, &str)]) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let root = std::env::temp_dir().join(format!("sunup-stage2-{}-{number}", std::process::id()));
        // Of a run that was killed, whose number we have.
        let _ = fs::remove_dir_all(&root);
        for directory in ["run/scan", "run/service", "run/requests", "units", "bundles/default", "log"] {
            fs::create_dir_all(root.join(directory)).unwrap();
        }
        let path = format!("{}:{}", programs().display(), std::env::var("PATH").unwrap());
        let log = fs::File::create(root.join("scanner.log")).unwrap();
        let scanner = Command::new(programs().join("svscan"))
            .current_dir(root.join("run/scan"))
            .envs([("PATH", path), ("SUNUP_LOG", root.join("log").display().to_string())])
            .env("SUNUP_VAR", root.join("var"))
            .env("SUNUP_ETC", &root)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .unwrap();
        let system = Self { root, scanner };
        for (name, text) in units {
            system.add_unit(name, text);
            system.add_member("default", name);
        }
        system
    }

    /// A path in the system.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// A file's text, empty where there is none.
    pub fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap_or_default()
    }

    /// A file's lines.
    pub fn lines(&self, below: &str) -> Vec<String> {
        self.read(below).lines().map(str::to_owned).collect()
    }

    /// Writes a unit; `ROOT` in its text becomes the system's directory.
    pub fn add_unit(&self, name: &str, text: &str) {
        let text = text.replace("ROOT", self.root.to_str().unwrap());
        fs::write(self.path(&format!("units/{name}.yaml")), text).unwrap();
    }

    /// Links a unit into a bundle.
    pub fn add_member(&self, bundle: &str, unit: &str) {
        let directory = self.path(&format!("bundles/{bundle}"));
        fs::create_dir_all(&directory).unwrap();
        std::os::unix::fs::symlink(self.path(&format!("units/{unit}.yaml")), directory.join(unit)).unwrap();
    }

    /// The command that runs the engine, but for its target.
    pub fn engine(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_stage2"));
        for (option, directory) in [("--run", "run"), ("--units", "units"), ("--bundles", "bundles")] {
            command.arg(option).arg(self.path(directory));
        }
        command.env("SUNUP_LOG", self.path("log")).env("SUNUP_VAR", self.path("var"));
        command.env("SUNUP_ETC", &self.root).stdin(Stdio::null());
        command
    }

    /// Runs the engine in the foreground.
    pub fn stage2(&self, target: &str) -> Output {
        self.engine().arg(target).output().unwrap()
    }

    /// The command that runs the engine in the foreground, for a shell.
    pub fn stage2_words(&self, target: &str) -> String {
        let engine = self.engine();
        let words = engine.get_args().map(|word| word.to_str().unwrap());
        [&[env!("CARGO_BIN_EXE_stage2")][..], &words.collect::<Vec<_>>(), &[target]].concat().join(" ")
    }

    /// Runs the engine in the foreground of a mount namespace, after shell commands, if they succeed.
    pub fn stage2_after(&self, commands: &str, target: &str) -> Output {
        let script = format!("{{ {commands}; }} && exec {}", self.stage2_words(target));
        let mut command = Command::new("unshare");
        command.args(["--user", "--map-root-user", "--mount", "sh", "-c", &script]);
        command.env("SUNUP_LOG", self.path("log")).env("SUNUP_VAR", self.path("var"));
        command.stdin(Stdio::null()).output().unwrap()
    }

    /// The operator's command in this system.
    pub fn sunup(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sunup"));
        command.args(words).env("SUNUP_RUN", self.path("run")).env("SUNUP_ETC", &self.root).env("TZ", "UTC");
        command
            .env("SUNUP_LIB", self.path("lib"))
            .env("SUNUP_LOG", self.path("log"))
            .env("SUNUP_VAR", self.path("var"));
        command.stdin(Stdio::null());
        command
    }

    /// Runs the operator's command: its exit code and what it wrote, to both outputs.
    pub fn operate(&self, words: &[&str]) -> (Option<i32>, String) {
        let output = self.sunup(words).output().unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.code(), String::from_utf8(text).unwrap())
    }

    /// Makes the engine a service that is down.
    pub fn supervise_engine(&self) {
        self.supervise_engine_with("none");
    }

    /// As [`System::supervise_engine`], with control groups below a directory.
    pub fn supervise_engine_with(&self, cgroup: &str) {
        let console = self.path("console");
        fs::write(&console, "").unwrap();
        self.supervise_engine_on(cgroup, &console, "");
    }

    /// As [`System::supervise_engine_with`], with a console of the test's own and more of an environment: `NAME=TEXT …`.
    pub fn supervise_engine_on(&self, cgroup: &str, console: &Path, environment: &str) {
        let service = self.path("run/service/engine");
        fs::create_dir_all(&service).unwrap();
        fs::write(service.join("down"), "").unwrap();
        let engine = self.engine();
        let words = engine.get_args().map(|word| word.to_str().unwrap().to_owned()).collect::<Vec<_>>().join(" ");
        let script = format!(
            "#!/bin/sh\nexec 2>&1\nexec env {environment} {} {words} --supervised --cgroup {cgroup} --console {}\n",
            env!("CARGO_BIN_EXE_stage2"),
            console.display()
        );
        executable::write(&service.join("run"), &script);
        std::os::unix::fs::symlink("../service/engine", self.path("run/scan/engine")).unwrap();
        until("the engine's supervise", || self.control("engine", "").is_some());
    }

    /// Writes control letters to a service's supervise.
    pub fn control(&self, service: &str, letters: &str) -> Option<()> {
        let fifo = self.path(&format!("run/service/{service}/supervise/control"));
        let open = fs::OpenOptions::new().write(true).custom_flags(nix::libc::O_NONBLOCK).open(fifo);
        open.ok()?.write_all(letters.as_bytes()).ok()
    }

    /// Writes a request and ups the engine.
    pub fn ask(&self, id: &str, verb: &str, units: &[&str]) {
        self.write_request(id, &serde_json::json!({"v": 1, "verb": verb, "units": units}).to_string());
    }

    /// As [`System::ask`], whatever the text.
    pub fn write_request(&self, id: &str, text: &str) {
        let draft = self.path(&format!("run/requests/.{id}.new"));
        fs::write(&draft, text).unwrap();
        fs::rename(draft, self.path(&format!("run/requests/{id}"))).unwrap();
        self.control("engine", "u").unwrap();
    }

    /// Waits for the answer to a request.
    pub fn answer(&self, id: &str) -> Value {
        let path = self.path(&format!("run/requests/{id}.done"));
        let start = Instant::now();
        while !path.exists() {
            let told = || format!("{}\n{}", self.read("console"), self.read("scanner.log"));
            assert!(start.elapsed() < DEADLINE, "no answer to {id}\n{}", told());
            std::thread::sleep(Duration::from_millis(2));
        }
        serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
    }

    /// Asks and waits.
    pub fn request(&self, id: &str, verb: &str, units: &[&str]) -> Value {
        self.ask(id, verb, units);
        self.answer(id)
    }

    /// A unit's state file.
    pub fn state(&self, unit: &str) -> Value {
        serde_json::from_str(&self.read(&format!("run/state/{unit}"))).unwrap_or(Value::Null)
    }

    /// All units' states.
    pub fn states(&self) -> BTreeMap<String, String> {
        let entries = fs::read_dir(self.path("run/state")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let names = names.filter(|name| !name.starts_with('.'));
        names.map(|name| (name.clone(), self.state(&name)["state"].as_str().unwrap().to_owned())).collect()
    }

    /// The timeline's events of a unit: (t_ns, event).
    pub fn events(&self, unit: &str) -> Vec<(u64, String)> {
        let entries = self.lines("run/timeline.jsonl");
        let entries = entries.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
        let own = entries.filter(|entry| entry["unit"] == unit);
        own.map(|entry| (entry["t_ns"].as_u64().unwrap(), entry["event"].as_str().unwrap().to_owned())).collect()
    }

    /// The pid in a service's status record, 0 when it is down.
    pub fn pid(&self, service: &str) -> u32 {
        let status = fs::read(self.path(&format!("run/service/{service}/supervise/status"))).unwrap_or_default();
        supervisor::status::Status::unpack(&status).map_or(0, |status| status.pid)
    }
}

impl Drop for System {
    fn drop(&mut self) {
        let services = fs::read_dir(self.path("run/service")).unwrap().flatten();
        for name in services.filter_map(|entry| entry.file_name().into_string().ok()) {
            let _ = fs::remove_file(self.path(&format!("run/scan/{name}")));
            self.control(&name, "dx");
            self.control(&name, "k");
            self.control(&format!("{name}/log"), "dx");
        }
        let _ = self.scanner.kill();
        let _ = self.scanner.wait();
        if !std::thread::panicking() {
            let _ = fs::remove_dir_all(&self.root);
        }
    }
}

/// The processes that somebody has started.
pub fn children(pid: &str) -> Vec<String> {
    let list = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).unwrap_or_default();
    list.split_ascii_whitespace().map(str::to_owned).collect()
}

/// A line of a process's state.
pub fn status(pid: &str, key: &str) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    text.lines().find_map(|line| line.strip_prefix(key)).unwrap_or_default().trim().to_owned()
}

/// Stops a process, which has done nothing any more when this is over.
pub fn stop(process: Pid) {
    kill(process, Signal::SIGSTOP).unwrap();
    until("the stop", || status(&process.to_string(), "State:").starts_with('T'));
}

/// A free port of an address that is this process's own: nobody else listens there, nor connects from there.
pub fn own_address() -> SocketAddr {
    let own = Ipv4Addr::from_bits(0x7f00_0000 | std::process::id() << 2);
    TcpListener::bind((own, 0)).unwrap().local_addr().unwrap()
}

/// Waits until something observable is so.
pub fn until(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < DEADLINE, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Lines with their times replaced: `(12 ms)` becomes `(N ms)`.
pub fn without_times(text: &str) -> Vec<String> {
    let line = |line: &str| match (line.rfind(" ("), line.ends_with(" ms)")) {
        (Some(at), true) => format!("{} (N ms)", &line[..at]),
        _ => line.to_owned(),
    };
    text.lines().map(line).collect()
}
