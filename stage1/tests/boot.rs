//! Boots `init` as process 1 of a sandbox with a scanner that only looks around, as root and as an ordinary user.
//!
//! As root the capabilities that reach the host through namespaces are dropped first.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// The scanner of these tests: it notes what it was given, then looks after the FIFO as a logger would.
const SCANNER: &str = r#"#!/bin/sh
cd /results
echo "$$ $*" >arguments
env >environment
readlink /proc/self/fd/0 >input
ls /proc/self/fd >descriptors
ulimit -Sn >limit
cp /proc/self/mountinfo mountinfo
cat /proc/self/status >status
cp -a /run/sunup .
ls -l /dev >dev
echo written >&2
cat <>/run/sunup/log.fifo >log &
while ! grep -q written log; do :; done
kill $!
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
        command.args(["60", "setpriv", "--bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog,-sys_boot", "unshare"]);
        command.args(unshare).arg("sh").arg(script).arg(self.directory.path()).arg(env!("CARGO_BIN_EXE_init"));
        let output = command.args(words).env_clear().env("LANG", "C").output().unwrap();
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

const ROOT: [&str; 7] = ["--mount", "--pid", "--fork", "--ipc", "--uts", "--net", "--cgroup"];

/// The whole of it.
#[test]
fn boots() {
    let sandbox = Sandbox::new();
    let output = sandbox.boot(&ROOT, &["quiet", "single"]);
    assert!(output.status.success());
    assert_eq!(sandbox.result("arguments"), "1 -t 0 /run/sunup/scan\n");
}
