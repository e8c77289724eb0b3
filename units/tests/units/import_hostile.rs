//! Sources that were made to hurt.

use std::path::Path;

use units::import::{Format, import_texts};

use crate::import::{INIT_SCRIPT, SERVICE};
use crate::prng::Random;

/// A text with bytes changed, cut, doubled and strewn.
fn mutated(random: &mut Random, text: &str) -> Vec<u8> {
    const STREWN: [&[u8]; 14] = [
        b"\n",
        b"\\\n",
        b":",
        b"=",
        b"%",
        b"$",
        b"\"",
        b"'",
        b"{",
        b"}",
        b"\0",
        b"\xff\xfe",
        b"- ",
        "ä\u{2028}".as_bytes(),
    ];
    let mut bytes = text.as_bytes().to_vec();
    for _ in 0..=random.below(8) {
        let at = random.below(bytes.len().max(1)).min(bytes.len());
        match random.below(4) {
            0 => drop(bytes.splice(at..at, random.pick(&STREWN).iter().copied())),
            1 => bytes.truncate(at),
            2 => drop(bytes.drain(at..(at + random.below(9)).min(bytes.len()))),
            _ => bytes.extend_from_within(at..(at + random.below(40)).min(bytes.len())),
        }
    }
    bytes
}

/// No text makes an importer panic. What comes out our own parser takes, or somebody is told; a sound unit is the same
/// after it has been printed and read.
#[test]
fn nothing_hurts() {
    let table = "id:2:initdefault:\n1:2345:respawn:/sbin/getty 38400 tty1\nx:S:wait:/bin/x 'y' | z\nc::ctrlaltdel:/sbin/shutdown\n";
    let openrc = "command=/x\ncommand_args=\"a\nb\"\nsupervisor=supervise-daemon\ndepend() {\n need net; use dns\n}\nstart_pre() { x; }\n";
    let sources = [
        (Format::Lsb, "/i/web", INIT_SCRIPT),
        (Format::Inittab, "/etc/inittab", table),
        (Format::Systemd, "/s/web@a.service", SERVICE),
        (Format::Openrc, "/i/rc", openrc),
    ];
    let mut random = Random(7);
    for round in 0..3000 {
        let (format, path, text) = sources[round % sources.len()];
        let bytes = mutated(&mut random, text);
        for import in import_texts(format, &[(Path::new(path), &bytes)]) {
            let is_sound = import.units.iter().all(|unit| unit.unit.is_some());
            assert!(is_sound || !import.decisions.is_empty(), "{import:#?}");
            import.units.iter().filter_map(|unit| unit.unit.as_deref()).for_each(crate::print::assert_same);
        }
    }
}
