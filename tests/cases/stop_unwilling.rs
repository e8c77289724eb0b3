//! A machine is stopped while nobody wants to: each of them is named, and the stop ends all the same.

use std::fs;

use tests::machine::{BOOT, COMMAND, Options, STOP};
use tests::{Console, Image, Kernel, Layer, Machine, root};

use crate::support;

/// A service that ignores the signal it is asked to stop by.
const REFUSES: &str = "\
description: refuses to stop
kind: longrun
run: |
  trap '' TERM
  sleep 1000
stop-timeout: 1s
";
/// Makes filesystems on disks in memory. A process in a mount namespace of its own then writes to one that is frozen: nothing
/// ends it, and it keeps all filesystems alive. It says when it is about to.
const HANG: &str = "\
set -e
insmod /root/brd.ko rd_nr=2 rd_size=16384
mkfs.ext4 -q /dev/ram0; mkdir /frozen; mount /dev/ram0 /frozen
mkfs.ext4 -q /dev/ram1; mkdir /shared; mount /dev/ram1 /shared
setsid unshare --mount sh -c 'cd /shared; : >there; until test -e go; do sleep 0.1; done; echo >/frozen/file' & hangs=$!
until test -e /shared/there; do sleep 0.1; done
mkdir /held; mount -t tmpfs held /held; mkfifo /held/fifo
sh -c \"trap '' TERM HUP; cd /held; read line <>fifo\" &
fsfreeze --freeze /frozen; touch /shared/go
until grep -q '^State:.D' /proc/$hangs/status; do sleep 0.1; done
echo hangs: $hangs
";

/// A process in uninterruptible sleep, in a mount namespace that holds filesystems; a shell that ignores what it is asked by and
/// stands on a mount; a service that refuses. Somebody at the serial line looks on.
#[test]
fn each_is_named_and_the_stop_ends() {
    if !support::can_boot_machines() {
        return;
    }
    let module = fs::read(Kernel::module("drivers/block/brd.ko")).expect("the module for disks in memory");
    let layer = Layer::new().program("/root/brd.ko", &module).file("/root/hang", HANG).unit("refuses", REFUSES);
    let image = Image::new(&layer);
    let mut machine = Machine::boot(&image, &Options::default());
    let console = &mut machine.console;
    support::log_in(console, BOOT, COMMAND);
    let said = console.ok("sh /root/hang", COMMAND);
    let pid = said.trim().rsplit_once("hangs: ").expect("the process that hangs").1.to_owned();
    console.send("poweroff\n");

    console.expect("stage3: services: ended only by KILL: refuses", STOP);
    looks_on(console, &pid);
    let named = console.seen().replace('\r', "");
    let asked = "stage3: does not end when asked: pid ";
    let named: Vec<_> = named.lines().filter_map(|line| Some(line.split_once(asked)?.1)).collect();
    let about =
        |what: &str| *named.iter().find(|line| line.contains(what)).unwrap_or_else(|| panic!("{what}: {named:?}"));
    let hangs = about(&format!("{pid}, sh -c cd /shared"));
    assert!(hangs.contains(", state D in ") && hangs.ends_with(", holds: /shared"), "{hangs}");
    let shell = about("sh -c trap ");
    assert!(shell.contains(", state S in ") && shell.ends_with(", open: /held/fifo, holds: /held"), "{shell}");

    console.expect("unclean stop: ", STOP);
    let left = console.expect("\n", STOP).trim_end().replace(&pid, "PID");
    let elsewhere = "(busy in another mount namespace)";
    let (count, left) = left.split_once(": ").expect("what is left");
    assert_eq!(count, "3 processes, 3 mounts left", "{left}");
    for one in ["refuses (unit, ended only by KILL)", "read line <>fifo (ended only by KILL)", "PID sh -c cd /shared"] {
        assert!(left.contains(one), "{one}: {left}");
    }
    for point in ["/", "/frozen", "/shared"] {
        assert!(left.split("; ").any(|one| one == format!("{point} {elsewhere}")), "{point}: {left}");
    }
    machine.expect_off(STOP);
    // Whoever holds the root cannot write to it any more.
    image.assert_clean();
}

/// Somebody asks for a shell, which asks for root's password, looks at the process that hangs, and has it waited for no longer.
fn looks_on(console: &mut Console, pid: &str) {
    console.expect(&format!("stage3: waiting for pid {pid}, sh -c cd /shared"), STOP);
    console.expect("keys: k kills them, s waits no longer, ! opens a shell", STOP);
    console.send("!");
    console.expect("to continue): ", STOP);
    console.insist(&format!("{}\n", root::PASSWORD), "# ", STOP);
    console.send(&format!("cat /proc/{pid}/comm >/dev/tty && exit\n"));
    console.expect("stage3: the shell has ended", STOP);
    console.send("s");
    console.expect("stage3: skipped by key", STOP);
}
