//! Storage on storage, and storage over the network: whatever is made of whatever, a stop takes it apart down to the disk. What
//! comes next is no firmware but a kernel that was loaded before, which judges what the first one has left.

use std::fs;

use tests::machine::{BOOT, COMMAND, Options, STOP};
use tests::{Console, Image, Kernel, Layer, Machine, cache, nfs, storage};

use crate::support;

/// From the disk upwards: ext4, a loop device, ext4, two loop devices, an array of them, dm-crypt on that, and in that a volume
/// of LVM; ext4, an overlay, a directory of it bound elsewhere, and the /proc of a root to change to, which goes late, when /dev
/// and /sys are gone. Swap on three floors, and files in memory that lie in it.
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
/root/decrypt
pvcreate -q /dev/mapper/hidden >/dev/null
vgcreate -q group /dev/mapper/hidden >/dev/null
lvcreate -q -n volume -l 100%FREE group >/dev/null
mkfs.ext4 -q /dev/group/volume
mount /dev/group/volume /mnt/inner
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
/// The array's content by its key.
const DECRYPT: &str = "\
#!/bin/sh -e
key=$(printf '%0128d' 6502)
dmsetup create hidden --table \"0 $(blockdev --getsz /dev/md0) crypt aes-xts-plain64 $key 0 /dev/md0 0\"
";
/// The second kernel's `init`. It changes nothing on the disk: one half of the array is looked at in memory.
const JUDGE: &str = "\
#!/bin/sh
export PATH=/sbin:/bin:/usr/sbin:/usr/bin DM_DISABLE_UDEV=1
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs run /run
mount -t tmpfs memory /mnt
echo 'the judge begins'
modprobe -a loop raid1 dm-crypt
mkdir /mnt/outer
mount -o ro,noload,loop /outer.img /mnt/outer
cp /mnt/outer/one.img /mnt/half
mdadm --assemble --quiet --run /dev/md0 $(losetup -f --show /mnt/half)
/root/decrypt
vgchange -q -a y group
for filesystem in /outer.img /dev/mapper/group-volume; do
    e2fsck -fn $filesystem >/dev/null 2>&1
    echo \"$filesystem: $?, $(dumpe2fs -h $filesystem 2>/dev/null | grep features:)\"
done
echo 'the judge has spoken'
while sleep 60; do :; done
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

/// Nothing of it is left, and every filesystem in it was unmounted.
#[test]
fn stacked_storage_comes_apart() {
    if !support::can_boot_machines() {
        return;
    }
    let image = Image::new(&layer());
    let mut machine = Machine::boot(&image, &Options::default());
    let console = &mut machine.console;
    support::log_in(console, BOOT, COMMAND);
    console.ok("/root/build", COMMAND);
    console.ok("sunup start fill holder && until test -s /mnt/bound/file; do sleep 0.1; done", COMMAND);
    assert_built(console);
    console.ok(&format!("echo kept >{}/file", nfs::SHARED), COMMAND);
    let words = "console=ttyS0 root=/dev/nvme0n1 rootfstype=ext4 rootflags=noload ro mitigations=off init=/root/judge";
    console.ok(&format!("kexec -s -l /boot/vmlinuz --command-line='{words}'"), COMMAND);
    console.send("reboot --kexec\n");
    let before = console.expect_clean_stop(STOP);
    assert_goes_before(&before, "network-mounts", "network");
    assert_goes_before(&before, "network-mounts", "server");
    judged(console);
    machine.cut_power();
    image.assert_clean();
    assert_eq!(image.read(&format!("{}/file", nfs::STORED)), "kept\n");
    assert_halves_agree(&image);
}

fn layer() -> Layer {
    let kernel = fs::read(Kernel::plain().image).expect("the kernel");
    let layer = nfs::add(Layer::new()).program("/boot/vmlinuz", &kernel);
    let layer = layer.file("/root/build", BUILD).file("/root/decrypt", DECRYPT).file("/root/judge", JUDGE);
    let layer = layer.file("/etc/modules-load.d/storage.conf", "loop\nraid1\ndm-crypt\noverlay\n");
    layer.file("/etc/sunup/units/fill.yaml", FILL).file("/etc/sunup/units/holder.yaml", WRITER)
}

/// The order in which units went, by the lines that the console has of them.
fn assert_goes_before(stop: &str, first: &str, second: &str) {
    let place = |unit: &str| stop.find(&format!("] {unit}: stopped")).unwrap_or_else(|| panic!("{unit}: {stop}"));
    assert!(place(first) < place(second), "{first} goes after {second}: {stop}");
}

/// Another kernel has been started by this one, and finds each filesystem unmounted and without a fault.
fn judged(console: &mut Console) {
    let started = console.expect("the judge begins", BOOT);
    assert!(started.contains("init=/root/judge"), "no second kernel: {started}");
    let said = console.expect("the judge has spoken", BOOT);
    for filesystem in ["/outer.img", "/dev/mapper/group-volume"] {
        let line = said.lines().find(|line| line.starts_with(&format!("{filesystem}: 0, ")));
        let features = line.unwrap_or_else(|| panic!("{filesystem} has a fault: {said}"));
        assert!(features.contains("has_journal") && !features.contains("needs_recovery"), "{features}");
    }
}

/// The test is worth something only if everything is there, and swap holds what does not fit into memory.
fn assert_built(console: &mut Console) {
    let mounted = console.ok("findmnt -n -r -o TARGET,FSTYPE | grep ^/mnt | sort", COMMAND);
    let expected = "/mnt/bound overlay\n/mnt/inner ext4\n/mnt/inner/root/proc proc\n/mnt/memory tmpfs\n/mnt/merged overlay\n/mnt/outer ext4\n/mnt/shared nfs4\n";
    assert_eq!(mounted, expected);
    assert_eq!(console.ok("cat /sys/block/*/loop/backing_file", COMMAND).lines().count(), 3);
    assert_eq!(console.ok("cat /sys/block/dm-*/dm/name | sort", COMMAND), "group-volume\nhidden\n");
    console.ok("grep '^md0 : active raid1' /proc/mdstat", COMMAND);
    let swapped =
        console.ok("awk 'NR > 1 {areas++; used += $4} END {print areas, (used > 8192)}' /proc/swaps", COMMAND);
    assert_eq!(swapped, "3 1\n");
}

/// What was written last has reached both halves of the array, but for what each says of itself at its end.
fn assert_halves_agree(image: &Image) {
    let directory = tempfile::tempdir_in(cache::directory()).expect("a temporary directory");
    let outer = directory.path().join("outer");
    storage::take_out(&image.path(), "/outer.img", &outer);
    let halves = ["one.img", "two.img"].map(|half| {
        let path = directory.path().join(half);
        storage::take_out(&outer, &format!("/{half}"), &path);
        fs::read(path).expect("half of an array")
    });
    let content = halves[0].len() - (1 << 20);
    assert!(halves[0][..content] == halves[1][..content], "the halves differ");
}
