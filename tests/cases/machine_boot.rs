//! A Debian system without any other init boots on our three stages, does its work, restarts, and powers off cleanly.

use tests::machine::{BOOT, COMMAND, Options, STOP};
use tests::{Console, Image, Kernel, Layer, Machine, root};

use crate::support;

/// sshd, but its port accepts only two seconds after its command began.
const DELAYED_SSHD: &str = "\
description: OpenSSH server
kind: longrun
needs: [sshd-keys]
wants: [network]
run: |
  sleep 2
  exec /usr/sbin/sshd -D -e
ready: {tcp: \"127.0.0.1:22\"}
kill-mode: main
";
/// A service with control-group values, and one with a value that no kernel takes.
const LIMITED: &str = "\
name: limited
kind: longrun
run: [sleep, '1000']
cgroup: {pids.max: 7, memory.max: 16M, cpu.weight: 50, nothing.max: 1}
---
name: refused
kind: oneshot
start: [touch, /run/refused]
cgroup: {pids.max: many}
";
/// Prints each area that is swapped to, with its priority.
const SWAPS: &str = "awk 'NR > 1 {print $1, $5}' /proc/swaps";

/// When / was checked last, and what the last stop has left about that.
const CHECKED: &str = "dumpe2fs -h /dev/nvme0n1 2>/dev/null | grep 'Last checked'; ls / | grep -E 'fsck|fastboot' || :";

/// Boot, work, `shutdown -rF`, the same again with / checked though it is clean, `poweroff`, and the disk is clean.
#[test]
fn boots_works_restarts_and_powers_off() {
    if !support::can_boot_machines() {
        return;
    }
    let layer = Layer::new().file("/etc/sunup/units/sshd.yaml", DELAYED_SSHD);
    let image = Image::new(&layer.file("/etc/sunup/units/limited.yaml", LIMITED));
    image.arrange();
    let mut machine = Machine::boot(&image, &Options { restarts: true, ..Options::default() });
    let console = &mut machine.console;
    support::log_in(console, BOOT, COMMAND);
    let first = support::assert_default_up(console, COMMAND);
    works(console);
    is_limited(console);
    takes_steps_by_hand(console);

    let checked = console.ok(CHECKED, COMMAND);
    console.send("shutdown -rF now\n");
    console.expect_clean_stop(STOP);
    support::log_in(console, BOOT, COMMAND);
    let again = console.ok(CHECKED, COMMAND);
    assert!(again != checked && again.lines().count() == 1, "{checked}{again}");
    assert_eq!(support::assert_default_up(console, COMMAND), first);
    is_upgraded(console);

    console.send("poweroff\n");
    console.expect_clean_stop(STOP);
    machine.expect_off(STOP);
    image.assert_clean();
}

/// The same root, handed over by Debian's initramfs with /run already mounted noexec, with control groups of both
/// versions; stopped by Ctrl-Alt-Del.
#[test]
fn boots_through_an_initramfs() {
    if !support::can_boot_machines() {
        return;
    }
    let image = Image::new(&Layer::new());
    let append = "sunup.cgroup=hybrid".to_owned();
    let options = Options { kernel: Kernel::with_initramfs(), append, ..Options::default() };
    let mut machine = Machine::boot(&image, &options);
    support::log_in(&mut machine.console, BOOT, COMMAND);
    let kinds = machine.console.ok("stat -f -c %T /sys/fs/cgroup/unified /sys/fs/cgroup/memory", COMMAND);
    assert_eq!(kinds, "cgroup2fs\ncgroupfs\n");
    let run = machine.console.ok("findmnt -n -o OPTIONS /run", COMMAND);
    assert!(run.contains("noexec"), "the initramfs no longer mounts /run noexec, the test is void: {run}");
    support::assert_default_up(&mut machine.console, COMMAND);
    machine.control_alt_delete();
    machine.console.expect_clean_stop(STOP);
    machine.expect_off(STOP);
    image.assert_clean();
}

/// What the machine is for: the disk has its names, the web server and sshd answer, the system log takes lines.
fn works(console: &mut Console) {
    assert_eq!(console.ok("stat -f -c %T /sys/fs/cgroup", COMMAND), "cgroup2fs\n");
    let disk = console.ok(&format!("readlink -f /dev/disk/by-uuid/{}", root::UUID), COMMAND);
    assert_eq!(disk, "/dev/nvme0n1\n");
    let page = r#"bash -c 'exec 3<>/dev/tcp/127.0.0.1/80; printf "GET / HTTP/1.0\r\n\r\n" >&3; head -n 1 <&3'"#;
    assert_eq!(console.ok(page, COMMAND), "HTTP/1.1 200 OK\n");
    let banner = console.ok("bash -c 'head -n 1 </dev/tcp/127.0.0.1/22'", COMMAND);
    assert!(banner.starts_with("SSH-2.0-OpenSSH"), "{banner}");
    console.ok("logger whole-''system; until grep -q whole-system /var/log/syslog; do sleep 0.1; done", COMMAND);
    let log = console.ok("cat /run/sunup/boot.log", COMMAND);
    let delay = support::milliseconds(&log, "[ ok ] sshd: ");
    assert!(delay >= 2000, "sshd was said to be up after {delay} ms, 2 s before its port accepts");
}

/// The native steps that are refused anywhere but on a machine do their work, and a second time have nothing left to do.
fn takes_steps_by_hand(console: &mut Console) {
    assert_eq!(console.ok("sunup step fsck", COMMAND), "/ is mounted read-write: not checked\n");
    let settings = "echo kernel.panic = 17 >/etc/sysctl.d/90-test.conf; sunup step sysctl --dry-run | grep panic; \
                    cat /proc/sys/kernel/panic; sunup step sysctl; cat /proc/sys/kernel/panic";
    assert_eq!(console.ok(settings, COMMAND), "would set /proc/sys/kernel/panic to 17\n-1\n17\n");
    let modules = "mkdir -p /etc/modules-load.d; echo none-such >/etc/modules-load.d/test.conf; sunup step modules; echo $?; rm /etc/modules-load.d/test.conf";
    let answer = console.ok(modules, COMMAND);
    assert!(answer.contains("sunup: fatal: /etc/modules-load.d/test.conf:1: unable to run modprobe "), "{answer}");
    assert!(answer.ends_with("exit code 1\n1\n"), "{answer}");
    let swap = format!(
        "dd if=/dev/zero of=/swap bs=1M count=4 status=none; chmod 600 /swap; mkswap /swap >/dev/null; \
         echo /swap none swap sw,pri=7 0 0 >>/etc/fstab; sunup step swapon; sunup step swapon; {SWAPS}; \
         sunup step swapoff; sunup step swapoff; {SWAPS}; sed -i /swap/d /etc/fstab; echo off"
    );
    assert_eq!(console.ok(&swap, COMMAND), "/swap 7\noff\n");
    let mounted = "mkdir '/mnt/a b'; printf '%s\\n' 'tmpfs /mnt/a\\040b tmpfs size=1m,uid=daemon,nosymfollow' >>/etc/fstab; \
                   sunup step mount && findmnt -n -o OPTIONS '/mnt/a b'; umount '/mnt/a b'; sed -i /mnt/d /etc/fstab";
    assert_eq!(console.ok(mounted, COMMAND), "rw,relatime,nosymfollow,size=1024k,uid=1,inode64\n");
    let kept = "sunup step clock-save && sunup step clock && sunup step random-seed-save && sunup step utmp && \
                cd /var/lib/sunup && stat -c '%n %s %a' random-seed && grep -cxE '[0-9a-f]{32}' /etc/machine-id && \
                who -b | grep -c 'system boot'";
    assert_eq!(console.ok(kept, COMMAND), "random-seed 512 600\n1\n1\n");
}

/// Programs and the library of all are replaced, as an upgrade does: who runs keeps files that have no name any more, and no
/// filesystem is made read-only before he has ended.
fn is_upgraded(console: &mut Console) {
    let files = "/usr/sbin/nginx /usr/sbin/cron /usr/lib/x86_64-linux-gnu/libc.so.6";
    let replace = format!("for file in {files}; do cp -p $file $file.new && mv $file.new $file || exit; done");
    console.ok(&replace, COMMAND);
    let users = console.ok("grep -l 'libc.so.6 (deleted)' /proc/[0-9]*/maps | wc -l", COMMAND);
    assert!(users.trim().parse().is_ok_and(|users: u32| users >= 5), "{users}");
}

/// Control-group values are the kernel's before a service starts; what it does not have costs nothing, what it refuses the
/// unit.
fn is_limited(console: &mut Console) {
    let group = "cd /sys/fs/cgroup/sunup/limited && cat pids.max memory.max cpu.weight && wc -l <cgroup.procs";
    console.ok("sunup start limited >/dev/null", COMMAND);
    assert_eq!(console.ok(group, COMMAND), "7\n16777216\n50\n1\n");
    console.ok("grep -q 'limited: warning: unable to set nothing.max' /run/sunup/boot.log", COMMAND);
    let refused =
        console.ok("sunup start refused >/dev/null || cat /run/sunup/state/refused; test ! -e /run/refused", COMMAND);
    assert!(refused.contains("unable to set pids.max to many: Invalid argument"), "{refused}");
}
