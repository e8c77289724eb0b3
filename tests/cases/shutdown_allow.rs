//! `shutdown -a`: whoever asks for it at the machine is heeded only while somebody who is trusted is logged in there.

use std::fs::OpenOptions;
use std::io::Write;

use supervisor::login::{SIZE, UTMP};
use tests::namespace::{BOOT, COMMAND, End, STOP};
use tests::{Layer, Namespace};

use crate::support;

/// What is asked for, and what becomes of it while nobody is there.
const ASKED: &str = "shutdown -a -h now";
const REFUSED: &str = "shutdown: error: nobody of '/etc/shutdown.allow' is logged in on a virtual console\n";

/// Somebody trusted who is elsewhere does not count, and nothing is stopped; at the machine he does.
#[test]
fn only_while_somebody_trusted_is_there() {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = Layer::new().file("/etc/shutdown.allow", "# operators\neve\n");
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    log_in(&guest, "pts/7");
    let answer = guest.console.run(ASKED, COMMAND);
    assert_eq!((answer.code, answer.text.as_str()), (1, REFUSED));
    guest.console.ok("sunup status cron && ! test -e /run/sunup/stage3.lock", COMMAND);

    log_in(&guest, "tty1");
    guest.console.send(&format!("{ASKED}\n"));
    assert_eq!(guest.expect_end(STOP), End::PowerOff, "{}", guest.console.tail());
    guest.console.assert_clean_stop();
}

/// Notes, as a login does, that eve is on a terminal.
fn log_in(guest: &Namespace, terminal: &str) {
    const LOGIN: u8 = 7;
    let mut record = [0; SIZE];
    record[0] = LOGIN;
    record[8..8 + terminal.len()].copy_from_slice(terminal.as_bytes());
    record[44..47].copy_from_slice(b"eve");
    let path = format!("/proc/{}/root{UTMP}", guest.process_one());
    OpenOptions::new().append(true).open(&path).and_then(|mut file| file.write_all(&record)).expect("a login noted");
}
