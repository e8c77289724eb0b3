//! / was repaired while the kernel had it mounted: the machine restarts, once that is known to help.

use tests::machine::{BOOT, COMMAND, Options, STOP};
use tests::{Console, Image, Layer, Machine, storage};

use crate::support;

/// A check that repairs something, each time where it is told to, else the first time in a boot. A card gets another name,
/// which stands in its superblock.
const CHECK: &str = "\
#!/bin/sh
test -e /run/checked && { test -e /dev/mapper/card || ! grep -q never-well /proc/cmdline; } && exit 0
: >/run/checked
test ! -e /dev/mapper/card || dd if=/proc/sys/kernel/random/uuid of=/dev/mapper/card bs=1 seek=1144 count=16 status=none
exit 3
";
/// A card that is mounted, and that fstab has at /. It keeps what is written to it; or not, once it is worn. The power went
/// while it was mounted, and a file open that had no name any more: what the kernel has written to its journal since, in the
/// first MiB, went past the kernel's memory.
const CARD: &str = "\
export DM_DISABLE_UDEV=1
modprobe -a loop dm-flakey
truncate -s 16M /run/powered
mkfs.ext4 -q -b 4096 /run/powered
mount -o loop /run/powered /mnt
exec 9>/mnt/nameless
rm /mnt/nameless
sync -f /mnt
cp /run/powered /run/card
exec 9>&-
umount /mnt
table=\"flakey $(losetup -f --show /run/card) 0\"
dmsetup create card --table \"0 32768 $table 60 0\"
mount -o ro /dev/mapper/card /mnt
echo '/dev/mapper/card / ext4 defaults 0 1' >/run/fstab
mount --bind /run/fstab /etc/fstab
beginning() { dd if=/dev/mapper/card bs=1M count=1 status=none $1 | md5sum; }
test \"$(beginning)\" != \"$(beginning iflag=direct)\"";
const WEAR: &str = "\
dmsetup reload card --table \"0 32768 $table 0 60 1 drop_writes\"
dmsetup suspend card
dmsetup resume card";
/// What the unit says of it.
const REPAIRED: &str = "it was repaired while in use: ";

/// A second check that finds / well has the machine restart in order, before anything is written to /. One that finds
/// more and more does not: there is a login, and / stays read-only.
#[test]
fn restarts_once_repaired() {
    if !support::can_boot_machines() {
        return;
    }
    let layer = Layer::new().tree(&storage::tools());
    let image = Image::new(&layer.file("/usr/sbin/fsck", CHECK).file("/usr/sbin/fsck.ext4", "#!/bin/sh\n"));
    let mut machine = Machine::boot(&image, &Options::default());
    machine.console.expect(REPAIRED, BOOT);
    machine.console.expect("the machine restarts", COMMAND);
    machine.console.expect_clean_stop(STOP);
    machine.expect_off(STOP);
    drop(machine);
    image.assert_clean();

    let mut machine = Machine::boot(&image, &Options { append: "never-well".to_owned(), ..Options::default() });
    machine.console.expect(REPAIRED, BOOT);
    machine.console.expect("no restart, as a second check ended with exit code 3", COMMAND);
    machine.console.login(BOOT);
    machine.console.ok("grep -q ' / ext4 ro' /proc/mounts", COMMAND);
    asks_the_disk(&mut machine.console);
}

/// A check by hand says what a boot would do with a disk that keeps the repair, and with one that forgets it.
fn asks_the_disk(console: &mut Console) {
    for (change, expected) in [(CARD, "reboot needed"), (WEAR, "no restart, as the disk has not kept the repair")] {
        console.ok(change, COMMAND);
        let said = console.run("rm /run/checked; sunup step fsck", COMMAND).text;
        assert!(said.ends_with(&format!("{REPAIRED}{expected}\n")), "{said}");
    }
}
