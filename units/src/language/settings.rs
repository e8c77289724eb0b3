//! The keys of sunup.yaml.

use super::Belongs::Everywhere;
use super::Shape::{AnyText, Boolean, Either, Map, Number, Pattern, Table, Word};
use super::{DURATION, Key, PATH};
use crate::settings::{CgroupLayout, Colour, PROCESSORS, Scanner, SignalPreset};

const DEADLINES: [Key; 3] = [
    Key::new("start", Everywhere, Pattern(DURATION), "60s", "start-timeout of units that do not say"),
    Key::new("stop", Everywhere, Pattern(DURATION), "10s", "stop-timeout of units that do not say"),
    Key::new(
        "shutdown",
        Everywhere,
        Pattern(DURATION),
        "90s",
        "How long all units together may take to stop when the machine does",
    ),
];

const CONSOLE: [Key; 3] = [
    Key::new(
        "colour",
        Everywhere,
        Word(|| words(&Colour::ALL)),
        "auto",
        "Whether marks have a colour; auto: on a terminal that has colours",
    ),
    Key::new("live", Everywhere, Boolean, "true", "On a terminal, what is being waited for is shown below the lines"),
    Key::new("kmsg", Everywhere, Boolean, "false", "Lines are also written to the kernel's log"),
];

/// The keys.
pub(crate) const SETTINGS: [Key; 8] = [
    Key::new(
        "scanner",
        Everywhere,
        Word(|| words(&Scanner::ALL)),
        "sunup",
        "The supervision suite that runs as process 1",
    ),
    Key::new("cgroup", Everywhere, Word(|| words(&CgroupLayout::ALL)), "v2", "The layout of control groups"),
    Key::new(
        "signals",
        Everywhere,
        Word(|| words(&SignalPreset::ALL)),
        "sunup",
        "Whose meanings the signals to process 1 have",
    ),
    Key::new("deadlines", Everywhere, Map(&DEADLINES), "", "How long things may take where nothing else is said"),
    Key::new(
        "processors",
        Everywhere,
        Number(PROCESSORS.0, PROCESSORS.1),
        "as many as the engine may use",
        "How many units that keep a processor busy may be starting at once",
    ),
    Key::new("console", Everywhere, Map(&CONSOLE), "", "What is shown while the machine starts and stops"),
    Key::new(
        "init-scripts",
        Everywhere,
        Either(&[Pattern(PATH), Word(|| vec!["none"])]),
        "/etc/init.d",
        "Init scripts that are units where no unit file has their name",
    ),
    Key::new("vars", Everywhere, Table("[A-Za-z_][A-Za-z0-9_]*", &AnyText), "", "What ${NAME} stands for in units"),
];

fn words<T, const N: usize>(all: &[(T, &'static str); N]) -> Vec<&'static str> {
    all.iter().map(|(_, word)| *word).collect()
}
