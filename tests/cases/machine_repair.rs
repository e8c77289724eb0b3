//! / was repaired while the kernel had it mounted: the machine restarts, once that is known to help.

use tests::machine::{BOOT, COMMAND, Options, STOP};
use tests::{Console, Image, Layer, Machine, storage};

use crate::support;

/// A check that repairs something, each time where it is told to, else the first time in a boot. To a card it writes.
const CHECK: &str = "\
#!/bin/sh
test -e /run/checked && { test -e /dev/mapper/card || ! grep -q never-well /proc/cmdline; } && exit 0
: >/run/checked
test ! -e /dev/mapper/card || cat /proc/sys/kernel/random/uuid >/dev/mapper/card
exit 3
";
/// A card that somebody uses, and that fstab has at /. It keeps what is written to it; or not, once it is worn.
const CARD: &str = "\
export DM_DISABLE_UDEV=1
modprobe -a loop dm-flakey
truncate -s 4M /run/card
table=\"flakey $(losetup -f --show /run/card) 0\"
dmsetup create card --table \"0 8192 $table 60 0\"
exec 9</dev/mapper/card
head -c 4096 <&9 >/dev/null
echo '/dev/mapper/card / ext4 defaults 0 1' >/run/fstab
mount --bind /run/fstab /etc/fstab";
const WEAR: &str = "\
dmsetup reload card --table \"0 8192 $table 0 60 1 drop_writes\"
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
    machine.console.expect("clean stop: 0 processes, ", STOP);
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
