//! Storage on storage: whatever is made of whatever, a stop takes it apart down to the disk.

use tests::machine::{BOOT, COMMAND, Options, STOP};
use tests::{Console, Image, Layer, Machine, cache, storage};

use crate::support;

/// From the disk upwards: ext4, a loop device, ext4, two loop devices, an array of them, dm-crypt on that, and on that
/// what a volume of LVM is; ext4, an overlay, a directory of it bound elsewhere, and the /proc of a root to change to, which
/// goes late, when /dev and /sys are gone. Swap on three floors, and files in memory that lie in it. The cipher is the one
/// that changes nothing, so that the test can judge the filesystem inside.
const BUILD: &str = "\
#!/bin/sh -e
mkdir -p /mnt/outer /mnt/inner /mnt/merged /mnt/bound /mnt/memory
filesystem() {
    truncate -s $2 $1
    mkfs.ext4 -q $1
}
swap() {
    dd if=/dev/zero of=$1 bs=1M count=16 status=none
    chmod 600 $1
    mkswap $1 >/dev/null
    swapon $1
}
filesystem /outer.img 96M
mount -o loop /outer.img /mnt/outer
truncate -s 32M /mnt/outer/one.img /mnt/outer/two.img
one=$(losetup -f --show /mnt/outer/one.img)
two=$(losetup -f --show /mnt/outer/two.img)
mdadm --create /dev/md0 --quiet --run --assume-clean --metadata 1.0 --level 1 --raid-devices 2 $one $two
size=$(($(blockdev --getsz /dev/md0) - 1024))
dmsetup create hidden --table \"0 $size crypt cipher_null-ecb - 0 /dev/md0 0\"
dmsetup create group-volume --table \"0 $size linear /dev/mapper/hidden 0\"
mkfs.ext4 -q /dev/mapper/group-volume
mount /dev/mapper/group-volume /mnt/inner
mkdir -p /mnt/inner/lower/bound /mnt/inner/upper /mnt/inner/work
mount -t overlay overlay -o lowerdir=/mnt/inner/lower,upperdir=/mnt/inner/upper,workdir=/mnt/inner/work /mnt/merged
mount --bind /mnt/merged/bound /mnt/bound
mkdir -p /mnt/inner/root/proc
mount -t proc proc /mnt/inner/root/proc
swap /swap
swap /mnt/outer/swap
swap /mnt/inner/swap
mount -t tmpfs -o size=40M memory /mnt/memory
";
/// Writes more into memory than it may have there.
const FILL: &str = "\
kind: oneshot
start: [dd, if=/dev/zero, of=/mnt/memory/file, bs=1M, count=32]
cgroup: {memory.max: 8M}
";
/// A service that has its files on the uppermost floor.
const WRITER: &str = "\
kind: longrun
directory: /mnt/bound
run: while :; do date; sleep 1; done >>file
";
/// What stage 3 says last.
const CLEAN: &str = "clean stop: 0 processes, 0 mounts left";

/// Nothing of it is left, and every filesystem in it was unmounted.
#[test]
fn stacked_storage_comes_apart() {
    if !support::can_boot_machines() {
        return;
    }
    let layer = Layer::new().tree(&storage::tools()).file("/root/build", BUILD);
    let layer = layer.file("/etc/modules-load.d/storage.conf", "loop\nraid1\ndm-crypt\noverlay\n");
    let layer = layer.file("/etc/sunup/units/fill.yaml", FILL).file("/etc/sunup/units/holder.yaml", WRITER);
    let image = Image::new(&layer);
    let mut machine = Machine::boot(&image, &Options::default());
    let console = &mut machine.console;
    support::log_in(console, BOOT, COMMAND);
    console.ok("/root/build", COMMAND);
    console.ok("sunup start fill holder && until test -s /mnt/bound/file; do sleep 0.1; done", COMMAND);
    assert_built(console);
    console.send("poweroff\n");
    console.expect(CLEAN, STOP);
    machine.expect_off(STOP);
    image.assert_clean();
    assert_all_unmounted(&image);
}

/// The test is worth something only if everything is there, and swap holds what does not fit into memory.
fn assert_built(console: &mut Console) {
    let mounted = console.ok("findmnt -n -r -o TARGET,FSTYPE | grep ^/mnt | sort", COMMAND);
    let expected = "/mnt/bound overlay\n/mnt/inner ext4\n/mnt/inner/root/proc proc\n/mnt/memory tmpfs\n/mnt/merged overlay\n/mnt/outer ext4\n";
    assert_eq!(mounted, expected);
    assert_eq!(console.ok("cat /sys/block/*/loop/backing_file", COMMAND).lines().count(), 3);
    assert_eq!(console.ok("cat /sys/block/dm-*/dm/name | sort", COMMAND), "group-volume\nhidden\n");
    console.ok("grep '^md0 : active raid1' /proc/mdstat", COMMAND);
    let swapped =
        console.ok("awk 'NR > 1 {areas++; used += $4} END {print areas, (used > 8192)}' /proc/swaps", COMMAND);
    assert_eq!(swapped, "3 1\n");
}

/// The outer filesystem, and the inner one as both halves of the array have it.
fn assert_all_unmounted(image: &Image) {
    let directory = tempfile::tempdir_in(cache::directory()).expect("a temporary directory");
    let (outer, inner) = (directory.path().join("outer"), directory.path().join("inner"));
    storage::take_out(&image.path(), "/outer.img", &outer);
    storage::assert_unmounted(&outer);
    for half in ["/one.img", "/two.img"] {
        storage::take_out(&outer, half, &inner);
        storage::assert_unmounted(&inner);
    }
}
