//! What is run: the scenarios, and how kills are shared among them.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// Who is killed, and what the scanner is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scenario {
    /// The scanner is some process's child.
    Parent,
    /// The scanner is process 1.
    Process1,
    /// Loggers are killed, and nothing else.
    Loggers,
}

impl Scenario {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Parent, Self::Process1, Self::Loggers];

    /// Each scenario's kills: a logger's are cheaper to judge and get a tenth.
    pub fn shares(chosen: &[Self], kills: usize) -> Vec<(Self, usize)> {
        let weight = |scenario: &Self| if *scenario == Self::Loggers { 2 } else { 9 };
        let whole: usize = chosen.iter().map(weight).sum();
        chosen.iter().map(|scenario| (*scenario, (kills * weight(scenario)).div_ceil(whole))).collect()
    }
}

impl Display for Scenario {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Parent => "parent",
            Self::Process1 => "process-1",
            Self::Loggers => "loggers",
        })
    }
}

impl FromStr for Scenario {
    type Err = ();

    fn from_str(name: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|scenario| scenario.to_string() == name).ok_or(())
    }
}

/// What one scenario's process is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The scenario.
    pub scenario: Scenario,
    /// How many kills.
    pub kills: usize,
    /// How many services.
    pub services: usize,
    /// What the order of kills follows from.
    pub seed: u64,
}

impl Settings {
    /// As arguments.
    pub fn to_words(self) -> [String; 4] {
        let Self { scenario, kills, services, seed } = self;
        [scenario.to_string(), kills.to_string(), services.to_string(), seed.to_string()]
    }

    /// From arguments.
    pub fn from_words(words: &[&str]) -> Option<Self> {
        let [scenario, kills, services, seed] = words else { return None };
        Some(Self {
            scenario: scenario.parse().ok()?,
            kills: kills.parse().ok()?,
            services: services.parse().ok()?,
            seed: seed.parse().ok()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Settings survive the way through arguments; no kill is lost in sharing.
    #[test]
    fn words_and_shares() {
        let settings = Settings { scenario: Scenario::Process1, kills: 7, services: 3, seed: 9 };
        let words = settings.to_words();
        assert_eq!(Settings::from_words(&words.each_ref().map(String::as_str)), Some(settings));
        assert_eq!(Settings::from_words(&["parent", "1", "2"]), None);
        let shares = Scenario::shares(&Scenario::ALL, 10_000);
        assert_eq!(shares.iter().map(|share| share.1).collect::<Vec<_>>(), [4500, 4500, 1000]);
        assert_eq!(Scenario::shares(&[Scenario::Loggers], 5), [(Scenario::Loggers, 5)]);
    }
}
