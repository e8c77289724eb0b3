//! One line: `TYPE PATH MODE USER GROUP AGE ARGUMENT`.

use std::fmt::{self, Display, Formatter};

use super::super::accounts;
use super::super::root::Root;
use super::{specifier, words};

/// What may stand behind the letter.
const MODIFIERS: &str = "+!-=~^?";

/// What a line is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `f`: a file, written only if it is new. `f+`: written anyway.
    File { truncate: bool },
    /// `w`: write to files that exist. `w+`: append.
    Write { append: bool },
    /// `d`, `v`, `q`, `Q`: a directory.
    Directory,
    /// `D`: a directory that is emptied at the boot.
    EmptiedDirectory,
    /// `e`: owner and mode of directories that exist.
    ExistingDirectory,
    /// `p`: a FIFO.
    Fifo,
    /// `L`, and `L?` if its target exists; `L+` in the place of whatever is there.
    Link { replace: bool, if_target: bool },
    /// `c`, `b`: a device.
    Device { block: bool },
    /// `C`: a copy.
    Copy,
    /// `z`, `m`: owner and mode of what exists.
    Adjust,
    /// `Z`: the same, and of all that is in it.
    AdjustTree,
    /// `r`: gone.
    Remove,
    /// `R`: gone with all that is in it.
    RemoveTree,
    /// `x`, `X`: for cleaning by age. `^`: the argument is a credential's name; there are none.
    Nothing,
}

impl Kind {
    /// Something goes.
    pub(super) fn removes(self) -> bool {
        matches!(self, Self::EmptiedDirectory | Self::Remove | Self::RemoveTree)
    }

    /// Something is made at a path.
    pub(super) fn makes(self) -> bool {
        !self.changes() && !matches!(self, Self::Remove | Self::RemoveTree | Self::Nothing)
    }

    /// What exists is changed; the path is a pattern.
    pub(super) fn changes(self) -> bool {
        matches!(self, Self::Write { .. } | Self::ExistingDirectory | Self::Adjust | Self::AdjustTree)
    }

    /// What is done to the path, for people.
    pub(super) fn verb(self) -> &'static str {
        match self {
            Self::EmptiedDirectory => "make and empty",
            _ if self.removes() => "remove",
            _ if self.changes() => "change",
            _ => "make",
        }
    }

    /// Such lines may add to another one of the same path.
    pub(super) fn may_repeat(self) -> bool {
        !self.makes()
    }

    fn parse(letter: char, plus: bool, question: bool) -> Option<Self> {
        Some(match letter {
            'f' | 'F' => Self::File { truncate: plus || letter == 'F' },
            'w' => Self::Write { append: plus },
            'd' | 'v' | 'q' | 'Q' => Self::Directory,
            'D' => Self::EmptiedDirectory,
            'e' => Self::ExistingDirectory,
            'p' => Self::Fifo,
            'L' => Self::Link { replace: plus, if_target: question },
            'c' | 'b' => Self::Device { block: letter == 'b' },
            'C' => Self::Copy,
            'z' | 'm' => Self::Adjust,
            'Z' | 'M' => Self::AdjustTree,
            'r' => Self::Remove,
            'R' => Self::RemoveTree,
            'x' | 'X' => Self::Nothing,
            _ => return None,
        })
    }
}

/// A mode, and how it is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Mode {
    pub(super) bits: u32,
    /// `~`: what the file has not, it does not get.
    pub(super) masked: bool,
    /// `:`: for what is new only.
    pub(super) only_new: bool,
}

/// Whose it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Owner {
    pub(super) id: u32,
    /// `:`: for what is new only.
    pub(super) only_new: bool,
}

/// A checked line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// `file:line`.
    pub(super) place: String,
    pub(super) kind: Kind,
    /// Absolute, on the system; a pattern for some kinds.
    pub(super) path: String,
    pub(super) mode: Option<Mode>,
    pub(super) user: Option<Owner>,
    pub(super) group: Option<Owner>,
    pub(super) argument: Option<String>,
    /// What a file is to hold: the argument without its escapes, with `~` as base64 has it.
    pub(super) text: Vec<u8>,
    /// `!`: at the boot only.
    pub(super) boot_only: bool,
    /// `-`: a failure is nobody's business.
    pub(super) optional: bool,
    /// `=`, `+` of a node: something of another kind there goes.
    pub(super) replace: bool,
}

/// Why a line is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    UnknownKind(char),
    UnknownModifier(String),
    BadText(String),
    BadPath(String),
    BadMode(String),
    UnknownUser(String),
    UnknownGroup(String),
    UnknownSpecifier(char),
}

impl Display for Fault {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownKind(c) => write!(f, "lines of type \"{c}\" are not supported (said once)"),
            Self::UnknownModifier(types) => write!(f, "\"{types}\" has a modifier that is not supported"),
            Self::BadText(text) => write!(f, "\"{text}\" is no base64"),
            Self::BadPath(text) => write!(f, "\"{text}\" is no absolute path without \"..\""),
            Self::BadMode(text) => write!(f, "\"{text}\" is no mode"),
            Self::UnknownUser(text) => write!(f, "there is no user \"{text}\""),
            Self::UnknownGroup(text) => write!(f, "there is no group \"{text}\""),
            Self::UnknownSpecifier(c) => write!(f, "\"%{c}\" means nothing"),
        }
    }
}

impl Line {
    /// Checks one line; `None` for comments.
    pub(super) fn parse(root: &Root, place: String, text: &str) -> Result<Option<Self>, Fault> {
        if text.trim_start().starts_with('#') || text.trim().is_empty() {
            return Ok(None);
        }
        let words = words::split(text, 6);
        let word = |at: usize| words.get(at).map(String::as_str).filter(|word| !word.is_empty() && *word != "-");
        let types = words.first().map(String::as_str).unwrap_or_default();
        let letter = types.chars().next().unwrap_or(' ');
        let has = |c: char| types.chars().skip(1).any(|other| other == c);
        let kind = Kind::parse(letter, has('+'), has('?')).ok_or(Fault::UnknownKind(letter))?;
        if !types.chars().skip(1).all(|c| MODIFIERS.contains(c)) {
            return Err(Fault::UnknownModifier(types.to_owned()));
        }
        let expand = |text: &str| specifier::expand(root, text).map_err(Fault::UnknownSpecifier);
        let argument = word(6).map(expand).transpose()?;
        Ok(Some(Self {
            place,
            kind: if has('^') { Kind::Nothing } else { kind },
            path: path(&expand(word(1).unwrap_or_default())?)?,
            mode: word(2).map(mode).transpose()?,
            user: word(3).map(|name| user(root, name)).transpose()?,
            group: word(4).map(|name| group(root, name)).transpose()?,
            text: argument.as_deref().map_or(Ok(Vec::new()), |argument| content(argument, has('~')))?,
            argument,
            boot_only: has('!'),
            optional: has('-'),
            replace: has('=') || has('+') && matches!(kind, Kind::Fifo | Kind::Device { .. }),
        }))
    }
}

/// Never the root itself, however it is written: a line may remove what it names.
fn path(text: &str) -> Result<String, Fault> {
    let components: Vec<&str> = text.split('/').filter(|component| !matches!(*component, "" | ".")).collect();
    let is_good = text.starts_with('/') && !components.is_empty() && !components.contains(&"..");
    if is_good { Ok(format!("/{}", components.join("/"))) } else { Err(Fault::BadPath(text.to_owned())) }
}

fn mode(text: &str) -> Result<Mode, Fault> {
    let digits = text.trim_start_matches(['~', ':']);
    let signs = text.strip_suffix(digits).unwrap_or_default();
    let bits = u32::from_str_radix(digits, 8).ok().filter(|bits| *bits <= 0o7777);
    let bits = bits.ok_or_else(|| Fault::BadMode(text.to_owned()))?;
    Ok(Mode { bits, masked: signs.contains('~'), only_new: signs.contains(':') })
}

fn user(root: &Root, text: &str) -> Result<Owner, Fault> {
    owner(text, |name| accounts::user(root, name)).ok_or_else(|| Fault::UnknownUser(text.to_owned()))
}

fn group(root: &Root, text: &str) -> Result<Owner, Fault> {
    owner(text, |name| accounts::group(root, name)).ok_or_else(|| Fault::UnknownGroup(text.to_owned()))
}

fn owner(text: &str, id: impl Fn(&str) -> Option<u32>) -> Option<Owner> {
    let name = text.trim_start_matches(':');
    Some(Owner { id: id(name)?, only_new: name != text })
}

fn content(argument: &str, is_encoded: bool) -> Result<Vec<u8>, Fault> {
    if !is_encoded {
        return Ok(words::unescape_all(argument));
    }
    words::decode(argument).ok_or_else(|| Fault::BadText(argument.to_owned()))
}
