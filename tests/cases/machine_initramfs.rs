//! A machine without a disk: `init` is the initramfs' own, on a kernel that finds no console for it and gets no devices but
//! those that it mounts, without sulogin, with control groups of version 1 alone.

use tests::machine::{BOOT, COMMAND, Options, STOP};
use tests::{Console, Initramfs, Kernel, Machine, keyboard};

use crate::support;

/// What the keyboard asks for.
const KBREQUEST: &str = "kind: oneshot\nstart: [touch, /asked]\n";
/// The key for it, as most keymaps have it; the kernel's own has none.
const LOADKEYS: &str = "echo 'alt keycode 103 = KeyboardSignal' | loadkeys";
/// Words of the kernel's command line: a bundle, a shell between two steps, a scanner that cannot be, and two that
/// the kernel puts into the environment.
const WORDS: &str = "single sunup.debug=dev sunup.scanner=runit sunup.cgroup=v1 secret=word NO_COLOR=1";
/// Prints each service and its process.
const PIDS: &str = "for service in /run/sunup/service/[cg]*; do \
                    echo \"$service $(od -An -tu4 -j12 -N4 $service/supervise/status)\"; done";

/// Boots to a rescue shell, takes a request of the keyboard, runs out of memory, is switched off.
#[test]
fn boots_as_an_initramfs_own_init() {
    if !support::can_boot_machines() {
        return;
    }
    let mut initramfs = Initramfs::new();
    initramfs.file("etc/sunup/units/kbrequest.yaml", KBREQUEST.as_bytes());
    initramfs.file("bin/loadkeys", &keyboard::loadkeys());
    let kernel = Kernel { initramfs: Some(initramfs.write()), ..Kernel::plain() };
    let options = Options { kernel, append: WORDS.to_owned(), ..Options::default() };
    let mut machine = Machine::boot_without_disk(&options);
    let console = &mut machine.console;
    console.expect("[wait] stage1: a shell after the step dev, until it ends", BOOT);
    quiet(console);
    assert_eq!(console.ok("cat /proc/1/comm", COMMAND), "init\n");
    let mounts = console.ok("cat /proc/mounts", COMMAND);
    assert!(mounts.contains("devtmpfs /dev ") && !mounts.contains(" /run "), "{mounts}");
    console.send("exit\n");
    console.expect("[fail] stage1: unable to run the scanner of runit: ", COMMAND);
    quiet(console);
    console.ok("until test -e /run/sunup/requests/boot.done; do sleep 0.1; done", BOOT);
    assert!(console.seen().contains("[skip] sulogin: /sbin/sulogin is absent"), "{}", console.tail());
    assert_eq!(console.ok("stat -f -c %T /sys/fs/cgroup /sys/fs/cgroup/memory", COMMAND), "tmpfs\ncgroupfs\n");
    let environment = console.ok("cat /proc/1/environ", COMMAND);
    assert!(environment.contains("PATH=/run/sunup/wrapper:") && !environment.contains("secret"), "{environment}");
    console.ok(LOADKEYS, COMMAND);
    machine.press(&["alt", "up"]);
    let console = &mut machine.console;
    console.expect("[ ok ] kbrequest: ", COMMAND);
    console.ok("test -e /asked", COMMAND);
    runs_out_of_memory(console);
    console.send("poweroff\n");
    // The shell that this was typed at takes no notice of TERM.
    console.expect(", 0 mounts left", STOP);
    machine.expect_off(STOP);
}

/// A shell that neither prompts nor echoes, on a console where the kernel does not talk in between, as it does once it has
/// gathered enough randomness.
fn quiet(console: &mut Console) {
    console.expect("# ", BOOT);
    console.send("stty -echo; PS1=; echo 1 >/proc/sys/kernel/printk; echo shell-is-''ready\n");
    console.expect("shell-is-ready", COMMAND);
}

/// The kernel ends whoever has taken the memory, and neither process 1 nor what it supervises.
fn runs_out_of_memory(console: &mut Console) {
    let before = console.ok(PIDS, COMMAND);
    assert_eq!(console.run("tail /dev/zero", BOOT).code, 128 + 9);
    assert_eq!(console.ok(PIDS, COMMAND), before);
    assert_eq!(console.ok("cat /proc/1/comm", COMMAND), "svscan\n");
}
