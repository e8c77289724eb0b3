//! A disk that takes long to write what it got, and a server that is gone: a stop waits while the disk gets anywhere, says how far
//! it has come, and waits no longer once somebody asks a second time. Loggers on such a disk lose nothing.

use std::fs::{self, File};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use tempfile::TempDir;
use tests::machine::{BOOT, COMMAND, Options, STOP, SlowDisk};
use tests::{Image, Layer, Machine, cache, command, image, nfs, programs, storage, writers};

use crate::support;

/// What the disk writes in a second, and how much it has to write: it would be at it for two minutes.
const SPEED: u64 = 500_000;
const MOUNT: &str = "mkdir /mnt/slow && mount /dev/nvme1n1 /mnt/slow";
const FILL: &str = "dd if=/dev/zero of=/mnt/slow/file bs=1M count=60 status=none";
/// What the kernel has to write it writes at once.
const HASTE: &str = "echo 1 >/proc/sys/vm/dirty_background_bytes";
/// The server goes while it is in use.
const LOSE: &str = "grep -q ' /mnt/shared nfs4 ' /proc/mounts && rpc.nfsd 0";
/// The unit that unmounts while there is a network, as it is shipped but for the 30 s that a slow server gets.
const NETWORK_MOUNTS: &str = "\
kind: oneshot
needs: [local]
wants: [network]
do: [mount-network]
stop: [/usr/bin/sunup, step, unmount-network]
stop-timeout: 3s
";
/// How the stop says that it waits for the disk.
const WAITING: &str = "stage3: waiting for /mnt/slow, ";
/// How long the stop may take once it is hurried: 5 s for each of four things, on a busy host.
const HURRIED: Duration = Duration::from_secs(60);

/// Lines that each service writes once it is told to end; its pipe takes them all.
const LINES: usize = 1000;
/// Services whose logs lie there: one that svlog reads, which rotates often, and one whose logger is a shell that only waits for
/// who writes.
const SVLOG: &str = "\
kind: longrun
run: exec /etc/sv/other/run
log: {dir: /mnt/slow/svlog, size: 4K, keep: 1000}
";
const OTHER: &str = "\
kind: longrun
servicedir: /etc/sv/other
";
const RUN: &str = "\
#!/bin/sh
trap 'seq -f \"line %.0f\" 1000; exit 0' TERM
while :; do sleep 1000 & wait $! || :; done
";
/// The loggers begin to read when everyone else has been told to end. The first fills the disk before: it is at it for half a
/// minute then, longer than loggers that do not end may take, 20 s.
const SVLOG_LATE: &str = "\
#!/bin/sh
case \"$*\" in
*/mnt/slow/svlog)
    until test -e /run/sunup/stopping; do sleep 0.1; done
    dd if=/dev/zero of=/mnt/slow/file bs=1M count=14 status=none
    : >/run/filled ;;
esac
exec /usr/lib/sunup/bin/svlog.real \"$@\"
";
const OTHER_LOGGER: &str = "\
#!/bin/sh
until test -e /run/filled; do sleep 0.1; done
cat | dd of=/mnt/slow/other bs=1k oflag=dsync status=none
";

/// A filesystem in a file, in a directory that is removed when it is dropped.
fn disk() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir_in(cache::directory()).expect("a temporary directory");
    let disk = directory.path().join("slow.img");
    File::create(&disk).and_then(|file| file.set_len(100 << 20)).expect("a disk");
    command::run(command::words(&["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1"]).arg(&disk));
    (directory, disk)
}

/// What is left to be written becomes less from line to line. The second Control-Alt-Delete comes when there is no root and no
/// /dev any more; then it ends, and tells what it has not waited for.
#[test]
fn slow_disk_is_waited_for_and_given_up() {
    if !support::can_boot_machines() {
        return;
    }
    let (_directory, disk) = disk();
    let layer = nfs::add(Layer::new()).file("/etc/sunup/units/network-mounts.yaml", NETWORK_MOUNTS);
    let image = Image::new(&layer);
    let options = Options { slow: Some(SlowDisk { image: disk, speed: SPEED }), ..Options::default() };
    let mut machine = Machine::boot(&image, &options);
    support::log_in(&mut machine.console, BOOT, COMMAND);
    machine.console.ok(&format!("{MOUNT} && {FILL}"), COMMAND);
    machine.console.ok(LOSE, COMMAND);
    machine.control_alt_delete();
    // Its end was no success, but an end: what is over the network is gone with it.
    machine.console.expect("network-mounts: killed by SIGKILL", STOP);
    let left: Vec<u64> = (0..2)
        .map(|_| {
            machine.console.expect(WAITING, STOP);
            machine.console.expect(" kB to be written", COMMAND).parse().expect("a number")
        })
        .collect();
    assert!(left.is_sorted_by(|before, after| before > after), "{left:?}");

    let asked = Instant::now();
    machine.control_alt_delete();
    machine.console.expect("unclean stop: 0 processes, ", HURRIED);
    assert_eq!(machine.console.expect("\n", COMMAND).trim_end(), "1 mount left: /mnt/slow (hangs)");
    assert!(asked.elapsed() < HURRIED, "{:?}", asked.elapsed());
    // The kernel itself would wait for the disk.
    machine.cut_power();
    image.assert_clean();
}

/// A logger that waits for the disk, or for a process of its own that does, is waited for as long as the disk gets anywhere,
/// and nothing of what its service has written is lost.
#[test]
fn loggers_on_a_slow_disk_lose_nothing() {
    if !support::can_boot_machines() {
        return;
    }
    let (directory, disk) = disk();
    let layer = Layer::new().file("/etc/sunup/units/svlog.yaml", SVLOG).file("/etc/sunup/units/other.yaml", OTHER);
    let layer = layer.file("/etc/sv/other/run", RUN).file("/etc/sv/other/log/run", OTHER_LOGGER);
    let svlog = fs::read(programs::built().join("svlog")).expect("the real logger");
    let layer = layer.program("/usr/lib/sunup/bin/svlog.real", &svlog).file("/usr/lib/sunup/bin/svlog", SVLOG_LATE);
    let image = Image::new(&layer);
    let options = Options { slow: Some(SlowDisk { image: disk.clone(), speed: SPEED }), ..Options::default() };
    let mut machine = Machine::boot(&image, &options);
    support::log_in(&mut machine.console, BOOT, COMMAND);
    machine.console.ok(&format!("{MOUNT} && {HASTE}"), COMMAND);
    machine.console.ok("sunup start svlog other", COMMAND);
    machine.console.send("poweroff\n");
    machine.console.expect_clean_stop(STOP);
    machine.expect_off(STOP);
    let taken = support::milliseconds(&machine.console.seen(), "stage3: loggers drained and ended");
    assert!(taken > 20_000, "the disk was not slow enough to tell: {taken} ms");

    storage::assert_unmounted(&disk);
    let logs = image::extract(&disk, &["/svlog", "/other"]);
    let other = fs::read_to_string(logs.path().join("other")).expect("a log");
    for text in [writers::text(&logs.path().join("svlog")), other] {
        let numbers: Vec<usize> = text.lines().filter_map(|line| line.rsplit_once("line ")?.1.parse().ok()).collect();
        assert!(numbers.iter().copied().eq(1..=LINES), "{} of {LINES}", numbers.len());
    }
    drop(directory);
}
