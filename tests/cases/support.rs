//! What several behaviours ask of a booted guest.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;
use tests::{Console, require};

/// Units that are up on every booted root, whatever boots it.
pub const ALWAYS_UP: [&str; 6] = ["cron", "dbus", "local", "nginx", "rsyslog", "sshd"];

/// Whether a root can be booted in namespaces here.
pub fn can_boot_namespaces() -> bool {
    require::root() && require::tools(&["mmdebstrap", "make", "unshare", "setpriv"])
}

/// Whether a root can be booted in a virtual machine here.
pub fn can_boot_machines() -> bool {
    can_boot_namespaces() && require::tools(&["qemu-system-x86_64", "mkfs.ext4", "dumpe2fs", "e2fsck", "apt-get"])
}

/// Logs root in and waits until the engine has answered the boot's request.
pub fn log_in(console: &mut Console, boot: Duration, command: Duration) {
    console.login(boot);
    // The kernel's and the engine's lines would stand in the middle of what commands print.
    console.run("dmesg -n 1", command);
    console.ok("until test -e /run/sunup/requests/boot.done; do sleep 0.1; done", boot);
}

/// Unit → its object in `sunup status --json`.
pub fn status(console: &mut Console, deadline: Duration) -> BTreeMap<String, Value> {
    let text = console.ok("sunup status --json", deadline);
    let units: Vec<Value> = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error} in {text}"));
    units.into_iter().map(|unit| (unit["unit"].as_str().expect("a name").to_string(), unit)).collect()
}

/// Fails unless every unit of the bundle `default` is up, or skipped because it is for the other kind of guest. Gives
/// unit → state.
pub fn assert_default_up(console: &mut Console, deadline: Duration) -> BTreeMap<String, String> {
    let units = status(console, deadline);
    let links = console.ok("ls /etc/sunup/bundles/default", deadline);
    for name in links.split_whitespace().map(|link| link.trim_end_matches(".yaml")) {
        let unit = units.get(name).unwrap_or_else(|| panic!("{name} has no state; {}", console.tail()));
        let is_elsewhere = unit["reason"].as_str().is_some_and(|reason| reason.ends_with("in a container"));
        assert!(unit["state"] == "up" || unit["state"] == "skipped" && is_elsewhere, "{unit}; {}", console.tail());
    }
    for name in ALWAYS_UP {
        assert_eq!(units[name]["state"], "up", "{name}; {}", console.tail());
    }
    units.into_iter().map(|(name, unit)| (name, unit["state"].as_str().expect("a state").to_string())).collect()
}

/// The milliseconds at the end of the first line that contains a text.
pub fn milliseconds(log: &str, text: &str) -> u64 {
    let line = log.lines().find(|line| line.contains(text)).unwrap_or_else(|| panic!("no {text:?}: {log}"));
    let number = line.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(" ms)")).expect("a time");
    number.parse().expect("a number of milliseconds")
}

/// Waits until something that nobody tells of is so. Panics at the deadline.
pub fn await_that(deadline: Duration, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < deadline, "still not so after {deadline:?}");
        std::thread::sleep(Duration::from_millis(5));
    }
}
