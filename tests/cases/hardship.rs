//! The matrix of stage 1's hardships: whatever a machine, a boot loader or an administrator has done to it, what is wrong
//! is said on the console, and the boot ends in a login or a shell.
//!
//! A row's damage is done by a shell that is process 1 before it becomes `init`, so that nothing of the harness is in its way.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use nix::sys::termios::{LocalFlags, tcgetattr};
use tests::namespace::{BOOT, COMMAND};
use tests::{Layer, Namespace, root};

use crate::support;

/// What boots here: a login, and nothing else that takes time.
const SMALL: &str = "rm /etc/sunup/bundles/default/*
ln -s /usr/lib/sunup/units/getty-console.yaml /etc/sunup/units/marker.yaml /etc/sunup/bundles/default/";
/// What the shell that is process 1 becomes.
const INIT: &str = "export NO_COLOR=1\nexec /usr/lib/sunup/bin/init \"$@\"";

/// Notes with what a unit's command begins.
const MARKER: &str = "\
name: marker
kind: oneshot
after: [getty-console]
start: |
  { umask; pwd; grep -E '^Sig(Blk|Ign)' /proc/self/status; } >/marker.new
  mv /marker.new /marker
";
/// What that is, whatever process 1 has begun with.
const BEGINS_WITH: &str = "0022\n/\nSigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n";

/// What is said where there is no scanner.
const NO_SCANNER: [&str; 2] = [
    "[fail] stage1: unable to copy /usr/lib/sunup/bin/svscan to /run/sunup/bin/svscan: No such file or directory",
    "[fail] stage1: unable to run /run/sunup/bin/svscan: No such file or directory",
];

/// How a boot ends.
#[derive(Clone, Copy, Debug)]
enum End {
    /// A login, with a scanner as process 1.
    Login,
    /// sulogin, which asks for root's password, and a shell.
    Password,
    /// A shell at once.
    Shell,
    /// sulogin, and when its shell has ended the login.
    PasswordThenLogin,
    /// Nobody can see it: the file that a unit makes is there, and says that its command began as always.
    Unseen,
}

/// A row.
struct Hardship {
    /// What is wrong.
    name: &'static str,
    /// Makes it so.
    damage: &'static str,
    /// Arguments of `init`, which are the kernel's words in a namespace.
    words: &'static [&'static str],
    /// What is said of it.
    says: &'static [&'static str],
    end: End,
}

const MATRIX: [Hardship; 20] = [
    Hardship {
        name: "the root is read-only",
        damage: "mount -o remount,ro overlay /",
        words: &[],
        says: &[],
        end: End::Login,
    },
    Hardship {
        name: "the root is read-only and has no /run",
        damage: "rm -rf /run; mount -o remount,ro overlay /",
        words: &[],
        says: &[
            "[fail] stage1: unable to mount /run: No such file or directory",
            "[fail] stage1: unable to mount /run/sunup: No such file or directory (/dev/sunup is used)",
        ],
        end: End::Login,
    },
    Hardship {
        name: "nothing is mounted",
        damage: "umount -l /sys; umount -l /proc",
        words: &[],
        says: &[],
        end: End::Login,
    },
    Hardship {
        name: "an initramfs has handed over mounts with options of its own",
        damage: "mount -t tmpfs -o noexec,size=8m tmpfs /run; mkdir /run/sunup /run/initramfs; mkdir /dev/pts /dev/shm
            mount -t tmpfs -o noexec tmpfs /run/sunup; mount -t tmpfs -o noexec tmpfs /dev/shm; touch /run/sunup/stopping",
        words: &["quiet", "BOOT_IMAGE=/vmlinuz"],
        says: &[],
        end: End::Login,
    },
    Hardship {
        name: "there are no control groups",
        damage: "mount -t tmpfs -o ro tmpfs /sys/fs/cgroup",
        words: &[],
        says: &[],
        end: End::Login,
    },
    Hardship {
        name: "there is no console",
        damage: "umount /dev/console; rm /dev/console",
        words: &[],
        says: &[],
        end: End::Unseen,
    },
    Hardship {
        name: "whoever executed it ignores signals, and has a mask and a directory of its own",
        damage: "trap '' HUP INT QUIT PIPE TERM CHLD USR1 USR2 WINCH ALRM; umask 077; cd /usr",
        words: &[],
        says: &[],
        end: End::Unseen,
    },
    Hardship {
        name: "there is no image",
        damage: "rm -r /etc/sunup/stage1",
        words: &[],
        says: &[
            "[fail] stage1: unable to read /etc/sunup/stage1: No such file or directory",
            "[fail] stage1: unable to write to /run/sunup/service/engine/supervise/control: No such file or directory",
            "[fail] stage1: unable to write to /run/sunup/service/getty-early/supervise/control: No such file or directory",
        ],
        end: End::Password,
    },
    Hardship {
        name: "nobody reads the log",
        damage: "rm -r /etc/sunup/stage1/catch-all",
        words: &[],
        says: &[],
        end: End::Login,
    },
    Hardship {
        name: "there is no engine",
        damage: "rm /usr/lib/sunup/bin/stage2",
        words: &[],
        says: &[],
        end: End::Login,
    },
    Hardship {
        name: "there is no scanner",
        damage: "rm /usr/lib/sunup/bin/svscan",
        words: &[],
        says: &NO_SCANNER,
        end: End::Password,
    },
    Hardship {
        name: "there is no scanner, and root has no password",
        damage: "rm /usr/lib/sunup/bin/svscan; sed -i 's/^root:[^:]*/root:*/' /etc/shadow",
        words: &[],
        says: &NO_SCANNER,
        end: End::Shell,
    },
    Hardship {
        name: "there is neither scanner nor sulogin",
        damage: "rm /usr/lib/sunup/bin/svscan /sbin/sulogin",
        words: &[],
        says: &NO_SCANNER,
        end: End::Shell,
    },
    Hardship {
        name: "sunup.yaml is damaged",
        damage: "printf '}{ [\\nsignals: monkeys\\n\\t- :\\n' >/etc/sunup/sunup.yaml",
        words: &[],
        says: &[
            "[fail] stage1: unable to read /etc/sunup/sunup.yaml:2: \"monkeys\" is none of sunup, sysvinit, systemd, busybox",
        ],
        end: End::Login,
    },
    Hardship {
        name: "the words make no sense",
        damage: ":",
        words: &["sunup.bundel=lab", "sunup.cgroup=v3", "sunup.scanner=s6"],
        says: &[
            "[fail] stage1: unable to obey a word: sunup.bundel=lab: there is no such word",
            "[fail] stage1: unable to obey a word: sunup.cgroup=v3: \"v3\" is none of v2, v1, hybrid",
            "[fail] stage1: unable to run the scanner of s6: it is not in PATH (svscan is used)",
        ],
        end: End::Login,
    },
    Hardship {
        name: "there is no such bundle",
        damage: ":",
        words: &["sunup.bundle=nowhere"],
        says: &[],
        end: End::Login,
    },
    Hardship {
        name: "a runlevel is asked for",
        damage: "mkdir /etc/sunup/bundles/3; mv /etc/sunup/bundles/default/* /etc/sunup/bundles/3/",
        words: &["single", "3"],
        says: &[],
        end: End::Login,
    },
    Hardship { name: "rescue is asked for", damage: ":", words: &["S"], says: &[], end: End::Password },
    Hardship {
        name: "emergency is asked for",
        damage: ":",
        words: &["emergency"],
        says: &["[wait] stage1: a shell before anything is started, until it ends"],
        end: End::PasswordThenLogin,
    },
    Hardship {
        name: "a shell is asked for between two steps",
        damage: ":",
        words: &["sunup.debug=image"],
        says: &["[wait] stage1: a shell after the step image, until it ends"],
        end: End::PasswordThenLogin,
    },
];

/// Every row of it, two at a time.
#[test]
fn stage_one_bears_every_hardship() {
    if !support::can_boot_namespaces() {
        return;
    }
    let next = AtomicUsize::new(0);
    let worker = || {
        let rows = || MATRIX.get(next.fetch_add(1, Ordering::Relaxed));
        std::iter::from_fn(rows)
            .filter(|row| std::panic::catch_unwind(|| row.bear()).is_err())
            .map(|row| row.name)
            .collect()
    };
    let failed: Vec<Vec<&str>> = std::thread::scope(|scope| {
        let workers = [scope.spawn(worker), scope.spawn(worker)];
        workers.map(|worker| worker.join().expect("a worker's end")).into()
    });
    assert_eq!(failed.concat(), [""; 0]);
}

impl Hardship {
    fn bear(&self) {
        let start = Instant::now();
        let script = format!("#!/bin/sh\n{SMALL}\n{}\n{INIT}\n", self.damage);
        let layer = Layer::new().file("/usr/sbin/init", &script).file("/etc/sunup/units/marker.yaml", MARKER);
        let mut guest = Namespace::boot_with(&layer, self.words);
        match self.end {
            End::Login => guest.console.login(BOOT),
            End::Shell => self.shell(&mut guest),
            End::Password => self.password(&mut guest),
            End::PasswordThenLogin => {
                self.password(&mut guest);
                guest.console.send("exit\n");
                guest.console.login(BOOT);
            }
            End::Unseen => {
                support::await_that(BOOT, || guest.written("/marker").exists());
                assert_eq!(guest.read("/marker"), BEGINS_WITH, "{}", self.name);
            }
        }
        let seen = guest.console.seen();
        let said = seen.lines().map(str::trim_end).filter(|line| line.starts_with('[') && line.contains("] stage1: "));
        let said: Vec<&str> = said.filter(|line| !line.starts_with("[ ok ]")).collect();
        assert_eq!(said, self.says, "{}; {}", self.name, guest.console.tail());
        if matches!(self.end, End::Login | End::PasswordThenLogin) {
            assert_eq!(guest.console.ok("cat /proc/1/comm", COMMAND), "svscan\n", "{}", self.name);
        }
        println!("{}: {} ms", self.name, start.elapsed().as_millis());
    }

    fn shell(&self, guest: &mut Namespace) {
        guest.console.expect("# ", BOOT);
        guest.console.send("echo a-shell-''is-here\n");
        guest.console.expect("a-shell-is-here", COMMAND);
    }

    fn password(&self, guest: &mut Namespace) {
        guest.console.expect("password for maintenance", BOOT);
        // What is typed while the terminal still echoes, sulogin throws away.
        let terminal = guest.console.keyboard();
        let echoes = || tcgetattr(&terminal).is_ok_and(|it| it.local_flags.contains(LocalFlags::ECHO));
        support::await_that(BOOT, || !echoes());
        guest.console.send(&format!("{}\n", root::PASSWORD));
        self.shell(guest);
    }
}
