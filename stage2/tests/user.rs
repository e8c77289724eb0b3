//! A person's own services, by somebody who may nothing: begun, operated and ended with `sunup --user`.

mod system;

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use supervisor::paths::requests::STOP;
use supervisor::paths::scan::LOCK;
use supervisor::paths::service;
use system::{System, programs, until, without_times};
use tempfile::TempDir;

const WEB: &str =
    "description: a web\nkind: longrun\nneeds: [setup]\nrun: |\n  echo hello from $HOME\n  exec sleep 1000\n";
const SETUP: &str = "kind: oneshot\nstart: 'echo up >>HOME/setup'\nstop: 'echo down >>HOME/setup'\n";

/// A home directory, of a user whom nothing else belongs to where we are root, else of ours.
struct Person {
    home: TempDir,
    id: Option<u32>,
}

impl Person {
    fn new() -> Self {
        programs();
        let home = TempDir::with_prefix("sunup-user-").unwrap();
        let id = nix::unistd::geteuid().is_root().then(|| 65_100 + std::process::id() % 300);
        let person = Self { home, id };
        for (name, text) in [("web", WEB), ("setup", SETUP)] {
            let path = person.path(&format!(".config/sunup/units/{name}.yaml"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text.replace("HOME/", &format!("{}/", person.home.path().display()))).unwrap();
        }
        own(person.home.path(), id);
        person
    }

    fn path(&self, below: &str) -> std::path::PathBuf {
        self.home.path().join(below)
    }

    fn sunup(&self, words: &[&str]) -> Command {
        let sunup = env!("CARGO_BIN_EXE_sunup");
        let mut command = Command::new(if self.id.is_some() { "setpriv" } else { sunup });
        if let Some(id) = self.id.map(|id| id.to_string()) {
            command.args(["--reuid", &id, "--regid", &id, "--clear-groups", "--no-new-privs", sunup]);
        }
        command.arg("--user").args(words).env_clear().env("HOME", self.home.path()).env("PATH", "/usr/bin:/bin");
        command.env("XDG_RUNTIME_DIR", self.home.path()).stdin(Stdio::null());
        command
    }

    /// Exit code and what was written, errors last.
    fn operate(&self, words: &[&str]) -> (Option<i32>, Vec<String>) {
        let output = self.sunup(words).output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code(), without_times(&text.replace(self.home.path().to_str().unwrap(), "HOME")))
    }

    fn read(&self, below: &str) -> String {
        fs::read_to_string(self.path(below)).unwrap_or_default()
    }

    /// Its process, 0 when it is down.
    fn pid(&self, service: &str) -> u32 {
        let status = fs::read(self.path(&format!("sunup/service/{service}/supervise/status"))).unwrap_or_default();
        supervisor::status::Status::unpack(&status).map_or(0, |status| status.pid)
    }
}

/// Gives somebody what is there.
fn own(path: &Path, id: Option<u32>) {
    chown(path, id, id).unwrap();
    if path.is_dir() {
        fs::read_dir(path).unwrap().for_each(|entry| own(&entry.unwrap().path(), id));
    }
}

impl Drop for Person {
    fn drop(&mut self) {
        let _ = self.sunup(&["poweroff"]).output();
    }
}

/// In the background: the boot is shown, verbs work, the output is kept, the end is in reverse order and complete, and
/// the next boot begins afresh.
#[test]
fn in_the_background() {
    let person = Person::new();
    let gone = (Some(1), vec!["sunup: fatal: no services of yours run in HOME/sunup".to_owned()]);
    assert_eq!(person.operate(&["poweroff"]), gone);
    let advice = "your services do not run (sunup --user boot --detach begins them)";
    let absent = |what| (Some(111), vec![format!("sunup: fatal: {what}: {advice}")]);
    assert_eq!(person.operate(&["start", "web"]), absent("unable to reach the engine: HOME/sunup is not there"));
    assert_eq!(person.operate(&["status"]), absent("unable to read states: HOME/sunup is not there"));
    assert_eq!(person.operate(&["boot", "--detach"]), (Some(0), Vec::new()), "nothing is enabled");
    let runs = "sunup: fatal: unable to boot: the tree in HOME/sunup runs already";
    assert_eq!(person.operate(&["boot"]), (Some(1), vec![runs.to_owned()]));
    let (code, said) = person.operate(&["enable", "web"]);
    assert_eq!(code, Some(0), "{said:?}");
    let up = ["[ ok ] setup: setup (N ms)", "[ ok ] web: a web (N ms)"].map(str::to_owned).to_vec();
    assert_eq!(person.operate(&["start", "web"]), (Some(0), up.clone()));
    until("what web says", || person.read(".local/state/sunup/log/web/current").contains("hello from /"));
    let down = ["[ ok ] web: stopped (N ms)", "[ ok ] setup: stopped (N ms)"].map(str::to_owned).to_vec();
    assert_eq!(person.operate(&["poweroff"]), (Some(0), down.clone()));
    assert_eq!(["web", "engine", "catch-all"].map(|service| person.pid(service)), [0; 3]);
    let nobody = "unable to reach the engine in HOME/sunup: No such device or address";
    assert_eq!(person.operate(&["start", "web"]), absent(nobody));
    assert_eq!(person.operate(&["boot", "--detach"]), (Some(0), up));
    assert_eq!(person.operate(&["status", "web"]).0, Some(0));
    let blamed: Vec<String> =
        person.operate(&["blame"]).1.iter().map(|line| line.split("  ").last().unwrap().to_owned()).collect();
    assert!(
        !blamed.is_empty() && blamed.iter().all(|unit| unit.ends_with("setup") || unit.ends_with("web")),
        "no stage 1: {blamed:?}"
    );
    assert_eq!(person.operate(&["stop-all"]), (Some(0), down));
    assert_eq!(person.read("setup"), "up\ndown\nup\ndown\n");
    assert!(person.read("sunup/log/current").contains("[ ok ] web: a web ("), "the catch-all has the console");
}

/// Without an engine that can be asked, the tree ends all the same, and nothing is left that a later engine would do.
#[test]
fn ends_without_an_engine() {
    let person = Person::new();
    assert_eq!(person.operate(&["boot", "--detach"]), (Some(0), Vec::new()));
    assert_eq!(person.operate(&["start", "web"]).0, Some(0));
    let control = person.path("sunup/service/engine").join(service::CONTROL);
    fs::set_permissions(control, Permissions::from_mode(0o0)).unwrap();
    let warning = "unable to reach the engine in HOME/sunup: Permission denied (going on without order)";
    assert_eq!(person.operate(&["poweroff"]), (Some(1), vec![format!("sunup: warning: {warning}")]));
    assert_eq!(["web", "engine", "catch-all"].map(|service| person.pid(service)), [0; 3]);
    assert!(!person.path("sunup/requests").join(STOP).exists());
}

/// In the foreground it is svscan; TERM to that is the end in reverse order.
#[test]
fn in_the_foreground() {
    let person = Person::new();
    assert_eq!(person.operate(&["plan", "web"]).0, Some(0));
    let bundle = person.path(".config/sunup/bundles/default");
    fs::create_dir_all(&bundle).unwrap();
    symlink("../../units/web.yaml", bundle.join("web.yaml")).unwrap();
    own(&person.path(".config"), person.id);
    let said = person.path("said");
    fs::write(&said, "").unwrap();
    fs::set_permissions(&said, Permissions::from_mode(0o666)).unwrap();
    let open = || fs::File::options().append(true).open(&said).unwrap();
    let mut child = person.sunup(&["boot"]).stdout(open()).stderr(open()).spawn().unwrap();
    until("the boot", || person.path("sunup/requests/boot.done").exists());
    assert!(person.path("sunup").join("scan").join(LOCK).exists());
    kill(Pid::from_raw(child.id().cast_signed()), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    let lines = without_times(&person.read("said"));
    let expected = [
        "[ ok ] setup: setup (N ms)",
        "[ ok ] web: a web (N ms)",
        "[ ok ] web: stopped (N ms)",
        "[ ok ] setup: stopped (N ms)",
    ];
    assert_eq!(lines, expected);
    assert_eq!(person.read("setup"), "up\ndown\n");
}

/// The system begins somebody's services with the unit that is shipped for it, and stops them in order.
#[test]
fn as_a_unit_of_the_system() {
    if !nix::unistd::geteuid().is_root() {
        return eprintln!("skipped: only root can become somebody else");
    }
    let shipped = include_str!("../../units/system/user@.yaml");
    let sunup = format!("run: [{},", env!("CARGO_BIN_EXE_sunup"));
    assert!(shipped.contains("user: ${INSTANCE}") && shipped.contains("run: [sunup,"), "{shipped}");
    let unit = shipped.replace("run: [sunup,", &sunup)
        + "env: {HOME: ROOT/home, SUNUP_ETC: ROOT/home, SUNUP_RUN: ROOT/home/run, SUNUP_LOG: ROOT/home/log, SUNUP_VAR: ROOT/home}\n";
    let system = System::new(&[("local", "kind: milestone\n"), ("user@", &unit)]);
    fs::remove_file(system.path("bundles/default/user@")).unwrap();
    let home = system.path("home");
    for directory in ["units", "bundles/default"] {
        fs::create_dir_all(home.join(directory)).unwrap();
    }
    fs::write(home.join("units/setup.yaml"), SETUP.replace("HOME", home.to_str().unwrap())).unwrap();
    symlink("../../units/setup.yaml", home.join("bundles/default/setup")).unwrap();
    let nobody = nix::unistd::User::from_name("nobody").unwrap().unwrap();
    own(&home, Some(nobody.uid.as_raw()));
    let output = system.stage2("user@nobody");
    assert_eq!(output.status.code(), Some(0), "{output:?}");
    until("the boot", || system.path("home/run/requests/boot.done").exists());
    system.supervise_engine();
    let answer = system.request("1", "stop", &["user@nobody"]);
    assert_eq!(answer["units"]["user@nobody"], "down", "{answer}");
    assert_eq!(system.read("home/setup"), "up\ndown\n");
}

/// The system's own verbs are not the tree's: without `--user` there is neither.
#[test]
fn only_with_the_option() {
    let system = System::new(&[]);
    let (code, text) = system.operate(&["boot"]);
    let message = "only your own services begin this way: sunup --user boot (init boots the machine)";
    assert_eq!((code, text), (Some(100), format!("sunup: fatal: {message}\n")));
    assert_eq!(system.operate(&["poweroff"]).0, Some(100));
}

/// What only the machine has is refused with the option, and what there is instead is named.
#[test]
fn only_without_the_option() {
    let person = Person::new();
    let rehearse =
        "only the machine's boot is rehearsed: sunup rehearse (what yours would do: sunup --user plan default)";
    for (words, message) in [
        (&["rehearse"][..], rehearse),
        (&["inhibit", "--", "true"], "only the machine's stop is inhibited: sunup inhibit"),
        (&["step", "hostname"], "steps are the machine's only: sunup step"),
    ] {
        assert_eq!(person.operate(words), (Some(100), vec![format!("sunup: fatal: {message}")]));
    }
}
