//! What surrounds a command: user, environment, limits, sandbox. With `servicedir` the directory's own files say it.

use super::Belongs::Running;
use super::Shape::{AnyText, Boolean, List, Named, Number, OneOrSeveral, Pattern, Table, Token};
use super::{Key, PATH, Shape};
use crate::Limit;

const ACCOUNT: &str = "[^ :/,-][^ :/,]*";
const VARIABLE: &str = "[A-Za-z_][A-Za-z0-9_]*";
const BOUND: &str = "([0-9]+[KMG]?|unlimited)(:([0-9]+[KMG]?|unlimited))?";
const PATHS: Shape = List(&Pattern(PATH));
/// The bounds of `nice`.
pub(crate) const NICE: (i64, i64) = (-20, 19);
/// The bounds of `oom-score-adj`.
pub(crate) const OOM: (i64, i64) = (-1000, 1000);

/// The keys.
pub(super) const KEYS: [Key; 16] = [
    Key::new("user", Running, Token(ACCOUNT), "root", "Whose rights the commands have: a name or number"),
    Key::new("group", Running, Token(ACCOUNT), "the user's own group", "The group: a name or number"),
    Key::new("groups", Running, List(&Token(ACCOUNT)), "the user's", "Supplementary groups"),
    Key::new("env", Running, Table(VARIABLE, &AnyText), "", "Environment variables"),
    Key::new(
        "env-file",
        Running,
        OneOrSeveral(&Pattern("-?/.*")),
        "",
        "Files of NAME=VALUE lines; one after - may be absent",
    ),
    Key::new(
        "directory",
        Running,
        Pattern(PATH),
        "the service directory for a longrun, / for a oneshot",
        "The working directory",
    ),
    Key::new("umask", Running, Token("0?[0-7]{3}"), "0022", "Three or four octal digits"),
    Key::new("nice", Running, Number(NICE.0, NICE.1), "0", "The nice value"),
    Key::new(
        "oom-score-adj",
        Running,
        Number(OOM.0, OOM.1),
        "0",
        "How readily the kernel kills it when memory is short",
    ),
    Key::new(
        "limits",
        Running,
        Named(|| Limit::ALL.map(|(_, name)| name).to_vec(), &Token(BOUND)),
        "",
        "Resource limits: VALUE, or SOFT:HARD",
    ),
    Key::new(
        "tty",
        Running,
        Pattern(PATH),
        "",
        "The terminal that becomes the controlling one and standard input and output",
    ),
    Key::new("no-new-privileges", Running, Boolean, "false", "Nothing that is executed gains rights"),
    Key::new("capabilities", Running, List(&Pattern("[A-Za-z_]+")), "all", "The only capabilities that are kept"),
    Key::new("private-tmp", Running, Boolean, "false", "/tmp and /var/tmp of its own"),
    Key::new("read-only", Running, PATHS, "[]", "Paths that it cannot write"),
    Key::new("hide", Running, PATHS, "[]", "Paths that are empty for it"),
];
