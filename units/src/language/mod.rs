//! The language as a table: every key with what it may hold, its default and one sentence.
//!
//! The checker takes its keys from here and the JSON Schema is made from here, so that neither knows a key that the
//! other does not. What a value means beyond its shape is the checker's.

pub(crate) mod elsewhere;
mod settings;
mod surroundings;
mod unit;

pub(crate) use settings::SETTINGS;
pub(crate) use surroundings::{NICE, OOM};
pub(crate) use unit::{DESCRIPTORS, KEEPS};

/// A key.
pub(crate) struct Key {
    /// As it is written.
    pub(crate) name: &'static str,
    /// Which units may have it.
    pub(crate) belongs: Belongs,
    /// What it may hold.
    pub(crate) shape: Shape,
    /// What holds where it is not written, in words; empty: nothing does.
    pub(crate) default: &'static str,
    /// What it is for: a sentence without a full stop.
    pub(crate) about: &'static str,
}

impl Key {
    const fn new(
        name: &'static str,
        belongs: Belongs,
        shape: Shape,
        default: &'static str,
        about: &'static str,
    ) -> Self {
        Self { name, belongs, shape, default, about }
    }
}

/// Which units may have a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Belongs {
    /// Every unit.
    Everywhere,
    /// Longruns and oneshots: what runs something.
    Running,
    /// Longruns.
    Longrun,
    /// Oneshots.
    Oneshot,
}

/// What a value looks like.
#[derive(Clone, Copy)]
pub(crate) enum Shape {
    /// Any text that is not empty.
    Text,
    /// Any text.
    AnyText,
    /// One of these words.
    Word(fn() -> Vec<&'static str>),
    /// A text that fits an extended regular expression as a whole; it never looks like a number or boolean.
    Pattern(&'static str),
    /// The same, but `22` and `true` may fit, which an editor takes for a number and a boolean.
    Token(&'static str),
    /// `true` or `false`.
    Boolean,
    /// A whole number between these.
    Number(i64, i64),
    /// A list of words, the first of which is a program.
    Argv,
    /// A list of such values.
    List(&'static Shape),
    /// One such value, or a list of them.
    OneOrSeveral(&'static Shape),
    /// A map with these keys.
    Map(&'static [Key]),
    /// A map with exactly one of the keys, besides which the one of this name may stand.
    Choice(&'static [Key], &'static str),
    /// A map with some of these keys, all with such a value.
    Named(fn() -> Vec<&'static str>, &'static Shape),
    /// A map whose keys fit a regular expression.
    Table(&'static str, &'static Shape),
    /// One of these.
    Either(&'static [Shape]),
}

/// A unit's name.
pub(crate) const NAME: &str = "[A-Za-z0-9_@:+][A-Za-z0-9_.@:+-]{0,199}";
/// An absolute path.
pub(crate) const PATH: &str = "/.*";
/// A duration, such as `1m30s`.
pub(crate) const DURATION: &str = "([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?";
/// A size in bytes.
pub(crate) const SIZE: &str = "[0-9]+[KMG]?";

/// Keys of a unit, in the order in which unit(5) has them.
pub(crate) fn keys() -> impl Iterator<Item = &'static Key> {
    unit::KEYS.iter().chain(&surroundings::KEYS)
}

/// A key of a unit.
pub(crate) fn key(name: &str) -> Option<&'static Key> {
    keys().find(|key| key.name == name)
}

/// The keys of the map that a key of a unit, or of sunup.yaml, may hold.
pub(crate) fn keys_inside(name: &str) -> Vec<&'static str> {
    let key = key(name).or_else(|| SETTINGS.iter().find(|key| key.name == name));
    key.map_or_else(Vec::new, |key| inside(&key.shape).iter().map(|key| key.name).collect())
}

/// Keys that only describe a command's surroundings.
pub(crate) fn surroundings() -> impl Iterator<Item = &'static Key> {
    surroundings::KEYS.iter()
}

/// Whether a drop-in adds to the list of a key: names, paths and addresses, but never the words of a command.
pub(crate) fn is_collected(name: &str) -> bool {
    key(name).is_some_and(|key| {
        matches!(key.shape, Shape::List(Shape::Pattern(_) | Shape::Token(_)) | Shape::OneOrSeveral(_))
    })
}

fn inside(shape: &Shape) -> &'static [Key] {
    match shape {
        Shape::Map(keys) | Shape::Choice(keys, _) => keys,
        Shape::Either(shapes) => shapes.iter().map(inside).find(|keys| !keys.is_empty()).unwrap_or_default(),
        _ => &[],
    }
}
