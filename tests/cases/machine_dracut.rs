//! A root on LVM, which dracut's initramfs has found: it is given back to that initramfs, and dracut has the last word.

use tests::dracut::Dracut;
use tests::machine::{BOOT, COMMAND, Options, STOP};
use tests::{Image, Layer, Machine, lvm};

use crate::support;

/// Who asks dracut for its initramfs at the end is its own module for LVM.
#[test]
fn ends_in_dracuts_initramfs() {
    if !support::can_boot_machines() {
        return;
    }
    let dracut = Dracut::new();
    let image = Image::on_lvm(&dracut.add(Layer::new()));
    let volume = lvm::VOLUME;
    let append = format!("root=/dev/{volume} rd.lvm.lv={volume}");
    let mut machine = Machine::boot(&image, &Options { kernel: dracut.kernel(), append, ..Options::default() });
    let console = &mut machine.console;
    support::log_in(console, BOOT, COMMAND);
    assert_eq!(console.ok("findmnt -n -o SOURCE,FSTYPE /", COMMAND), "/dev/mapper/group-root ext4\n");
    console.ok("test -e /run/initramfs/.need_shutdown && test ! -e /run/initramfs/shutdown", COMMAND);
    console.send("poweroff\n");
    console.expect_clean_stop(STOP);
    let said = console.expect("dracut Warning: Unmounted /oldroot.", STOP);
    assert!(said.contains("dracut Warning: Killing all remaining processes"), "{said}");
    assert!(!said.contains("mount:"), "a mount is not where dracut looks for it: {said}");
    machine.expect_off(STOP);
    image.assert_clean();
}
