//! What units become, and how it gets into place.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use units::{Command, Kind, Longrun, Program, Unit, UnitSet};

use super::compile::{Settings, compile};
use super::directory::{Logger, MANAGED, ServiceDirectory};
use super::linked;

const SSHD: &str = "description: OpenSSH server\nkind: longrun\nneeds: [sshd-keys]\nwants: [network]\n\
    if: {path: /usr/sbin/sshd}\nrun: [/usr/sbin/sshd, -D, -e]\nready: {tcp: \"127.0.0.1:22\"}\nkill-mode: main\n";

/// The files of a unit `sshd`.
fn compiled(text: &str, settings: &Settings) -> Vec<(String, String)> {
    directory(text, settings).files().map(|(name, content)| (name.to_owned(), content)).collect()
}

fn directory(text: &str, settings: &Settings) -> ServiceDirectory {
    let (unit, longrun) = longrun(text);
    compile(&unit, &longrun, settings, ServiceDirectory::EMPTY)
}

fn longrun(text: &str) -> (Arc<Unit>, Longrun) {
    let set = UnitSet::from_texts(&[("/usr/lib/sunup/units/sshd.yaml", text)]);
    let unit = set.get("sshd").unwrap_or_else(|| panic!("{:?}", set.diagnostics()));
    let Kind::Longrun(longrun) = &unit.kind else { panic!("{:?}", unit.kind) };
    (unit.clone(), longrun.clone())
}

fn settings() -> Settings {
    Settings {
        cgroup: Some("/sys/fs/cgroup/sunup/sshd".into()),
        logger: Some(Logger { program: "../../../bin/svlog".into(), directory: "/var/log/sunup".into() }),
        confine: "/lib/confine".into(),
        wakes: None,
    }
}

fn check(actual: &[(String, String)], expected: &[(&str, &str)]) {
    let actual: Vec<_> = actual.iter().map(|(name, content)| (name.as_str(), content.as_str())).collect();
    assert_eq!(actual, expected);
}

/// The unit of DESIGN §5 becomes exactly these files.
#[test]
fn golden_sshd() {
    check(
        &compiled(SSHD, &settings()),
        &[
            ("run", "#!/bin/sh -e\nexec 2>&1\nexec '/usr/sbin/sshd' '-D' '-e'\n"),
            ("timeout-kill", "10000\n"),
            ("kill-mode", "main\n"),
            ("cgroup", "/sys/fs/cgroup/sunup/sshd\n"),
            ("data/unit", "/usr/lib/sunup/units/sshd.yaml:1\n"),
            ("log/run", "#!/bin/sh -e\nexec 2>&1\nexec ../../../bin/svlog -d 3 t s1048576 n10 /var/log/sunup/sshd\n"),
            ("log/notification-fd", "3\n"),
        ],
    );
}

/// A script is the text itself; one with an interpreter of its own is a file that is executed.
#[test]
fn scripts() {
    let files = compiled("kind: longrun\nrun: |\n  date\n  sleep 5\nready: {fd: 4}\n", &Settings::default());
    assert_eq!(files[0].1, "#!/bin/sh -e\nexec 2>&1\ndate\nsleep 5\n");
    assert!(files.contains(&("notification-fd".into(), "4\n".into())));
    let files = compiled("kind: longrun\nrun: |\n  #!/usr/bin/perl\n  sleep 5;\n", &Settings::default());
    assert_eq!(files[0].1, "#!/bin/sh -e\nexec 2>&1\nexec ./data/script\n");
    assert_eq!(files[1], ("data/script".into(), "#!/usr/bin/perl\nsleep 5;\n".into()));
}

/// With a context the script is a file, executed by whoever it is to be; in another directory by its whole path.
#[test]
fn confined_scripts() {
    let run = |keys: &str| compiled(&format!("kind: longrun\n{keys}"), &settings())[0].1.clone();
    let head = "#!/bin/sh -e\nexec 2>&1\nexec /lib/confine \\\n";
    assert_eq!(run("run: [a, b c]\nuser: www\n"), format!("{head}  --user www \\\n  -- 'a' 'b c'\n"));
    assert_eq!(run("run: |\n  date\nuser: www\n"), format!("{head}  --user www \\\n  -- /bin/sh -e ./data/script\n"));
    let expected = format!("{head}  --directory /srv \\\n  -- /bin/sh -e \"$PWD\"/data/script\n");
    assert_eq!(run("run: |\n  date\ndirectory: /srv\n"), expected);
    assert_eq!(run("run: |\n  #!/usr/bin/perl\ndirectory: /srv\n"), expected.replace("/bin/sh -e ", ""));
}

/// Every key that supervise acts on, in the words of its file.
#[test]
fn every_key() {
    let base = "kind: longrun\nrun: [x]\n";
    for (keys, name, content) in [
        ("restart: never", "restart", "never\n"),
        ("restart: on-failure", "restart", "on-failure\n"),
        ("max-deaths: 5 in 1m", "max-deaths", "5 60000\n"),
        ("stop-signal: SIGQUIT", "down-signal", "QUIT\n"),
        ("stop-signal: 40", "down-signal", "40\n"),
        ("stop-timeout: 1m", "timeout-kill", "60000\n"),
        ("kill-mode: main", "kill-mode", "main\n"),
        ("forks: true", "subreaper", ""),
        ("forks: true\npidfile: /run/x.pid", "pidfile", "/run/x.pid\n"),
        ("ready: notify", "notify", "main\n"),
        ("ready: notify\nforks: true", "notify", "all\n"),
        ("ready: notify\nwatchdog: 30s", "watchdog", "30000\n"),
        ("ready: {fd: 7}", "notification-fd", "7\n"),
        ("sockets: ['tcp://[::]:80 web', 'unix:///run/x']", "sockets", "tcp://[::]:80 web\nunix:///run/x\n"),
        (
            "reload: [nginx, -s, reload]",
            "control/l",
            "#!/bin/sh -e\nexec 2>&1\n'nginx' '-s' 'reload' || echo \"reload: exit $?\"\n",
        ),
        ("reload: |\n  date", "data/reload", "date\n"),
    ] {
        let files = compiled(&format!("{base}{keys}\n"), &settings());
        let file = files.iter().find(|(known, _)| known == name);
        let forgotten: Vec<_> = files.iter().filter(|(name, _)| !MANAGED.contains(&name.as_str())).collect();
        assert!(forgotten.is_empty(), "would never be removed: {forgotten:?}");
        assert_eq!(file.map(|(_, content)| content.as_str()), Some(content), "{keys}");
    }
    let script = compiled("kind: longrun\nready: notify\nrun: |\n  date\n", &Settings::default());
    assert!(script.contains(&("notify".into(), "all\n".into())));
    let names: Vec<String> = compiled(base, &Settings::default()).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["run", "timeout-kill", "kill-mode", "data/unit"]);
}

/// Installing twice changes no inode; installing something else replaces the files, never the directories.
#[test]
fn install_keeps_inodes() {
    use std::os::unix::fs::MetadataExt;
    let root = tempfile::tempdir().unwrap();
    let directory = root.path().join("sshd");
    let inode = |name: &str| fs::metadata(directory.join(name)).map(|metadata| metadata.ino()).ok();
    let (unit, longrun) = longrun(SSHD);
    let first = compile(&unit, &longrun, &settings(), ServiceDirectory::EMPTY);
    first.install(&directory).unwrap();
    let before = [".", "supervise", "log", "log/supervise", "run"].map(inode);
    fs::write(directory.join("of-the-service"), "").unwrap();
    first.install(&directory).unwrap();
    assert_eq!([".", "supervise", "log", "log/supervise", "run"].map(inode), before);
    let changed = Longrun { program: Program::Command(Command::Argv(vec!["/bin/true".into()])), ..longrun };
    compile(&unit, &changed, &Settings::default(), ServiceDirectory::EMPTY).install(&directory).unwrap();
    assert_eq!([".", "supervise"].map(inode), before[..2]);
    assert_ne!(inode("run"), before[4]);
    assert_eq!([inode("log"), inode("cgroup")], [None, None]);
    assert!(directory.join("of-the-service").exists());
}

/// What is in a tree, links with their targets.
fn tree(directory: &Path, names: &[&str]) -> Vec<String> {
    let kind = |name: &&str| {
        let path = directory.join(name);
        match (fs::read_link(&path), fs::read_to_string(&path)) {
            (Ok(target), _) => format!("{name} → {}", target.display()),
            (Err(_), Ok(text)) => format!("{name}: {}", text.trim_end()),
            (Err(_), Err(_)) if path.is_dir() => format!("{name}/"),
            (Err(_), Err(_)) => format!("{name} is absent"),
        }
    };
    names.iter().map(kind).collect()
}

/// A service directory of somebody's own is linked in, file by file; what it does not say itself is said for it.
#[test]
fn servicedir() {
    let root = tempfile::tempdir().unwrap();
    let (own, directory) = (root.path().join("own"), root.path().join("sshd"));
    for (name, text) in [
        ("run", "#!/bin/sh\n"),
        ("down", ""),
        ("timeout-kill", "7"),
        ("log/run", "#!/bin/sh\n"),
        ("log/supervise/lock", ""),
        ("supervise/lock", ""),
        ("event/x", ""),
        ("data/table", ""),
        ("env/A", "1"),
    ] {
        fs::create_dir_all(own.join(name).parent().unwrap()).unwrap();
        fs::write(own.join(name), text).unwrap();
    }
    let (unit, longrun) = longrun(&format!("kind: longrun\nservicedir: {}\nready: {{fd: 4}}\n", own.display()));
    compile(&unit, &longrun, &Settings::default(), linked(&own).unwrap()).install(&directory).unwrap();
    let here = own.display();
    let names = [
        "run",
        "down",
        "timeout-kill",
        "kill-mode",
        "notification-fd",
        "data",
        "data/table",
        "data/unit",
        "env",
        "supervise",
        "supervise/lock",
        "event",
        "log",
        "log/run",
        "log/supervise",
        "log/supervise/lock",
    ];
    let expected = [
        format!("run → {here}/run"),
        "down is absent".into(),
        format!("timeout-kill → {here}/timeout-kill"),
        "kill-mode: cgroup".into(),
        "notification-fd: 4".into(),
        "data/".into(),
        format!("data/table → {here}/data/table"),
        "data/unit: /usr/lib/sunup/units/sshd.yaml:1".into(),
        format!("env → {here}/env"),
        "supervise/".into(),
        "supervise/lock is absent".into(),
        "event is absent".into(),
        "log/".into(),
        format!("log/run → {here}/log/run"),
        "log/supervise/".into(),
        "log/supervise/lock is absent".into(),
    ];
    assert_eq!(tree(&directory, &names), expected);
    // What it has lost goes, what replaces it takes its place.
    fs::remove_file(own.join("data/table")).unwrap();
    compile(&unit, &longrun, &Settings::default(), linked(&own).unwrap()).install(&directory).unwrap();
    assert_eq!(tree(&directory, &["data/table"]), ["data/table is absent"]);
    self::directory("kind: longrun\nrun: [x]\n", &Settings::default()).install(&directory).unwrap();
    let left = tree(&directory, &["env", "log", "notification-fd", "supervise"]);
    assert_eq!(left, ["env is absent", "log is absent", "notification-fd is absent", "supervise/"]);
    assert!(fs::symlink_metadata(directory.join("run")).unwrap().is_file());
    assert_eq!(fs::read_to_string(own.join("run")).unwrap(), "#!/bin/sh\n");
    assert_eq!(linked(Path::new("/no/such")).unwrap_err().kind(), std::io::ErrorKind::NotFound);
}
