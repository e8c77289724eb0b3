//! Why one unit comes after another.

use std::fmt::{self, Display, Formatter};

use units::Place;

use super::UnitIndex;

/// What a unit's text says about another. Ordered from the weakest to the strongest, as cycles are cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EdgeKind {
    /// `after`: order only.
    After,
    /// `before`: order only, written in the unit that comes first.
    Before,
    /// `wants`: pulled in and waited for.
    Wants,
    /// `needs`: must be up.
    Needs,
}

impl EdgeKind {
    /// 0 for order, 1 for wants, 2 for needs: how much is lost when the edge is cut.
    pub fn strength(self) -> u8 {
        match self {
            Self::After | Self::Before => 0,
            Self::Wants => 1,
            Self::Needs => 2,
        }
    }

    /// The verb between the unit that says it and the unit that it names.
    pub fn verb(self) -> &'static str {
        match self {
            Self::After => "is after",
            Self::Before => "is before",
            Self::Wants => "wants",
            Self::Needs => "needs",
        }
    }
}

/// The verb: `needs`, `is after`, …
impl Display for EdgeKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.verb())
    }
}

/// An edge as seen from one of its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Neighbour {
    /// The unit at the other end.
    pub unit: UnitIndex,
    /// Why.
    pub kind: EdgeKind,
}

/// A unit that is never up together with another, as seen from that one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The other unit.
    pub unit: UnitIndex,
    /// Where one of the two says so.
    pub place: Place,
}

/// What petgraph keeps for an edge from the unit that comes first to the one that comes later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Link<'a> {
    /// Why.
    pub kind: EdgeKind,
    /// Where it is written.
    pub place: &'a Place,
}
