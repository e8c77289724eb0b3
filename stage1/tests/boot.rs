//! Boots `init` as process 1 of a sandbox with a scanner that only looks around, as root and as an ordinary user.
//!
//! As root the capabilities that reach the host through namespaces are dropped first.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The scanner of these tests: it notes what it was given, reads the log as a logger would, then takes the waiter's
/// letters as scanner and supervise would.
const SCANNER: &str = r#"#!/bin/sh
exec 3<>/run/sunup/log.fifo
cd /results
echo "$$ $*" >arguments
env >environment
found=$(readlink /proc/$$/fd/0 /proc/$$/fd/1 /proc/$$/fd/2)
echo "$found" >descriptors
ulimit -Sn >limit
cp /proc/self/mountinfo mountinfo
cp -a /run/sunup/. run
ls -l /dev >dev
echo written >&2
while read -r line <&3 && echo "$line" >>log && [ "$line" != written ]; do :; done
mkfifo /run/sunup/scan/.svscan/control
head -c 1 <>/run/sunup/scan/.svscan/control >scanner-letter
mkdir /run/sunup/service/engine/supervise
mkfifo /run/sunup/service/engine/supervise/control
head -c 1 <>/run/sunup/service/engine/supervise/control >engine-letter
"#;

struct Sandbox {
    directory: tempfile::TempDir,
}

impl Sandbox {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        for name in ["lib/bin", "lib/wrapper", "etc/stage1/engine", "etc/stage1/catch-all", "results"] {
            fs::create_dir_all(path.join(name)).unwrap();
        }
        for name in ["bin/supervise", "bin/svlog", "bin/svc", "bin/svscanctl", "bin/shutdown"] {
            executable(&path.join("lib").join(name), "#!/bin/sh\n");
        }
        for name in ["wrapper/supervise", "wrapper/runsv"] {
            executable(&path.join("lib").join(name), "#!/bin/sh\n");
        }
        executable(&path.join("lib/bin/svscan"), SCANNER);
        executable(&path.join("etc/stage1/engine/run"), "#!/bin/sh\n");
        fs::write(path.join("etc/stage1/engine/down"), "").unwrap();
        fs::write(path.join("results/console"), "").unwrap();
        fs::set_permissions(path.join("results/console"), Permissions::from_mode(0o666)).unwrap();
        Self { directory }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn result(&self, name: &str) -> String {
        let path = self.path("results").join(name);
        fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }

    fn boot(&self, unshare: &[&str], words: &[&str]) -> Output {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox.sh");
        let mut command = Command::new("timeout");
        command.args(["-k", "5", "60", "setpriv", CAPABILITIES, "unshare", "--kill-child"]);
        command.args(unshare).arg("sh").arg(script).arg(self.directory.path()).arg(env!("CARGO_BIN_EXE_init"));
        let output = command
            .args(words)
            .env_clear()
            .env("KEEP", if unshare.contains(&"--user") { "yes" } else { "" })
            .output()
            .unwrap();
        println!("{}", String::from_utf8_lossy(&output.stdout));
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        eprintln!("{}", self.result("console"));
        output
    }
}

fn executable(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, Permissions::from_mode(0o755)).unwrap();
}

/// What reaches the host through namespaces.
const CAPABILITIES: &str = "--bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog,-sys_boot";
const NAMESPACES: [&str; 7] = ["--mount", "--pid", "--fork", "--ipc", "--uts", "--net", "--cgroup"];

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Everything that stage 1 leaves behind.
fn check_all(sandbox: &Sandbox) {
    assert_eq!(sandbox.result("arguments"), "1 -t 0 /run/sunup/scan\n");
    assert_eq!(sandbox.result("descriptors"), "/dev/null\n/run/sunup/log.fifo\n/run/sunup/log.fifo\n");
    assert_eq!(sandbox.result("scanner-letter"), "F");
    assert_eq!(sandbox.result("engine-letter"), "u");
    let path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    let environment = sandbox.result("environment");
    assert!(environment.contains(&format!("\nSUPERVISE_PATH={path}\n")), "{environment}");
    assert!(environment.contains(&format!("\nPATH=/run/sunup/wrapper:/run/sunup/bin:{path}\n")), "{environment}");
    let mounts = sandbox.result("mountinfo");
    for mount in [
        "/proc rw,nosuid,nodev,noexec",
        "/proc/sys ro,nosuid,nodev,noexec",
        "/sys ro,nosuid,nodev,noexec",
        "/dev rw,nosuid",
        "/dev/pts rw,nosuid,noexec",
        "/dev/shm rw,nosuid,nodev",
        "/run rw,nosuid,nodev",
        "/run/sunup rw,nosuid,nodev,relatime",
    ] {
        assert!(mounts.contains(&format!(" {mount}")), "{mount} is missing in {mounts}");
    }
    assert!(!mounts.contains(" /sys/kernel/"), "{mounts}");
    assert!(sandbox.result("dev").contains(" stdin -> /proc/self/fd/0\n"));
    check_log(sandbox);
}

/// One line at the start, one at the end; the same in boot.log, in the log FIFO and on the console; a step a line in the
/// timeline.
fn check_log(sandbox: &Sandbox) {
    let log = sandbox.result("run/boot.log");
    let texts: Vec<&str> = log.lines().map(|line| line.get(12..).unwrap()).collect();
    assert_eq!(texts[0], concat!("sunup ", env!("CARGO_PKG_VERSION"), ": stage 1 begins"));
    assert!(texts[1].starts_with("[ ok ] stage1: the scanner may start ("), "{log}");
    assert_eq!(texts.len(), 2, "{log}");
    assert_eq!(sandbox.result("log").trim_end(), format!("{}\nwritten", log.trim_end().replace("\n ", "\n")).trim());
    assert!(sandbox.result("console").contains("stage 1 begins\r\n[ ok ] stage1: the scanner may start"));
    let timeline = sandbox.result("run/timeline.jsonl");
    let id = sandbox.result("run/boot-id");
    assert_eq!(timeline.lines().count(), 18, "{timeline}");
    let end = format!(r#","boot":"{}","unit":"stage1","event":"step","step":"proc","error":null}}"#, id.trim_end());
    assert!(timeline.lines().next().unwrap().ends_with(&end), "{timeline}");
}

/// As root.
#[test]
fn boots_as_root() {
    if !is_root() {
        eprintln!("skipped: needs root");
        return;
    }
    let sandbox = Sandbox::new();
    assert!(sandbox.boot(&NAMESPACES, &["quiet"]).status.success());
    check_all(&sandbox);
    assert_eq!(sandbox.result("run/requests/boot"), "{\"v\":1,\"verb\":\"boot\",\"units\":[\"default\"]}\n");
    assert!(sandbox.result("mountinfo").contains("gid=5"));
}

/// Without any privilege: devices are those that the sandbox has been given, and everything else is as ever.
#[test]
fn boots_as_an_ordinary_user() {
    let sandbox = Sandbox::new();
    let user = ["--user", "--map-root-user"];
    let unshare: Vec<&str> = user.into_iter().chain(NAMESPACES).collect();
    assert!(sandbox.boot(&unshare, &["single"]).status.success());
    check_all(&sandbox);
    assert_eq!(sandbox.result("run/requests/boot"), "{\"v\":1,\"verb\":\"boot\",\"units\":[\"rescue\"]}\n");
}

/// What is missing is said, on the console and in boot.log, and the boot goes on.
#[test]
fn goes_on_after_failures() {
    let sandbox = Sandbox::new();
    fs::remove_file(sandbox.path("lib/bin/svc")).unwrap();
    fs::remove_dir_all(sandbox.path("etc/stage1/catch-all")).unwrap();
    let unshare: Vec<&str> = ["--user", "--map-root-user"].into_iter().chain(NAMESPACES).collect();
    assert!(sandbox.boot(&unshare, &[]).status.success());
    let line = "[fail] stage1: unable to copy /sunup/lib/bin/svc to /run/sunup/bin/svc: No such file or directory\n";
    assert!(sandbox.result("run/boot.log").contains(line));
    assert!(sandbox.result("console").contains(line.trim_end()));
    assert_eq!(sandbox.result("engine-letter"), "u");
}

/// Outside of process 1 nothing of this happens.
#[test]
fn telinit_has_usage() {
    let output = Command::new(env!("CARGO_BIN_EXE_init")).arg("single").output().unwrap();
    assert_eq!(output.status.code(), Some(100));
    assert_eq!(String::from_utf8_lossy(&output.stderr), "telinit: usage: telinit [-t seconds] 0|6|q\n");
}
