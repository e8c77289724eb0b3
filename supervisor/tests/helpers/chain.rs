//! Programs that become another one.

use crate::kit;
use crate::pair::{Done, command, file};
use std::path::Path;

/// Every one of them.
const CHAIN: [(&str, &str); 7] = [
    ("setuidgid", "root "),
    ("envuidgid", "root "),
    ("envdir", "/var/empty-not-there "),
    ("softlimit", ""),
    ("setlock", "lock "),
    ("pgrphack", ""),
    ("fghack", ""),
];

/// Too few arguments: the usage, and the exit code.
#[test]
fn usage() {
    for (program, first) in CHAIN {
        command(program, "").same();
        if !first.is_empty() {
            command(program, first).same();
        }
    }
}

fn programs(directory: &Path) {
    file(directory, "plain", b"no program");
    kit::executable::write(&directory.join("script"), "echo no interpreter\n");
    file(directory, "env/A", b"");
}

/// A program that cannot be run: found in PATH or by its path, missing, not executable, not a program, a directory.
#[test]
fn unable_to_run() {
    for (program, first) in CHAIN {
        let first = if program == "envdir" { "env " } else { first };
        for name in ["nosuch", "./nosuch", "./plain", "./script", "/etc", "plain/x", "plain", "script", "''"] {
            let command = command(program, &format!("{first}{name} argument")).prepare(programs);
            command.variable("PATH", "/nosuch:/usr/bin::/bin").same();
        }
    }
}

/// The program gets its arguments, the environment in its order, and our exit code is its own.
#[test]
fn program_is_run() {
    for (program, first) in CHAIN {
        let first = if program == "envdir" { "env " } else { first };
        let command = command(program, &format!("{first}sh -c")).argument("env; echo \"$@\"; exit 3").argument("a  b");
        let done = command.prepare(programs).variable("B", "2").variable("A", "1").variable("UID", "9").same();
        assert!(done.is_none_or(|done| done.status == "exit status: 3"));
    }
}

/// Without a PATH programs are looked for in /bin and /usr/bin.
#[test]
fn without_path() {
    let Some(theirs) = kit::peer("pgrphack") else { return };
    for program in [kit::ours("pgrphack"), theirs] {
        let mut command = std::process::Command::new(program);
        let output = command.args(["sh", "-c", "echo $0"]).env_clear().output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), "sh\n");
    }
}

/// Signals that are ignored and descriptors that are closed stay so.
#[test]
fn nothing_else_changes() {
    for (program, first) in CHAIN {
        let first = if program == "envdir" { "env" } else { first };
        let script = "trap '' PIPE HUP; exec 0<&- 2>&-; exec \"$0\" \"$@\" sh -c 'grep ^Sig[BIC] /proc/self/status; ls /proc/self/fd'";
        let both = [Some(kit::ours(program)), kit::peer(program)].map(|path| {
            let directory = tempfile::tempdir().unwrap();
            programs(directory.path());
            let mut command = std::process::Command::new("sh");
            command.arg("-c").arg(script).arg(path?).args(first.split_whitespace()).current_dir(directory.path());
            Some(String::from_utf8(command.output().unwrap().stdout).unwrap())
        });
        let [ours, theirs] = both;
        assert!(theirs.is_none() || ours == theirs, "{program}: {ours:?} {theirs:?}");
    }
}

/// Unknown accounts, and accounts with their numbers.
#[test]
fn accounts() {
    for program in ["setuidgid", "envuidgid"] {
        command(program, "nosuch id").same();
        command(program, "'' id").same();
        command(program, "nobody sh -c").argument("id -u; id -g; id -G; echo $UID $GID").variable("UID", "7").same();
    }
}

/// Without being root nobody's number can be taken.
#[test]
fn setuidgid_needs_root() {
    if nix::unistd::Uid::effective().is_root() {
        // As nobody, who cannot execute what lies in our target directory.
        let directory = tempfile::tempdir_in("/tmp").unwrap();
        kit::executable::write(&directory.path().join("x"), "");
        kit::executable::copy(kit::ours("setuidgid"), directory.path().join("setuidgid"));
        std::fs::set_permissions(directory.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let program = directory.path().join("setuidgid").display().to_string();
        let ours = command("setuidgid", &format!("nobody {program} root id")).ours();
        let theirs = command("setuidgid", "nobody setuidgid root id").same();
        assert_eq!(theirs.as_ref().unwrap_or(&ours), &ours);
        return;
    }
    command("setuidgid", "root id").same();
}

fn variables(directory: &Path) {
    file(directory, "env/PLAIN", b"value \t\nsecond line");
    file(directory, "env/NULL", b"a\0b\0");
    file(directory, "env/GONE", b"");
    file(directory, "env/EMPTY", b"\nx");
    file(directory, "env/BLANK", b" \t ");
    file(directory, "env/with=sign", b"x");
    file(directory, "env/without=", b"");
    file(directory, "env/.hidden", b"x");
    file(directory, "env/BYTES", b"\xff\xfe");
    file(directory, "env/PATH", b"/nosuch");
}

/// Every kind of file. The order depends on the directory's, which two directories need not share.
#[test]
fn envdir_reads_files() {
    let command = command("envdir", "env sh -c").argument("/usr/bin/env -0 | /usr/bin/sort -z | /usr/bin/tr '\\0' ';'");
    let done = command.variable("GONE", "1").variable("KEPT", "2").prepare(variables).same();
    let is_right = |done: Done| done.out.contains(";PLAIN=value;") && done.out.contains("NULL=a\nb\n;");
    assert!(done.is_none_or(is_right));
}

/// Directories that cannot be used.
#[test]
fn envdir_troubles() {
    let prepare = |directory: &Path| {
        file(directory, "plain", b"");
        file(directory, "inner/directory/x", b"");
        std::fs::create_dir(directory.join("looping")).unwrap();
        std::os::unix::fs::symlink("X", directory.join("looping/X")).unwrap();
    };
    for name in ["nosuch", "plain", "inner", "''", "looping"] {
        command("envdir", &format!("{name} env")).prepare(prepare).same();
    }
}

/// On purpose not daemontools': a link to nothing removes its variable. There it sets the value of the file before it.
#[test]
fn envdir_dangling_link() {
    let prepare = |directory: &Path| {
        file(directory, "env/A", b"1");
        std::os::unix::fs::symlink("nosuch", directory.join("env/B")).unwrap();
    };
    let done = command("envdir", "env env").variable("B", "2").prepare(prepare).ours();
    assert_eq!((done.status.as_str(), done.out.as_str()), ("exit status: 0", "PATH=/usr/bin:/bin\nA=1\n"));
}

/// Options of softlimit: each limit, all together, amounts beyond the hard limit, wrong ones.
#[test]
fn softlimit_options() {
    for options in [
        "-a 500000000",
        "-c 1",
        "-d 500000000",
        "-f 4096",
        "-l 4096",
        "-m 500000000",
        "-o 20",
        "-p 9999",
        "-r 9",
        "-s 900000",
        "-t 100",
        "-c=",
        "-o99999999",
        "-c 0 -c =",
        "-t5 -o6",
        "-c1 --",
        "-a 18446744073709551615",
        "-c ''",
    ] {
        let done = command("softlimit", &format!("{options} cat /proc/self/limits")).same();
        assert!(done.is_none_or(|done| done.status == "exit status: 0"), "{options}");
    }
    for options in
        ["-Z", "-a", "-m 5x true", "-t x true", "--foo", "--foo nosuch", "- true", "-o -1 true", "-c == true"]
    {
        command("softlimit", options).same();
    }
}

/// Options of setlock, a file that cannot be opened, one that somebody holds.
#[test]
fn setlock_options() {
    for line in [
        "-q f true",
        "-n f true",
        "-x /nosuch/f true",
        "-xX /nosuch/f true",
        "/nosuch/f true",
        "-N -- f true",
        "-nx f nosuch",
        "-n f setlock -n f true",
        "-n f setlock -nx f echo",
        "-n f setlock -nxX f echo",
        ". true",
        "-x . true",
    ] {
        command("setlock", line).same();
    }
}

/// The file is made with mode 600, and the lock is the program's until it ends.
#[test]
fn setlock_holds() {
    let script = "stat -c %a lock; flock -n lock true; echo $?; ls /proc/self/fd | wc -l";
    let done = command("setlock", "lock sh -c").argument(script).same();
    assert!(done.is_none_or(|done| done.out.starts_with("600\n1\n")));
}

/// fghack waits for what is left in the background, and tells a crash.
#[test]
fn fghack_waits() {
    command("fghack", "sh -c").argument("(sleep 0.1; echo late) & exit 4").same();
    command("fghack", "sh -c").argument("kill -9 $$").same();
    command("fghack", "sh -c").argument("ls /proc/self/fd | wc -l").same();
}

/// pgrphack's program leads its session and its group.
#[test]
fn pgrphack_leads() {
    let done = command("pgrphack", "sh -c").argument("ps -o sid=,pgid= -p $$ | grep -c \"$$ *$$\"").same();
    assert!(done.is_none_or(|done| done.out == "1\n"));
}
