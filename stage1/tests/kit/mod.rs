//! A sandbox in which `init` is process 1, with a scanner that only looks around.

#[path = "../../../tests/src/executable.rs"]
pub mod executable;

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

/// The scanner of these tests: it notes what it was given, reads the log as a logger would, then takes the waiter's
/// letters as scanner and supervise would.
const SCANNER: &str = r#"#!/bin/sh
run=${SUNUP_RUN:-/run/sunup}
exec 3<>$run/log.fifo
cd /results
echo "$$ $*" >arguments
cut -d ' ' -f 5,6 /proc/$$/stat >session
env >environment
found=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)
echo "$found" >descriptors
ulimit -Sn >limit
cat /proc/$$/oom_score_adj >oom-score
cp /proc/self/mountinfo mountinfo
cp -a $run/. run
ls -l /dev >dev
echo written >&2
while read -r line <&3 && echo "$line" >>log && [ "$line" != written ]; do :; done
mkfifo $run/scan/.svscan/control
head -c 1 <>$run/scan/.svscan/control >scanner-letter
mkdir $run/service/engine/supervise
mkfifo $run/service/engine/supervise/control
head -c 1 <>$run/service/engine/supervise/control >engine-letter
"#;

/// A root and what `init` needs in it.
pub struct Sandbox {
    directory: tempfile::TempDir,
}

impl Sandbox {
    pub fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        for name in ["lib/bin", "lib/wrapper", "etc/stage1/engine", "etc/stage1/catch-all", "results"] {
            fs::create_dir_all(path.join(name)).unwrap();
        }
        for name in ["bin/supervise", "bin/svlog", "bin/svc", "bin/svscanctl", "bin/shutdown"] {
            executable::write(&path.join("lib").join(name), "#!/bin/sh\n");
        }
        for name in ["wrapper/supervise", "wrapper/runsv"] {
            executable::write(&path.join("lib").join(name), "#!/bin/sh\n");
        }
        executable::write(&path.join("lib/bin/svscan"), SCANNER);
        executable::write(&path.join("etc/stage1/engine/run"), "#!/bin/sh\n");
        fs::write(path.join("etc/stage1/engine/down"), "").unwrap();
        fs::write(path.join("results/console"), "").unwrap();
        fs::set_permissions(path.join("results/console"), Permissions::from_mode(0o666)).unwrap();
        Self { directory }
    }

    /// One that only root can have; `None`, and a note, for everyone else.
    pub fn as_root() -> Option<Self> {
        if !nix::unistd::geteuid().is_root() {
            crate::skip::skip("needs root");
            return None;
        }
        Some(Self::new())
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub fn result(&self, name: &str) -> String {
        let path = self.path("results").join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    /// `init` in new namespaces, without the capabilities that reach the host through them.
    pub fn command(&self, unshare: &[&str], words: &[&str]) -> Command {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox.sh");
        let mut command = Command::new("setpriv");
        command.args([CAPABILITIES, "unshare", "--kill-child"]).args(unshare);
        command.arg("sh").arg(script).arg(self.directory.path()).arg(env!("CARGO_BIN_EXE_init")).args(words);
        command.env_clear().env("LANG", "C").env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command.env("KEEP", if unshare.contains(&"--user") { "yes" } else { "" });
        command
    }

    /// Boots until the scanner has ended.
    pub fn boot(&self, unshare: &[&str], words: &[&str]) -> Output {
        self.finish(&mut self.command(unshare, words))
    }

    pub fn finish(&self, command: &mut Command) -> Output {
        let child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let _deadline = Deadline::of(&child);
        let output = child.wait_with_output().unwrap();
        println!("{}", String::from_utf8_lossy(&output.stdout));
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        eprintln!("{}", self.result("console"));
        output
    }

    /// Boots until the console shows each of these texts, then ends it.
    pub fn boot_until(&self, unshare: &[&str], texts: &[&str]) {
        let mut child = self.command(unshare, &[]).stdin(Stdio::null()).spawn().unwrap();
        let _deadline = Deadline::of(&child);
        while !texts.iter().all(|text| self.result("console").contains(text)) {
            assert!(child.try_wait().unwrap().is_none(), "init has ended: {}", self.result("console"));
            std::thread::sleep(Duration::from_millis(10));
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

/// Kills a sandbox that takes longer than a minute; with it goes everything inside.
struct Deadline(Option<std::sync::mpsc::Sender<()>>);

impl Deadline {
    fn of(child: &Child) -> Self {
        let pid = nix::unistd::Pid::from_raw(child.id().cast_signed());
        let (sender, receiver) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            if receiver.recv_timeout(Duration::from_secs(60)) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
                let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
            }
        });
        Self(Some(sender))
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        self.0.take();
    }
}

/// What reaches the host through namespaces.
const CAPABILITIES: &str = "--bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog,-sys_boot";
/// As root.
pub const NAMESPACES: [&str; 7] = ["--mount", "--pid", "--fork", "--ipc", "--uts", "--net", "--cgroup"];
/// As an ordinary user, or as root without any privilege.
pub const USER: [&str; 9] =
    ["--user", "--map-root-user", "--mount", "--pid", "--fork", "--ipc", "--uts", "--net", "--cgroup"];
