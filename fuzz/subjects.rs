//! What any bytes may be given to, and what must hold whatever they are: nobody panics, and what comes out is bounded.
//!
//! Shared by the fuzz targets and by the property tests of `make test`.

use std::path::Path;

use supervisor::status::{SIZE, Status};
use supervisor::supervise::action::Action;
use supervisor::supervise::event::{Event, Now, Settings};
use supervisor::supervise::machine::Machine;
use supervisor::tai::Tai64n;
use units::import::{Format, import_texts};
use units::{Diagnostic, UnitSet};

/// A subject.
pub type Subject = fn(&[u8]);

/// Every subject with its name and a text to begin with.
pub const ALL: [(&str, Subject, &[u8]); 6] = [
    ("yaml", yaml, b"kind: longrun\nneeds: [a, b]\nrun: &x [/bin/a, 'b', \"\\u00e4\"]\nready: {exec: *x, every: 1s}\n---\nname: c\nkind: oneshot\nstart: |\n  echo ${X}\n"),
    ("lsb", lsb, b"#!/bin/sh\n### BEGIN INIT INFO\n# Provides: web\n# Required-Start: $remote_fs $syslog\n# Default-Start: 2 3 4 5\n# Description: a\n#  b\n### END INIT INFO\nDAEMON=/bin/x\n"),
    ("inittab", inittab, b"id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 tty1\nca::ctrlaltdel:/sbin/shutdown -r now\n"),
    ("fstab", fstab, b"UUID=1-2 / ext4 errors=remount-ro 0 1\n/dev/sda2 none swap sw,pri=5 0 0\ntmpfs /my\\040dir tmpfs\n"),
    ("status", status, b"\x40\0\0\0\x65\0\0\0\0\0\0\x05\x04\x03\0\0\0u\0\x01sun\x01\0\0\0\0\0\0\0\0\0\0\0\0\xff\xff\x03\0\x01\0\0\0\x08\0\0\0\0\0\0\0\x09\0\0\0\0\0\0\0\0\0\0\0"),
    ("control", control, b"udopchaitkxqbyrlPCKODUQ12w"),
];

/// More than this is not told of one file, lines of several errors included.
const MOST_TOLD: usize = 400;

/// A unit file: units or errors come out, and a unit is the same after it was printed and read.
pub fn yaml(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let set = UnitSet::from_texts(&[("u/x.yaml", text)]);
    assert!(set.diagnostics().len() <= MOST_TOLD, "{} errors", set.diagnostics().len());
    assert!(set.broken().values().all(|errors| errors.iter().any(Diagnostic::is_error)));
    for unit in set.units().values() {
        let printed = unit.to_yaml();
        let path = format!("u/{}.yaml", unit.name);
        let again = UnitSet::from_texts(&[(path.as_str(), printed.as_str())]);
        let again = again.get(unit.name.as_str()).map(|unit| unit.to_yaml());
        assert_eq!(again.as_ref(), Some(&printed), "{:?}", set.units());
    }
}

/// An init script's header.
pub fn lsb(bytes: &[u8]) {
    imports(Format::Lsb, "/etc/init.d/x", bytes);
}

/// An inittab.
pub fn inittab(bytes: &[u8]) {
    imports(Format::Inittab, "/etc/inittab", bytes);
}

/// What is imported is no longer than what it came from, but for what every unit has.
fn imports(format: Format, path: &str, bytes: &[u8]) {
    for import in import_texts(format, &[(Path::new(path), bytes)]) {
        let size: usize = import.units.iter().map(|unit| unit.text.len()).sum();
        assert!(size <= 4096 * (bytes.len() + 1), "{size} bytes of {}", bytes.len());
        assert!(import.directives.len() <= bytes.len() + 16);
    }
}

/// A table of filesystems: no more entries than lines.
pub fn fstab(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    assert!(stage2::steps::fstab_lines(&text) <= text.lines().count());
}

/// A status record: one that is understood says the same after it was written.
pub fn status(bytes: &[u8]) {
    let Some(status) = Status::unpack(bytes) else { return };
    assert!(bytes.len() >= SIZE);
    let again = Status::unpack(&status.pack()).map(|again| again.pack());
    assert_eq!(again, Some(status.pack()));
}

/// Letters for a supervise, each answered before the next: what it asks for is bounded, and its record can be read.
pub fn control(bytes: &[u8]) {
    let mut machine = Machine::new(bytes.len().is_multiple_of(2));
    let clock = |number: usize| {
        let ns = 1_000_000_000 * (number as u64 + 1);
        Now { monotonic: ns, since_boot: ns, label: Tai64n::from_unix(number as i64, 0) }
    };
    machine.step(Event::Begin, &clock(0));
    for (&letter, number) in bytes.iter().zip(1..4096) {
        let actions: Vec<Action> = machine.step(Event::Letter(letter), &clock(number)).iter().collect();
        assert!(actions.len() <= 16, "{} actions", actions.len());
        for action in actions {
            if let Action::Start(_) = action {
                machine.step(Event::Forked(number as u32 + 1, 1, Settings::DEFAULT), &clock(number));
                machine.step(Event::Executed, &clock(number));
            }
        }
        machine.step(Event::Time, &clock(number));
        assert!(Status::unpack(&machine.status().pack()).is_some());
    }
}
