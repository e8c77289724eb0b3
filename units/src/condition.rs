//! When a unit is skipped.

use std::path::PathBuf;

/// `if`: one condition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Condition {
    /// `{path: P}`: P exists; `{path: "!P"}`: it does not.
    Path {
        /// The path.
        path: PathBuf,
        /// It must be absent instead.
        absent: bool,
    },
    /// `{container: true|false}`: in a container means outside the first pid namespace.
    Container(bool),
    /// `{cmdline: WORD}`: a word of the kernel's command line is WORD, or begins with WORD and then `=` or `,`;
    /// `"!WORD"`: none is.
    Cmdline {
        /// The word.
        word: String,
        /// It must be absent instead.
        absent: bool,
    },
    /// `{user: NAME}`: the account exists and its id can be taken here. A user namespace may lack it.
    User(String),
}
