//! The native steps on a running system, which is a sandbox: this test program runs again inside namespaces of its own.
//!
//! The refusals are tried by a user without any capability, so that a guard that fails does no harm.

#[path = "../../tests/src/executable.rs"]
mod executable;
#[path = "../../tests/src/skip.rs"]
mod skip;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use stage2::steps;
use units::Step;

/// Set inside: the directory of the test.
const INSIDE: &str = "SUNUP_TEST_INSIDE";
/// What reaches the host through namespaces.
const CAPABILITIES: &str = "--bounding-set=-sys_time,-sys_module,-sys_rawio,-syslog,-sys_boot";
/// A pid namespace, and a /proc that shows it.
const PID: [&str; 6] = ["unshare", "--kill-child", "--pid", "--fork", "--mount", "--mount-proc"];
/// What an ordinary user needs besides.
const USER: [&str; 2] = ["--user", "--map-root-user"];
/// Without any capability, as nobody.
const NOBODY: &str =
    r#"exec setpriv --reuid 65534 --regid 65534 --clear-groups --inh-caps=-all --bounding-set=-all "$@""#;

fn inside() -> Option<PathBuf> {
    std::env::var_os(INSIDE).map(PathBuf::from)
}

fn is_root() -> bool {
    nix::unistd::geteuid().is_root()
}

/// Runs one test of this program again, below a script that has `$@` for it; shows what it printed if it failed.
fn again(test: &str, directory: &Path, wrapper: &[&str], script: &str) {
    let program = directory.join("test");
    executable::copy(std::env::current_exe().unwrap(), &program);
    fs::set_permissions(directory, fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = Command::new("timeout");
    command.args(["-k", "5", "60", "setpriv", CAPABILITIES]).args(wrapper).args(["sh", "-ec", script, "sh"]);
    command.arg(&program).args(["--exact", test, "--nocapture"]).env(INSIDE, directory);
    let output = command.output().unwrap();
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success(), "{text}");
    assert!(text.contains("1 passed"), "{text}");
}

/// What a step does where the machine is not ours. A new step has to be sorted before the tests can be built.
#[derive(PartialEq, Eq)]
enum Inside {
    /// It is refused before anything is looked at.
    Refused,
    /// It works on what is the sandbox's own, and on that alone.
    Works,
}

fn inside_of(step: &Step) -> Inside {
    match step {
        Step::Fsck | Step::Swapon | Step::Swapoff => Inside::Refused,
        Step::Sysctl | Step::Modules | Step::Clock | Step::ClockSave => Inside::Refused,
        // Devices, and a host name that is shared, are refused nevertheless: see below.
        Step::Mount | Step::MountNetwork | Step::UnmountNetwork | Step::Remount | Step::Hostname => Inside::Works,
        // A seed is fed but never credited.
        Step::RandomSeed | Step::RandomSeedSave => Inside::Works,
        Step::MachineId | Step::Loopback | Step::Tmpfiles | Step::Utmp => Inside::Works,
    }
}

fn steps_that(what: Inside) -> impl Iterator<Item = &'static Step> {
    Step::ALL.iter().map(|(step, _)| step).filter(move |step| inside_of(step) == what)
}

/// Swap, checks, clock, modules and kernel settings are the host's, and steps say so before they look at anything.
#[test]
fn refusals() {
    if inside().is_some() {
        assert_eq!(std::process::id(), 1);
        for step in steps_that(Inside::Refused) {
            let error = steps::run(step).expect_err(&format!("{step:?}"));
            assert_eq!(error.to_string(), "refused: not in the first pid namespace", "{step:?}");
        }
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    if is_root() {
        again("refusals", directory.path(), &PID, NOBODY);
    } else {
        let user = [&PID[..], &USER].concat();
        again("refusals", directory.path(), &user, r#"exec setpriv --inh-caps=-all --bounding-set=-all "$@""#);
    }
}

/// A host name that is shared with the host is not set.
#[test]
fn shared_host_name() {
    if inside().is_some() {
        let error = steps::run(&Step::Hostname).expect_err("hostname");
        assert_eq!(error.to_string(), "refused: the host name is the host's");
        return;
    }
    if !is_root() {
        skip::skip("needs root");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join("etc")).unwrap();
    fs::write(directory.path().join("etc/hostname"), "not-this-name\n").unwrap();
    let script = format!("mount --bind \"$SUNUP_TEST_INSIDE/etc\" /etc\n{NOBODY}");
    again("shared_host_name", directory.path(), &PID, &script);
}

/// A failure names its line. A loop device is the host's even where fstab does not say `loop`, and so is what shows the
/// host's kernel.
#[test]
fn mounts_that_are_refused() {
    if inside().is_some() {
        let error = steps::run(&Step::Mount).expect_err("mount");
        let refused = "refused: not in the first pid namespace";
        assert_eq!(error.to_string(), format!("/etc/fstab:2: {refused} (and 2 more)"));
        return;
    }
    if !is_root() {
        skip::skip("needs root");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().display();
    fs::create_dir(directory.path().join("etc")).unwrap();
    fs::write(directory.path().join("image"), [0; 4096]).unwrap();
    let fstab = format!(
        "# a comment\n{at}/image {at} ext4 ro 0 0\nnone {at} sysfs ro 0 0\n/dev/none {at} ext4 ro 0 2\n\
         /dev/none {at} ext4 nofail 0 2\n"
    );
    fs::write(directory.path().join("etc/fstab"), fstab).unwrap();
    let script = format!("mount --bind \"$SUNUP_TEST_INSIDE/etc\" /etc\n{NOBODY} 2>\"$SUNUP_TEST_INSIDE/said\"");
    again("mounts_that_are_refused", directory.path(), &PID, &script);
    let said = fs::read_to_string(directory.path().join("said")).unwrap();
    for line in [
        "/etc/fstab:3: refused: not in the first pid namespace\n".to_owned(),
        format!("/etc/fstab:4: unable to mount {at}: /dev/none is not there\n"),
        format!("/etc/fstab:5: unable to mount {at}: /dev/none is not there\n"),
    ] {
        assert!(said.contains(&line), "{said}");
    }
}

/// Every other step does its work in a sandbox, as root and as an ordinary user; a second time there is nothing left to do,
/// and outside nothing has changed.
#[test]
fn works_in_a_sandbox() {
    if let Some(directory) = inside() {
        for _ in 0..2 {
            for step in steps_that(Inside::Works).filter(|step| **step != Step::UnmountNetwork) {
                steps::run(step).unwrap_or_else(|error| panic!("{step:?}: {error}"));
            }
            check_mounts(&directory);
            check_files(&directory);
            assert_eq!(nix::unistd::gethostname().unwrap(), "sandbox");
            check_loopback();
        }
        steps::run(&Step::UnmountNetwork).unwrap();
        assert!(!fs::read_to_string("/proc/self/mountinfo").unwrap().contains("/far "));
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    prepare(directory.path());
    let script = r#"
        for place in /var /run /usr/lib/tmpfiles.d; do test ! -d $place || mount -t tmpfs none $place; done
        mkdir -p /var/log /var/lib; >/var/log/wtmp
        mount --bind "$SUNUP_TEST_INSIDE/etc" /etc; exec "$@""#;
    let namespaces = [&PID[..], &["--uts", "--net", "--ipc"]].concat();
    let user = [&namespaces[..], &USER].concat();
    let before = outside();
    again("works_in_a_sandbox", directory.path(), &user, script);
    if is_root() {
        fs::remove_file(directory.path().join("etc/machine-id")).unwrap();
        again("works_in_a_sandbox", directory.path(), &namespaces, script);
    }
    assert_eq!(outside(), before);
    assert!(!fs::read_to_string("/proc/self/mountinfo").unwrap().contains(directory.path().to_str().unwrap()));
}

/// 127.0.0.1/8, and ::1 where the kernel has version 6.
fn check_loopback() {
    let has_six = Path::new("/proc/net/if_inet6").exists();
    for address in ["127.0.0.1:0", "127.1.2.3:0", "[::1]:0"].iter().filter(|a| has_six || a.starts_with("127")) {
        let listener = std::net::TcpListener::bind(address).unwrap();
        std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    }
}

/// What a step says where the namespace that it would change is that of the system around it.
fn where_shared(step: &Step) -> Option<&'static str> {
    match step {
        Step::Mount | Step::MountNetwork | Step::UnmountNetwork | Step::Remount => Some("the mounts are the host's"),
        Step::Hostname => Some("the host name is the host's"),
        Step::Loopback => Some("the network is the host's"),
        Step::Fsck | Step::Swapon | Step::Swapoff => Some("not in the first pid namespace"),
        Step::Sysctl | Step::Modules | Step::Clock | Step::ClockSave => Some("not in the first pid namespace"),
        Step::RandomSeed | Step::RandomSeedSave | Step::MachineId | Step::Tmpfiles | Step::Utmp => None,
    }
}

/// A pid namespace alone, with everything else that of the system outside: nothing of that is changed. (That system is a
/// sandbox too, and its /proc is what is seen.)
#[test]
fn shared_with_the_system_outside() {
    if inside().is_some() {
        for (step, _) in Step::ALL {
            let Some(why) = where_shared(&step) else { continue };
            let error = steps::run(&step).expect_err(&format!("{step:?}"));
            assert_eq!(error.to_string(), format!("refused: {why}"), "{step:?}");
        }
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().display();
    prepare(directory.path());
    fs::create_dir(directory.path().join("near")).unwrap();
    let fstab =
        format!("none / auto ro 0 0\ntmpfs {at}/near tmpfs\nnone {at}/far nfs4\ntmpfs {at}/outer tmpfs _netdev\n");
    fs::write(directory.path().join("etc/fstab"), fstab).unwrap();
    let script = r#"
        mount --bind "$SUNUP_TEST_INSIDE/etc" /etc; mount -t tmpfs none "$SUNUP_TEST_INSIDE/far"
        seen() { cat /proc/self/mountinfo /proc/net/fib_trie; uname -n; }
        before=$(seen)
        unshare --pid --fork --kill-child "$@"
        test "$before" = "$(seen)""#;
    let namespaces = [&PID[..], &["--uts", "--net", "--ipc"]].concat();
    let user = [&namespaces[..], &USER].concat();
    again("shared_with_the_system_outside", directory.path(), if is_root() { &namespaces } else { &user }, script);
}

/// What the steps would change if they reached the host: its name, machine-id, seed, boot record.
fn outside() -> Vec<String> {
    let files = ["/etc/machine-id", "/var/lib/sunup/random-seed", "/run/utmp", "/run/sunup-test", "/var/log/wtmp"];
    let mut seen: Vec<String> = files.map(|file| format!("{:?}", fs::read(file).ok())).into();
    seen.push(format!("{:?}", nix::unistd::gethostname()));
    seen
}

/// Each file is there, whole.
fn check_files(directory: &Path) {
    let id = fs::read_to_string("/etc/machine-id").unwrap();
    assert_eq!((id.len(), fs::read_to_string(directory.join("etc/machine-id")).unwrap()), (33, id));
    assert_eq!(fs::metadata("/var/lib/sunup/random-seed").unwrap().len(), 512);
    assert_eq!(fs::metadata("/run/utmp").unwrap().len(), fs::metadata("/var/log/wtmp").unwrap().len());
    assert!(fs::metadata("/run/utmp").unwrap().len() > 0);
    assert_eq!(fs::metadata("/run/sunup-test").unwrap().permissions().mode() & 0o7777, 0o1750);
}

/// An fstab with an inner directory before its outer one, and entries that are not to be mounted.
fn prepare(directory: &Path) {
    let at = directory.display();
    for name in ["etc/tmpfiles.d", "outer", "source", "bound", "far"] {
        fs::create_dir_all(directory.join(name)).unwrap();
    }
    fs::write(directory.join("etc/tmpfiles.d/test.conf"), "d /run/sunup-test 1750 - - -\n").unwrap();
    fs::write(directory.join("etc/hostname"), "sandbox\n").unwrap();
    let fstab = format!(
        "tmpfs {at}/outer/in\\040side tmpfs noexec,size=1m,mode=0700,x-mount.mkdir 0 0\n\
         {at}/source {at}/bound none bind,ro,nosuid,private 0 0\n\
         tmpfs {at}/outer tmpfs nodev,size=1m 0 0\n\
         tmpfs {at}/far tmpfs _netdev,size=1m 0 0\n\
         /dev/none /missing ext4 nofail 0 0\n/dev/none /later ext4 noauto 0 0\n/dev/none none swap sw 0 0\n"
    );
    fs::write(directory.join("etc/fstab"), fstab).unwrap();
}

/// Each once, with its flags.
fn check_mounts(directory: &Path) {
    let mounts = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let targets = ["outer", "bound", "outer/in\\040side"].map(|name| format!(" {}/{name} ", directory.display()));
    for (target, flags) in targets.iter().zip(["rw,nodev", "ro,nosuid", "rw,noexec"]) {
        let found: Vec<&str> = mounts.lines().filter(|line| line.contains(target)).collect();
        assert_eq!(found.len(), 1, "{target}: {mounts}");
        assert!(found[0].contains(&format!("{target}{flags}")), "{found:?}");
    }
    assert!(!mounts.contains("/missing") && !mounts.contains("/later"));
}

/// By hand: a dry run says what would be done and does none of it; then it is done, and nothing is left to do.
#[test]
fn by_hand() {
    let directory = tempfile::tempdir().unwrap();
    prepare(directory.path());
    let script = "mount --bind \"$SUNUP_TEST_INSIDE/etc\" /etc
        for word in --dry-run '' --dry-run; do
            for step in mount hostname; do \"$0\" step $step $word; done
            grep -c \" $SUNUP_TEST_INSIDE/[bo]\" /proc/self/mountinfo; uname -n
        done
        \"$0\" step sysctl --dry-run || echo $?";
    let mut command = Command::new("timeout");
    command.args(["-k", "5", "60", "setpriv", CAPABILITIES]).args(PID).args(["--uts", "--net", "--ipc"]);
    command.args(if is_root() { &[][..] } else { &USER[..] }).args(["sh", "-c", &format!("hostname before\n{script}")]);
    let output = command.arg(env!("CARGO_BIN_EXE_sunup")).env(INSIDE, directory.path()).output().unwrap();
    let at = directory.path().display().to_string();
    let expected = "\
would mount /dev/none on /missing
would mount AT/source on AT/bound
would mount tmpfs on AT/outer
would mount tmpfs on AT/outer/in side
would set the host name to sandbox
0
before
3
sandbox
would mount /dev/none on /missing
3
sandbox
1
";
    assert_eq!(String::from_utf8_lossy(&output.stdout).replace(&at, "AT"), expected);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.ends_with("sunup: fatal: refused: not in the first pid namespace\n"), "{said}");
}

/// What is reached over the network is mounted by a step of its own, and unmounted by another, the last first; each only once.
#[test]
fn network_filesystems() {
    let directory = tempfile::tempdir().unwrap();
    let at = directory.path().display().to_string();
    for name in ["etc", "near", "far"] {
        fs::create_dir(directory.path().join(name)).unwrap();
    }
    let fstab = format!(
        "tmpfs {at}/far/in tmpfs x-mount.mkdir,_netdev 0 0\ntmpfs {at}/far tmpfs _netdev 0 0\ntmpfs {at}/near tmpfs size=1m 0 0\n"
    );
    fs::write(directory.path().join("etc/fstab"), fstab).unwrap();
    let script = "mount --bind \"$SUNUP_TEST_INSIDE/etc\" /etc
        for step in mount mount-network mount-network unmount-network unmount-network; do
            echo $step
            \"$0\" step $step
            sed -n \"s|.* \\($SUNUP_TEST_INSIDE/[fn][^ ]*\\) .*|\\1|p\" /proc/self/mountinfo
        done";
    let mut command = Command::new("timeout");
    command.args(["-k", "5", "60", "setpriv", CAPABILITIES]).args(PID).args(if is_root() {
        &[][..]
    } else {
        &USER[..]
    });
    command.args(["sh", "-ec", script]).arg(env!("CARGO_BIN_EXE_sunup")).env(INSIDE, directory.path());
    let output = command.output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let expected = "\
mount
AT/near
mount-network
AT/near
AT/far
AT/far/in
mount-network
AT/near
AT/far
AT/far/in
unmount-network
AT/near
unmount-network
AT/near
";
    assert_eq!(String::from_utf8_lossy(&output.stdout).replace(&at, "AT"), expected);
}
