//! What a unit is, when it is up, and what else must be.

use super::Belongs::{Everywhere, Longrun, Oneshot, Running};
use super::Shape::{Argv, Boolean, Choice, Either, List, Map, Number, OneOrSeveral, Pattern, Text, Token, Word};
use super::{DURATION, Key, NAME, PATH, SIZE, Shape};
use crate::{KillMode, Restart, Step, WhenFull};

const NAMES: Shape = List(&Token(NAME));
const COMMAND: Shape = Either(&[Argv, Text]);
const SOCKET: &str = "(tcp|udp)://[^ ]+:[0-9]+( [^ :]+)?|unix(-dgram|-seqpacket)?:///[^ ]+( [^ :]+)?";
/// The descriptors that a service may announce itself on: 0 to 2 are its own.
pub(crate) const DESCRIPTORS: (i64, i64) = (3, 255);
/// How many old log files may be kept.
pub(crate) const KEEPS: (i64, i64) = (2, 10_000);

const CONDITIONS: [Key; 4] = [
    Key::new("path", Everywhere, OneOrSeveral(&Pattern("!?/.*")), "", "These paths exist, or with ! do not"),
    Key::new("container", Everywhere, Boolean, "", "In a container, that is outside the first pid namespace, or not"),
    Key::new(
        "cmdline",
        Everywhere,
        OneOrSeveral(&Token("!?[^ ]+")),
        "",
        "These words are on the kernel's command line, or with ! are not",
    ),
    Key::new("user", Everywhere, OneOrSeveral(&Token("[^:]+")), "", "These accounts exist and can be used here"),
];

const READY: [Key; 6] = [
    Key::new("fd", Longrun, Number(DESCRIPTORS.0, DESCRIPTORS.1), "", "Once it writes a newline on this descriptor"),
    Key::new("tcp", Longrun, Pattern("[^ ]+:[0-9]+"), "", "Once a connection is accepted at ADDRESS:PORT"),
    Key::new("socket", Longrun, Pattern(PATH), "", "Once a UNIX stream socket accepts there"),
    Key::new("file", Longrun, Pattern(PATH), "", "Once the file exists"),
    Key::new("exec", Longrun, Argv, "", "Once this command exits 0"),
    Key::new("every", Longrun, Pattern(DURATION), "100ms for tcp, 200ms for exec", "How often tcp and exec ask"),
];

const LOG: [Key; 4] = [
    Key::new("dir", Longrun, Pattern(PATH), "/var/log/sunup/NAME", "The logger's directory"),
    Key::new("size", Longrun, Token(SIZE), "1M", "Size of a file, at least 4K and less than 16M"),
    Key::new("keep", Longrun, Number(KEEPS.0, KEEPS.1), "10", "How many old files are kept"),
    Key::new(
        "when-full",
        Longrun,
        Word(|| words(&WhenFull::ALL)),
        "drop",
        "Whether lines that the disk does not take are dropped and counted, or the service waits",
    ),
];

/// The keys, but those of [`mod@super::surroundings`].
pub(super) const KEYS: [Key; 30] = [
    Key::new(
        "name",
        Everywhere,
        Token(NAME),
        "the file's name",
        "The unit's name; needed where a file holds several units",
    ),
    Key::new("description", Everywhere, Text, "the unit's name", "One line, shown on the console"),
    Key::new(
        "kind",
        Everywhere,
        Word(crate::check::kinds),
        "",
        "A supervised process, something done once, or a name for a point in the order",
    ),
    Key::new("needs", Everywhere, NAMES, "[]", "Must be up first; if one fails or ends for good, so does this"),
    Key::new("wants", Everywhere, NAMES, "[]", "Brought up and waited for; their failure is tolerated"),
    Key::new("after", Everywhere, NAMES, "[]", "Order only: if they are brought up at all, this waits for them"),
    Key::new("before", Everywhere, NAMES, "[]", "Order only: if they are brought up at all, they wait for this"),
    Key::new("conflicts", Everywhere, NAMES, "[]", "Never up together with this"),
    Key::new("provides", Everywhere, NAMES, "[]", "Further names of this unit"),
    Key::new("essential", Everywhere, Boolean, "false", "Its failure sends the boot to the rescue bundle"),
    Key::new("if", Everywhere, Map(&CONDITIONS), "", "All must hold, else the unit is skipped"),
    Key::new(
        "start-timeout",
        Running,
        Either(&[Pattern(DURATION), Word(|| vec!["none"])]),
        "60s",
        "How long it may take to get up, after which it is failed",
    ),
    Key::new(
        "stop-timeout",
        Running,
        Pattern(DURATION),
        "10s",
        "How long it may take to stop, after which it is killed",
    ),
    Key::new(
        "reload",
        Running,
        COMMAND,
        "for a longrun, HUP to its main process",
        "How it is told that its configuration has changed",
    ),
    Key::new("run", Longrun, COMMAND, "", "The command, which stays in the foreground"),
    Key::new("servicedir", Longrun, Pattern(PATH), "", "Runs this service directory as it is, instead of run"),
    Key::new("forks", Longrun, Boolean, "false", "The command goes into the background and is followed there"),
    Key::new("pidfile", Longrun, Pattern(PATH), "", "Where a service that forks leaves its main process's number"),
    Key::new(
        "restart",
        Longrun,
        Word(|| words(&Restart::ALL)),
        "always",
        "Whether it is started again when it ends unasked",
    ),
    Key::new(
        "max-deaths",
        Longrun,
        Pattern("[0-9]+ in [0-9hms]+"),
        "it is started again however often it dies",
        "So many deaths within that time, and it has ended for good",
    ),
    Key::new("stop-signal", Longrun, Token("[A-Z0-9+]+"), "TERM", "What asks it to stop"),
    Key::new(
        "kill-mode",
        Longrun,
        Word(|| words(&KillMode::ALL)),
        "cgroup",
        "Whom a stop reaches: every process of the unit, or the main one only",
    ),
    Key::new(
        "sockets",
        Longrun,
        List(&Pattern(SOCKET)),
        "[]",
        "Opened before the first start, kept across restarts, passed from descriptor 3 on",
    ),
    Key::new(
        "ready",
        Longrun,
        Either(&[Word(|| vec!["notify"]), Choice(&READY, "every")]),
        "once the program is executed",
        "When the unit counts as up",
    ),
    Key::new(
        "watchdog",
        Longrun,
        Pattern(DURATION),
        "it may be silent",
        "With ready: notify: it must send WATCHDOG=1 at least this often",
    ),
    Key::new("log", Longrun, Either(&[Word(|| vec!["auto", "none"]), Map(&LOG)]), "auto", "Where the output goes"),
    Key::new(
        "do",
        Oneshot,
        List(&Word(|| words(&Step::ALL))),
        "",
        "Steps that sunup itself does, in this order, before start",
    ),
    Key::new("start", Oneshot, COMMAND, "", "Brings it up by exiting 0"),
    Key::new("stop", Oneshot, COMMAND, "nothing is done", "Takes it down"),
    Key::new(
        "cgroup",
        Running,
        Shape::Table(crate::check::CONTROL_FILE, &Text),
        "",
        "What is written into files of the unit's control group",
    ),
];

fn words<T, const N: usize>(all: &[(T, &'static str); N]) -> Vec<&'static str> {
    all.iter().map(|(_, word)| *word).collect()
}
