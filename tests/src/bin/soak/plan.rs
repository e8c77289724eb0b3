//! Who is killed next. Pure: the whole order follows from the seed.
//!
//! Services take turns in shuffled rounds, so that the next one has nearly always had the time to come back; kinds are
//! drawn by weight.

use ::tests::random::Random;

use crate::scenario::Scenario;

/// One kind of killing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Act {
    /// The service's own process.
    Service,
    /// Its supervise.
    Supervise,
    /// The supervise of its logger.
    LogSupervise,
    /// Its supervise, and then its own process, which ends unseen.
    Both,
    /// The scanner, by a fault of its own: the same process executes svscan again.
    Crash,
    /// The scanner, by KILL.
    KillScanner,
    /// Nobody: the scanner is told to execute itself again.
    Again,
    /// The service's process, and then its supervise after so many system calls of the restart.
    RestartCore,
    /// The service's process, and then the new one after so many of its way to exec.
    RestartChild,
    /// A supervise, and then the scanner, by a fault, after so many system calls of starting another.
    RespawnCrash,
    /// The same by KILL.
    RespawnKill,
    /// A supervise, and then its successor after so many system calls of taking over.
    Successor,
    /// The same for the supervise of a logger.
    LogSuccessor,
    /// A logger.
    Logger,
    /// A logger after so many system calls of reading, writing and rotating.
    LoggerAtWork,
}

impl Act {
    /// What may happen in a scenario, and how often.
    const fn choices(scenario: Scenario) -> &'static [(Self, usize)] {
        match scenario {
            Scenario::Parent => &[
                (Self::Service, 3),
                (Self::Supervise, 2),
                (Self::LogSupervise, 1),
                (Self::Both, 1),
                (Self::Crash, 1),
                (Self::KillScanner, 1),
                (Self::Again, 1),
                (Self::RestartCore, 3),
                (Self::RestartChild, 1),
                (Self::RespawnCrash, 1),
                (Self::RespawnKill, 1),
                (Self::Successor, 3),
                (Self::LogSuccessor, 1),
            ],
            Scenario::Process1 => &[
                (Self::Service, 3),
                (Self::Supervise, 2),
                (Self::LogSupervise, 1),
                (Self::Both, 1),
                (Self::Crash, 2),
                (Self::Again, 1),
                (Self::RestartCore, 3),
                (Self::RestartChild, 1),
                (Self::RespawnCrash, 2),
                (Self::Successor, 3),
                (Self::LogSuccessor, 1),
            ],
            Scenario::Loggers => &[(Self::Logger, 1), (Self::LoggerAtWork, 3)],
        }
    }

    /// It kills the service and its supervise: of all who have the log pipe open for writing, only the scanner stays.
    pub const fn kills_all_writers(self) -> bool {
        matches!(self, Self::Both | Self::RestartCore)
    }

    /// It kills the scanner.
    pub const fn kills_scanner(self) -> bool {
        matches!(self, Self::Crash | Self::KillScanner | Self::Again | Self::RespawnCrash | Self::RespawnKill)
    }

    /// How many processes it kills, when the chosen moment comes.
    pub const fn kills(self) -> usize {
        match self {
            Self::Again => 0,
            Self::Service | Self::Supervise | Self::LogSupervise | Self::Crash | Self::KillScanner => 1,
            Self::Logger | Self::LoggerAtWork => 1,
            Self::Both | Self::RestartCore | Self::RestartChild => 2,
            Self::RespawnCrash | Self::RespawnKill | Self::Successor | Self::LogSuccessor => 2,
        }
    }
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// What is done.
    pub act: Act,
    /// To which service.
    pub service: usize,
}

/// The endless order of steps.
#[derive(Clone, Debug)]
pub struct Plan {
    random: Random,
    choices: &'static [(Act, usize)],
    round: Vec<usize>,
    at: usize,
}

impl Plan {
    /// The plan of a scenario over so many services.
    pub fn new(scenario: Scenario, services: usize, seed: u64) -> Self {
        Self { random: Random(seed), choices: Act::choices(scenario), round: (0..services).collect(), at: services }
    }

    fn act(&mut self) -> Act {
        let whole = self.choices.iter().map(|choice| choice.1).sum();
        let mut drawn = self.random.below(whole);
        for (act, weight) in self.choices {
            match drawn.checked_sub(*weight) {
                Some(rest) => drawn = rest,
                None => return *act,
            }
        }
        Act::Again
    }

    fn service(&mut self) -> usize {
        if self.at == self.round.len() {
            for last in (1..self.round.len()).rev() {
                let other = self.random.below(last + 1);
                self.round.swap(last, other);
            }
            self.at = 0;
        }
        self.at += 1;
        self.round.get(self.at - 1).copied().unwrap_or(0)
    }
}

impl Iterator for Plan {
    type Item = Step;

    fn next(&mut self) -> Option<Step> {
        Some(Step { act: self.act(), service: self.service() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The same seed gives the same order, another one another.
    #[test]
    fn follows_the_seed() {
        let steps = |seed| Plan::new(Scenario::Parent, 50, seed).take(500).collect::<Vec<_>>();
        assert_eq!(steps(1), steps(1));
        assert_ne!(steps(1), steps(2));
    }

    /// Every service has its turn in each round, and every kind comes.
    #[test]
    fn reaches_everything() {
        for scenario in Scenario::ALL {
            let steps: Vec<Step> = Plan::new(scenario, 50, 3).take(1000).collect();
            for round in steps.chunks(50) {
                assert_eq!(round.iter().map(|step| step.service).collect::<BTreeSet<_>>().len(), 50);
            }
            let acts: BTreeSet<Act> = steps.iter().map(|step| step.act).collect();
            assert_eq!(acts.len(), Act::choices(scenario).len(), "{scenario}");
        }
    }
}
