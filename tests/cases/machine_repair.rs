//! / was repaired while the kernel had it mounted: the machine restarts, once that is known to help.

use tests::machine::{BOOT, COMMAND, Options, STOP};
use tests::{Image, Layer, Machine};

use crate::support;

/// A check that repairs something, each time where it is told to, else the first time in a boot.
const CHECK: &str = "\
#!/bin/sh
test -e /run/checked && ! grep -q never-well /proc/cmdline && exit 0
: >/run/checked
exit 3
";
/// What the unit says of it.
const REPAIRED: &str = "it was repaired while in use: ";

/// A second check that finds / well has the machine restart in order, before anything is written to /. One that finds
/// more and more does not: there is a login, and / stays read-only.
#[test]
fn restarts_once_repaired() {
    if !support::can_boot_machines() {
        return;
    }
    let image = Image::new(&Layer::new().file("/usr/sbin/fsck", CHECK).file("/usr/sbin/fsck.ext4", "#!/bin/sh\n"));
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
}
