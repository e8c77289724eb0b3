//! The same root boots in namespaces to the login prompt, and whoever started it sees how it ended.

use tests::namespace::{BOOT, COMMAND, End, STOP};
use tests::{Layer, Namespace};

use crate::support;

fn ends(command: &str, expected: &End) {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = Layer::new();
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    support::assert_default_up(&mut guest.console, COMMAND);
    guest.console.send(&format!("{command}\n"));
    let end = guest.expect_end(STOP);
    assert_eq!(&end, expected, "{}", guest.console.tail());
    guest.console.assert_clean_stop();
}

/// The parent of process 1 sees SIGINT after `poweroff`.
#[test]
fn poweroff_is_seen() {
    ends("poweroff", &End::PowerOff);
}

/// It sees SIGHUP after `reboot`.
#[test]
fn reboot_is_seen() {
    ends("reboot", &End::Restart);
}

/// `halt` looks like a power-off to the parent.
#[test]
fn halt_is_seen() {
    ends("halt", &End::PowerOff);
}

/// `shutdown -r now` is `reboot`.
#[test]
fn shutdown_restarts() {
    ends("shutdown -r now", &End::Restart);
}

/// A shutdown that was asked for outlives the shell and its login; everybody is told. While a command inhibits it nobody stops the
/// system by a command, and once it is called off everybody may log in again.
#[test]
fn a_shutdown_outlives_its_shell() {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = Layer::new();
    let mut guest = Namespace::boot(&layer);
    let console = &mut guest.console;
    support::log_in(console, BOOT, COMMAND);
    console.send("shutdown -h +4 good night\n");
    console.expect("good night", COMMAND);
    console.expect("The system is going down (poweroff) in 4 minutes.", COMMAND);
    console.send("exit\n");
    console.login(BOOT);
    // A pattern that is not in grep's own words.
    let waiters = "cat /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n' | grep -cx 'shutdown-waite[r]'";
    assert_eq!(console.ok(waiters, COMMAND), "1\n");
    assert_eq!(console.ok("head -n 1 /run/nologin", COMMAND), "good night\n");

    let inhibited = "sunup inhibit --why upgrade -- sh -c 'poweroff; shutdown -r now'";
    let refused = console.run(inhibited, COMMAND);
    assert_eq!(refused.code, 1, "{refused:?}");
    let reasons: Vec<_> =
        refused.text.lines().filter_map(|line| line.split_once("error: inhibited by upgrade (pid ")).collect();
    assert_eq!(reasons.iter().map(|(who, _)| *who).collect::<Vec<_>>(), ["poweroff: ", "shutdown: "], "{refused:?}");

    let wrong = console.run("shutdown -x", COMMAND);
    assert_eq!((wrong.code, wrong.text.lines().next()), (100, Some("shutdown: error: unexpected argument '-x' found")));

    console.ok("shutdown -c; while test -e /run/nologin; do sleep 0.1; done", COMMAND);
    console.send("poweroff\n");
    assert_eq!(guest.expect_end(STOP), End::PowerOff, "{}", guest.console.tail());
}
