//! confine, with real programs that say what has become of them.

mod kit;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use kit::{Answer, ours, run, skip};

/// A user whom no table knows.
const THROW_AWAY: &[&str] = &["--user", "54321", "--group", "54322"];

/// Runs a script of the shell's behind options.
fn confined(options: &[&str], script: &str) -> Answer {
    let words = options.iter().copied().chain(["sh", "-c", script]);
    run(&ours("confine"), words, Path::new("/"))
}

/// What a script says behind options, without a complaint.
fn said(options: &[&str], script: &str) -> String {
    let answer = confined(options, script);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""), "{options:?}");
    answer.out
}

/// Only root can give what is asked for here; others skip it loudly.
fn is_root() -> bool {
    let is_root = nix::unistd::Uid::effective().is_root();
    if !is_root {
        skip::skip("confine: only root can change user, raise limits and mount");
    }
    is_root
}

/// Whoever it is to be, it is, and nobody else besides.
#[test]
fn users_and_groups() {
    if !is_root() {
        return;
    }
    let who = "id -u; id -g; id -G";
    assert_eq!(said(THROW_AWAY, who), "54321\n54322\n54322\n");
    assert_eq!(said(&[THROW_AWAY, &["--groups", "tty,54323"]].concat(), who), "54321\n54322\n54322 5 54323\n");
    assert_eq!(said(&["--user", "nobody"], who), "65534\n65534\n65534\n");
    assert_eq!(said(&["--user", "root", "--group", "tty"], who), "0\n5\n5\n");
    assert_eq!(said(&["--groups", "tty"], who), "0\n0\n0 5\n");
    let ids = "grep -E '^(Uid|Gid):' /proc/self/status";
    let all = "Uid:\t54321\t54321\t54321\t54321\nGid:\t54322\t54322\t54322\t54322\n";
    assert_eq!(said(THROW_AWAY, ids), all);
    assert_eq!(
        said(&["--user", "nobody"], "echo $USER $LOGNAME $SHELL $HOME"),
        "nobody nobody /usr/sbin/nologin /nonexistent\n"
    );
}

/// umask, nice value, oom_score_adj and limits are what was asked for; an ordinary user may ask for less.
#[test]
fn surroundings() {
    let options =
        ["--umask", "027", "--nice", "7", "--oom-score-adj", "300", "--limit", "core=0:0", "--limit", "nofile=100:200"];
    let script = "umask; nice; cat /proc/self/oom_score_adj; ulimit -Sc; ulimit -Hc; ulimit -Sn; ulimit -Hn";
    assert_eq!(said(&options, script), "0027\n7\n300\n0\n0\n100\n200\n");
    // A limit that keeps confine itself from opening anything comes after all that it has to open.
    if is_root() {
        let program = ours("svok").display().to_string();
        let words = ["--limit", "nofile=3", "--read-only", "/run", &program, "--version"];
        assert_eq!(run(&ours("confine"), words, Path::new("/")).code, Some(0));
    }
}

/// Files come in their order, single variables last; nothing else changes.
#[test]
fn environment() {
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    fs::write(path("first"), "# note\nA=1\nB='two words'\n\nC=\"$HOME\"\n").unwrap();
    fs::write(path("second"), "A=2\nD=x\n").unwrap();
    fs::write(path("wrong"), "A=1\nexport B=2\n").unwrap();
    let options =
        ["--env", "D=last", "--env-file", &path("first"), "--env-file", &path("second"), "--env-file", "-/no/such"];
    let mut command = Command::new(ours("confine"));
    command.args(options).args(["/usr/bin/env"]).env_clear().env("KEPT", "1").env("A", "0");
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "KEPT=1\nB=two words\nC=$HOME\nA=2\nD=last\n");
    let answer = confined(&["--env-file", &path("wrong")], "true");
    let expected = format!("confine: fatal: unable to read {}: line 2 is not NAME=VALUE\n", path("wrong"));
    assert_eq!((answer.code, answer.err), (Some(126), expected));
    let answer = confined(&["--env-file", "/no/such"], "true");
    assert_eq!(answer.err, "confine: fatal: unable to read /no/such: No such file or directory\n");
    // The program is found by the PATH that it will have.
    kit::executable::copy("/bin/true", path("program-of-our-own"));
    let search = format!("PATH={}", directory.path().display());
    assert_eq!(run(&ours("confine"), ["--env", &search, "program-of-our-own"], Path::new("/")).code, Some(0));
}

/// The working directory is entered as the user.
#[test]
fn directory() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().display().to_string();
    assert_eq!(said(&["--directory", &path], "pwd"), format!("{path}\n"));
    if is_root() {
        fs::set_permissions(&path, fs::Permissions::from_mode(0o700)).unwrap();
        let answer = confined(&[THROW_AWAY, &["--directory", &path]].concat(), "pwd");
        let expected = format!("confine: fatal: unable to change to {path}: Permission denied\n");
        assert_eq!((answer.code, answer.err), (Some(126), expected));
    }
}

/// What is given up is gone, for descendants as well; a number beside a name is the kernel's.
#[test]
fn capabilities_and_privileges() {
    if !is_root() {
        return;
    }
    let status = "grep -E '^(CapInh|CapPrm|CapBnd|NoNewPrivs):' /proc/self/status";
    let expected = "CapInh:\t0000000000000000\nCapPrm:\t0000000000002001\nCapBnd:\t0000000000002001\nNoNewPrivs:\t0\n";
    assert_eq!(said(&["--capabilities", "CAP_CHOWN,cap_net_raw"], status), expected);
    let none = expected.replace("2001", "0000");
    assert_eq!(said(&["--capabilities", ""], status), none);
    // The bounding set is an upper bound: an ordinary user has nothing below it.
    let options = [THROW_AWAY, &["--capabilities", "CAP_KILL", "--no-new-privileges"]].concat();
    let expected = "CapInh:\t0000000000000000\nCapPrm:\t0000000000000000\nCapBnd:\t0000000000000020\nNoNewPrivs:\t1\n";
    assert_eq!(said(&options, status), expected);
}

/// Paths that are read-only, hidden, private: for the program, and for nobody else.
#[test]
fn mounts() {
    if !is_root() {
        return;
    }
    // Not below /tmp, which is to be covered.
    let directory = tempfile::tempdir_in("/run").unwrap();
    let path = |name: &str| directory.path().join(name).display().to_string();
    fs::create_dir_all(path("secrets")).unwrap();
    fs::write(path("secrets/key"), "key").unwrap();
    fs::write(path("password"), "word").unwrap();
    fs::create_dir(path("data dir")).unwrap();
    let in_tmp = tempfile::NamedTempFile::new_in("/tmp").unwrap();
    let options =
        ["--read-only", &path("data dir"), "--hide", &path("secrets"), "--hide", &path("password"), "--private-tmp"];
    let script = format!(
        "cd '{}'; touch 'data dir/x' 2>&1; touch secrets/x 2>&1; ls secrets; cat password; ls /tmp /var/tmp; touch /tmp/of-confine; \
         stat -c %a /tmp",
        directory.path().display()
    );
    let expected = "touch: cannot touch 'data dir/x': Read-only file system\n\
        touch: cannot touch 'secrets/x': Read-only file system\n/tmp:\n\n/var/tmp:\n1777\n";
    assert_eq!(said(&options, &script), expected);
    assert!(!Path::new("/tmp/of-confine").exists() && in_tmp.path().exists());
    fs::write(path("data dir/x"), "").unwrap();
    assert_eq!(fs::read_to_string(path("secrets/key")).unwrap(), "key");
    // Everything is read-only but what is private.
    let script = format!("touch {} 2>&1 | sed 's/.*: //'; touch /tmp/x && echo written", path("y"));
    assert_eq!(said(&["--private-tmp", "--read-only", "/"], &script), "Read-only file system\nwritten\n");
    for option in ["--hide", "--read-only"] {
        let answer = confined(&[option, "/no/such"], "true");
        assert!(
            answer.code == Some(126) && answer.err.ends_with("/no/such: No such file or directory\n")
                || answer.err.ends_with("read-only: No such file or directory\n"),
            "{answer:?}"
        );
    }
}

/// The program's session has the terminal, and descriptors 0 to 2 are it.
#[test]
fn terminal() {
    use nix::fcntl::OFlag;
    use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};
    use std::io::Read;
    let mut master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname_r(&master).unwrap();
    let script = "tty; test -t 1; echo $?; test -t 2; echo $?; ps -o tty=,sid= -p $$ | grep -c $$";
    let answer = confined(&["--tty", &name], script);
    assert_eq!((answer.code, answer.out.as_str(), answer.err.as_str()), (Some(0), "", ""));
    let mut text = Vec::new();
    let mut buffer = [0; 256];
    while let Ok(count @ 1..) = master.read(&mut buffer) {
        text.extend_from_slice(&buffer[..count]);
    }
    assert_eq!(String::from_utf8(text).unwrap(), format!("{name}\r\n0\r\n0\r\n1\r\n"));
    let answer = confined(&["--tty", "/dev/null"], "true");
    let expected = "confine: fatal: unable to take the terminal /dev/null: Inappropriate ioctl for device\n";
    assert_eq!((answer.code, answer.err.as_str()), (Some(126), expected));
}

/// Each way to come to nothing has its exit code and its one line.
#[test]
fn failures() {
    let directory = tempfile::tempdir().unwrap();
    let plain = directory.path().join("plain");
    fs::write(&plain, "").unwrap();
    fs::set_permissions(&plain, fs::Permissions::from_mode(0o644)).unwrap();
    let plain = plain.display().to_string();
    for (words, code, text) in [
        (&["/no/such"][..], 127, "unable to run /no/such: No such file or directory"),
        (&["no-such-program"], 127, "unable to run no-such-program: No such file or directory"),
        (&[plain.as_str()], 126, &format!("unable to run {plain}: Permission denied")),
        (&["--user", "no-such-user", "true"], 126, "unable to change the user: there is no user no-such-user"),
        (&["--group", "no-such-group", "true"], 126, "unable to change the group: there is no group no-such-group"),
        (&["--umask", "9", "true"], 100, "--umask \"9\" makes no sense"),
        (&["--private-tmp"], 100, "no program (see confine --help)"),
    ] {
        let answer = run(&ours("confine"), words, Path::new("/"));
        assert_eq!((answer.code, answer.err), (Some(code), format!("confine: fatal: {text}\n")), "{words:?}");
    }
}

/// An ordinary user is refused what is not his, and the program is not run.
#[test]
fn refusals() {
    if !is_root() {
        return;
    }
    // He cannot execute what lies in our target directory.
    let directory = tempfile::tempdir_in("/run").unwrap();
    fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let program = directory.path().join("confine");
    kit::executable::copy(ours("confine"), &program);
    let program = program.display().to_string();
    let is_raised = ["--limit", "nofile=unlimited"];
    for (options, text) in [
        (&["--user", "root"][..], "unable to set the groups: Operation not permitted"),
        (&["--nice", "-20"], "unable to set the nice value -20: Permission denied"),
        (&["--private-tmp"], "unable to have a mount namespace: Operation not permitted"),
        (&["--capabilities", ""], "unable to give capabilities up: Operation not permitted"),
        (&is_raised, "unable to set the limit nofile: Operation not permitted"),
    ] {
        let words = [THROW_AWAY, &[program.as_str()], options, &["echo", "ran"]].concat();
        let answer = run(&ours("confine"), words, Path::new("/"));
        assert_eq!(
            (answer.code, answer.out.as_str(), answer.err),
            (Some(126), "", format!("confine: fatal: {text}\n"))
        );
    }
}
