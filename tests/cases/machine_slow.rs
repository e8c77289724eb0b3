//! A disk that takes long to write what it got, and a server that is gone: a stop waits while the disk gets anywhere, says how far
//! it has come, and waits no longer once somebody asks a second time.

use std::fs::File;
use std::time::{Duration, Instant};

use tests::machine::{BOOT, COMMAND, Options, STOP, SlowDisk};
use tests::{Image, Layer, Machine, cache, command, nfs};

use crate::support;

/// What the disk writes in a second, and how much it has to write: it would be at it for two minutes.
const SPEED: u64 = 500_000;
const FILL: &str =
    "mkdir /mnt/slow && mount /dev/nvme1n1 /mnt/slow && dd if=/dev/zero of=/mnt/slow/file bs=1M count=60 status=none";
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

/// What is left to be written becomes less from line to line. The second Control-Alt-Delete comes when there is no root and no
/// /dev any more; then it ends, and tells what it has not waited for.
#[test]
fn slow_disk_is_waited_for_and_given_up() {
    if !support::can_boot_machines() {
        return;
    }
    let directory = tempfile::tempdir_in(cache::directory()).expect("a temporary directory");
    let disk = directory.path().join("slow.img");
    File::create(&disk).and_then(|file| file.set_len(100 << 20)).expect("a disk");
    command::run(command::words(&["mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=1"]).arg(&disk));
    let layer = nfs::add(Layer::new()).file("/etc/sunup/units/network-mounts.yaml", NETWORK_MOUNTS);
    let image = Image::new(&layer);
    let options = Options { slow: Some(SlowDisk { image: disk, speed: SPEED }), ..Options::default() };
    let mut machine = Machine::boot(&image, &options);
    support::log_in(&mut machine.console, BOOT, COMMAND);
    machine.console.ok(FILL, COMMAND);
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
