//! A container of Debian's `crun`: `init -- COMMAND` as process 1 in a user namespace, with a root that cannot be written,
//! without the right to mount. It lives as long as the command does, and ends as that has ended.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{cache, command, require, root};

/// How long a container may take to say something: ten times what a quiet host needs.
const PATIENCE: Duration = Duration::from_secs(60);
/// What container engines give by default.
const CAPABILITIES: [&str; 11] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];
/// crun refuses a host with both versions of control groups; in a mount namespace of its own it sees one.
const CRUN: &str = "test ! -d /sys/fs/cgroup/unified || mount --bind /sys/fs/cgroup/unified /sys/fs/cgroup
    exec crun --cgroup-manager=disabled \"$@\"";

/// A container that runs. Killed and removed when dropped.
struct Container {
    child: Child,
    lines: Receiver<String>,
    directory: TempDir,
}

impl Container {
    /// Runs a shell script as the main service; `units` are the administrator's, and all there are in `default`.
    fn run(script: &str, units: &[(&str, &str)]) -> Self {
        let directory = TempDir::with_prefix_in("container-", cache::directory()).expect("a temporary directory");
        bundle(directory.path(), script, units);
        let mut command = crun(directory.path(), &["run", "--bundle"]);
        command.arg(directory.path()).arg(name(directory.path()));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("crun runs");
        let output = BufReader::new(child.stdout.take().expect("a pipe"));
        let (sender, lines) = channel();
        std::thread::spawn(move || output.lines().map_while(Result::ok).try_for_each(|line| sender.send(line)));
        Self { child, lines, directory }
    }

    /// The next line of its standard output.
    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).unwrap_or_else(|_| panic!("the container says nothing"))
    }

    /// Sends process 1 a signal.
    fn kill(&self, signal: &str) {
        let path = self.directory.path();
        assert!(crun(path, &["kill", &name(path), signal]).status().expect("crun runs").success());
    }

    /// How it ended, and what it wrote to standard error.
    fn end(&mut self) -> (ExitStatus, String) {
        assert!(self.lines.recv_timeout(PATIENCE).is_err(), "the container says too much");
        let errors = BufReader::new(self.child.stderr.take().expect("a pipe"));
        let text = errors.lines().map_while(Result::ok).collect::<Vec<_>>().join("\n");
        (self.child.wait().expect("crun's end"), text)
    }
}

impl Drop for Container {
    fn drop(&mut self) {
        let path = self.directory.path();
        crun(path, &["delete", "--force", &name(path)]).stderr(Stdio::null()).status().ok();
        self.child.wait().ok();
    }
}

/// crun, with its state beside the bundle.
fn crun(directory: &Path, words: &[&str]) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--mount", "--propagation", "private", "sh", "-c", CRUN, "crun"]);
    command.arg("--root").arg(directory.join("state")).args(words);
    command
}

fn name(directory: &Path) -> String {
    directory.file_name().expect("a name").to_string_lossy().into_owned()
}

/// Writes config.json and what it mounts.
fn bundle(directory: &Path, script: &str, units: &[(&str, &str)]) {
    let mode = |path: &Path, mode| fs::set_permissions(path, Permissions::from_mode(mode)).expect("a mode");
    mode(directory, 0o755);
    let (etc, results) = (directory.join("etc"), directory.join("results"));
    command::run(command::words(&["cp", "-a"]).arg(root::installed().join("etc/sunup")).arg(&etc));
    fs::write(etc.join("sunup.yaml"), "deadlines: {shutdown: 300s}\n").expect("settings");
    let default = etc.join("bundles/default");
    fs::remove_dir_all(&default).expect("what Debian enables");
    [&default, &results].into_iter().for_each(|path| fs::create_dir(path).expect("a directory"));
    mode(&results, 0o777);
    for (unit, text) in units {
        fs::write(etc.join("units").join(format!("{unit}.yaml")), text).expect("a unit");
        symlink(format!("/etc/sunup/units/{unit}.yaml"), default.join(unit)).expect("a link");
    }
    let text = config(directory, script).to_string();
    fs::write(directory.join("config.json"), text).expect("config.json");
}

fn config(directory: &Path, script: &str) -> Value {
    let tmpfs = |path: &str| json!({"destination": path, "type": "tmpfs", "source": "tmpfs", "options": ["mode=755"]});
    let bound =
        |path: &str, source: &Path| json!({"destination": path, "type": "bind", "source": source, "options": ["bind"]});
    let ids = json!([{"containerID": 0, "hostID": 100_000, "size": 65_536}]);
    let spaces = ["pid", "network", "ipc", "uts", "mount", "user"].map(|kind| json!({"type": kind}));
    json!({
        "ociVersion": "1.0.0",
        "process": {
            "terminal": false,
            "user": {"uid": 0, "gid": 0},
            "args": ["/sbin/init", "--", "/bin/sh", "-c", script],
            "env": ["PATH=/usr/sbin:/usr/bin:/sbin:/bin", "container=oci"],
            "cwd": "/tmp",
            "capabilities": {"bounding": CAPABILITIES, "effective": CAPABILITIES, "permitted": CAPABILITIES},
            "noNewPrivileges": true,
        },
        "root": {"path": root::installed(), "readonly": true},
        "hostname": "box",
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
            tmpfs("/dev"),
            tmpfs("/run"),
            bound("/etc/fstab", Path::new("/dev/null")),
            bound("/etc/sunup", &directory.join("etc")),
            bound("/mnt", &directory.join("results")),
        ],
        "linux": {
            "namespaces": spaces, "uidMappings": ids, "gidMappings": ids,
            "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"],
        },
    })
}

fn can_run() -> bool {
    crate::support::can_boot_namespaces() && require::tools(&["crun"])
}

/// The command has the container's own descriptors and directory, and process 1 its exit code.
#[test]
fn container_ends_as_its_command() {
    if !can_run() {
        return;
    }
    let mut container = Container::run("read word; echo \"$word $PWD\"; echo to err >&2; exit 7", &[]);
    container.child.stdin.take().expect("a pipe").write_all(b"heard\n").expect("a word");
    assert_eq!(container.line(), "heard /tmp");
    let (status, errors) = container.end();
    assert_eq!(status.code(), Some(7), "{errors}");
    let texts: Vec<&str> = errors.lines().map(str::trim_end).collect();
    assert_eq!(texts[0], concat!("sunup ", env!("CARGO_PKG_VERSION"), ": stage 1 begins"));
    assert!(texts[1].starts_with("[ ok ] stage1: the scanner may start ("), "{errors}");
    assert_eq!(texts[2..], ["to err"], "no step fails for what a container may not do");
}

/// 10,000 processes lose their parent at once; none is left as a zombie. A command that a signal ends is told as by a
/// shell.
#[test]
fn container_reaps_orphans() {
    if !can_run() {
        return;
    }
    let mut container = Container::run(
        "perl -e 'exit if fork; for (1..10000) { fork or exit } print \"forked\\n\"; exit 1' | { read line; echo $line; }
         tries=0
         while grep -sq '^State:.Z' /proc/[0-9]*/status && [ $tries -lt 300 ]; do tries=$((tries + 1)); sleep 0.1; done
         grep -s '^State:.Z' /proc/[0-9]*/status | wc -l
         kill -KILL $$",
        &[],
    );
    assert_eq!([container.line(), container.line()], ["forked", "0"]);
    assert_eq!(container.end().0.code(), Some(128 + 9));
}

/// TERM stops the main service before what it needs, and passes its exit code on; a service that does not care costs no
/// more than the grace.
#[test]
fn container_stops_within_its_grace() {
    if !can_run() {
        return;
    }
    let loops = "while :; do sleep 1000 & wait $! || :; done";
    let helper = format!(
        "kind: longrun\nneeds: [local]\nlog: none\nrun: |\n  trap 'echo helper >>/mnt/order; exit 0' TERM\n  {loops}\n"
    );
    let stubborn = format!("kind: longrun\nlog: none\nstop-timeout: 300s\nrun: |\n  trap '' TERM\n  {loops}\n");
    let main = "kind: longrun\nneeds: [helper, stubborn]\nlog: none\nservicedir: /run/sunup/main\n";
    let units = [("helper", helper.as_str()), ("stubborn", stubborn.as_str()), ("main", main)];
    let script = format!("trap 'echo main >>/mnt/order; exit 3' TERM; echo ready; {loops}");
    let mut container = Container::run(&script, &units);
    assert_eq!(container.line(), "ready");
    let start = Instant::now();
    container.kill("TERM");
    let (status, errors) = container.end();
    assert_eq!(status.code(), Some(3), "{errors}");
    // Without the grace it would be the 300 s that its own deadline and that of all units together are.
    assert!(start.elapsed() < Duration::from_secs(200), "{:?}", start.elapsed());
    assert_eq!(
        fs::read_to_string(container.directory.path().join("results/order")).expect("an order"),
        "main\nhelper\n"
    );
}
