//! What a name in a script's header leads to, and what that comes to as an edge. Pure.

use crate::import::sketch::Strength;
use crate::text::quoted;

/// What a name in a header leads to.
pub(super) enum Target {
    /// A unit, bound no more strongly than this.
    Unit(String, Strength),
    /// Nothing to wait for; why.
    Nothing(&'static str),
    /// Nobody provides it.
    Unknown,
}

impl Target {
    /// What a field that asks for this strength makes of a word that leads here.
    pub(super) fn bond(self, word: &str, strength: Strength) -> Bond {
        match self {
            Self::Unit(name, _) if strength == Strength::Before => Bond::edge(strength, name),
            Self::Unit(name, most) => {
                let how = if most == Strength::Wants { "whose failure is tolerated" } else { "in order only" };
                let is_weaker = strength == Strength::Needs && most < strength;
                let differs = is_weaker.then(|| format!("{word} is {name}, {how}"));
                Bond { differs, ..Bond::edge(strength.min(most), name) }
            }
            Self::Nothing(why) => Bond { differs: Some(format!("{word}: {why}")), ..Bond::default() },
            Self::Unknown if word.starts_with('$') => Bond { differs: Some(unprovided(word)), ..Bond::default() },
            Self::Unknown if strength == Strength::Needs => {
                let question = format!("nothing provides {}: import it too, or take it out of needs", quoted(word));
                let (differs, question) = (Some(unprovided(word)), Some(question));
                Bond { differs, question, ..Bond::edge(strength, word.into()) }
            }
            Self::Unknown => Bond::edge(strength, word.into()),
        }
    }
}

fn unprovided(word: &str) -> String {
    format!("nothing here provides {word}")
}

/// What a word of a header comes to.
#[derive(Default)]
pub(super) struct Bond {
    /// The edge that is drawn.
    pub(super) edge: Option<(Strength, String)>,
    /// What differs from what the word says.
    pub(super) differs: Option<String>,
    /// What is left to the administrator.
    pub(super) question: Option<String>,
}

impl Bond {
    fn edge(strength: Strength, unit: String) -> Self {
        Self { edge: Some((strength, unit)), ..Self::default() }
    }
}
