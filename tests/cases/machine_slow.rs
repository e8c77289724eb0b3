//! A disk that takes long to write what it got: a stop waits while it gets anywhere, says how far it has come, and waits no
//! longer once somebody asks a second time.

use std::fs::File;
use std::time::{Duration, Instant};

use tests::machine::{BOOT, COMMAND, Options, STOP, SlowDisk};
use tests::{Image, Layer, Machine, cache, command};

use crate::support;

/// What the disk writes in a second, and how much it has to write: it would be at it for two minutes.
const SPEED: u64 = 500_000;
const FILL: &str = "mount /dev/nvme1n1 /mnt && dd if=/dev/zero of=/mnt/file bs=1M count=60 status=none";
/// How the stop says that it waits for the disk.
const WAITING: &str = "stage3: waiting for /mnt, ";
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
    let image = Image::new(&Layer::new());
    let options = Options { slow: Some(SlowDisk { image: disk, speed: SPEED }), ..Options::default() };
    let mut machine = Machine::boot(&image, &options);
    support::log_in(&mut machine.console, BOOT, COMMAND);
    machine.console.ok(FILL, COMMAND);
    machine.control_alt_delete();
    let left: Vec<u64> = (0..3)
        .map(|_| {
            machine.console.expect(WAITING, STOP);
            machine.console.expect(" kB to be written", COMMAND).parse().expect("a number")
        })
        .collect();
    assert!(left.is_sorted_by(|before, after| before > after), "{left:?}");

    let asked = Instant::now();
    machine.control_alt_delete();
    machine.console.expect("unclean stop: 0 processes, ", HURRIED);
    machine.console.expect("/mnt (hangs)", COMMAND);
    assert!(asked.elapsed() < HURRIED, "{:?}", asked.elapsed());
    // The kernel itself would wait for the disk.
    machine.cut_power();
    image.assert_clean();
}
