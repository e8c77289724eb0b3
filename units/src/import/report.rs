//! What an importer says about a source.

use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;
use std::sync::Arc;

use crate::{Place, Unit, UnitName};

/// What became of one source: a file, or a service directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    /// The source.
    pub source: PathBuf,
    /// The units that came out of it; none where it has nothing that we could run.
    pub units: Vec<Imported>,
    /// Every directive of the source.
    pub directives: Vec<Directive>,
    /// What somebody must decide before the units do what the source did.
    pub decisions: Vec<Decision>,
}

/// A unit that came out of an import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// Its name.
    pub name: UnitName,
    /// Its text, as it belongs into `NAME.yaml`.
    pub text: String,
    /// What our own parser reads from it, or from an instance of a template; `None`: it found an error, which is among
    /// the decisions.
    pub unit: Option<Arc<Unit>>,
    /// The bundles that it should be in.
    pub bundles: Vec<String>,
}

/// What became of a directive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fate {
    /// It means the same here.
    Kept,
    /// It means nearly the same; the reason says what differs.
    Approximated,
    /// It is not in the unit; the reason says why.
    Dropped,
}

impl Display for Fate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Kept => "kept",
            Self::Approximated => "approximated",
            Self::Dropped => "dropped",
        })
    }
}

/// One directive of a source: a key of a header or a section, a line of a table, a file of a service directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Directive {
    /// Its name in the source.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What became of it.
    pub fate: Fate,
    /// As what it is kept, what differs, or why it is dropped.
    pub reason: String,
}

/// What an importer says of a directive: its fate, why, and what somebody must decide about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) fate: Fate,
    pub(super) reason: String,
    pub(super) decisions: Vec<String>,
}

impl Verdict {
    fn new(fate: Fate, reason: impl Into<String>) -> Self {
        Self { fate, reason: reason.into(), decisions: Vec::new() }
    }

    /// It means the same here.
    pub(super) fn kept(reason: impl Into<String>) -> Self {
        Self::new(Fate::Kept, reason)
    }

    /// It means nearly the same.
    pub(super) fn approximated(reason: impl Into<String>) -> Self {
        Self::new(Fate::Approximated, reason)
    }

    /// It is not in the unit.
    pub(super) fn dropped(reason: impl Into<String>) -> Self {
        Self::new(Fate::Dropped, reason)
    }

    /// Something is lost of it, too.
    pub(super) fn but(mut self, loss: impl std::fmt::Display) -> Self {
        self.fate = self.fate.max(Fate::Approximated);
        self.reason = format!("{}; {loss}", self.reason);
        self
    }

    /// Something is lost of it if there is a loss to tell.
    pub(super) fn but_perhaps(self, loss: Option<impl std::fmt::Display>) -> Self {
        match loss {
            Some(loss) => self.but(loss),
            None => self,
        }
    }

    /// Somebody must decide something about it.
    pub(super) fn decide(mut self, text: impl Into<String>) -> Self {
        self.decisions.push(text.into());
        self
    }
}

/// Something that somebody must decide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Decision {
    /// What it is about.
    pub place: Place,
    /// What to decide: one line, lower case.
    pub text: String,
}
