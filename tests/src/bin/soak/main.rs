//! `make soak`: kills members of a supervision tree by the thousand, and holds what is left against what ought to be.
//!
//! Fifty services write numbered lines while their supervises, their scanner and they themselves are killed, at random
//! and after every single system call of a start ([`injection`]). What each kill may change is written down first
//! ([`model`]); everything else must stay: no service runs twice, none whose own process was not killed has another pid,
//! no line is missing or there twice.
//!
//! Everything happens in namespaces of its own ([`world`]): a pid in here is nobody's outside. The order of kills follows
//! from the seed alone ([`plan`]); what the machine does meanwhile does not.

mod driver;
mod injection;
mod ledger;
mod logs;
mod model;
mod plan;
mod progress;
mod scenario;
mod sight;
mod tree;
mod world;

use std::process::{Command, ExitCode};

use scenario::{Scenario, Settings};

/// Whatever goes wrong ends the run: it says what, and the seed.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "\
usage: soak [--kills N] [--services N] [--seed N] [SCENARIO]…
Kills members of a supervision tree and says whether what is left is as it ought to be. Needs root.

  --kills N     kills in all scenarios together (10000)
  --services N  services of the tree (50)
  --seed N      the order of kills; without it a new one, which is printed

scenarios: parent     the scanner is some process's child: it crashes, is killed, is executed again
           process-1  the scanner is process 1: it crashes, is executed again
           loggers    loggers are killed, and nothing else

exit codes: 0 everything is as it ought to be, 1 something is not, 100 usage, 111 unable to run
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    if let ["inside", words @ ..] = words.as_slice() {
        return Settings::from_words(words).map_or(ExitCode::from(100), |settings| world::enter(&settings));
    }
    let Some((settings, scenarios)) = parse(&words) else {
        eprint!("{USAGE}");
        return ExitCode::from(100);
    };
    println!("soak: seed {}", settings.seed);
    for (scenario, kills) in Scenario::shares(&scenarios, settings.kills) {
        match run(&Settings { scenario, kills, ..settings }) {
            Ok(0) => (),
            Ok(code) => {
                eprintln!("soak: fatal: scenario {scenario} failed (again: SEED={})", settings.seed);
                return ExitCode::from(code);
            }
            Err(error) => {
                eprintln!("soak: fatal: unable to run scenario {scenario}: {error}");
                return ExitCode::from(111);
            }
        }
    }
    ExitCode::SUCCESS
}

fn parse(words: &[&str]) -> Option<(Settings, Vec<Scenario>)> {
    let seed = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| u64::from(time.subsec_nanos()));
    let mut settings = Settings { scenario: Scenario::Parent, kills: 10_000, services: 50, seed };
    let mut scenarios = Vec::new();
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--kills" => settings.kills = words.next()?.parse().ok()?,
            "--services" => settings.services = words.next()?.parse().ok().filter(|&count| count > 0)?,
            "--seed" => settings.seed = words.next()?.parse().ok()?,
            name => scenarios.push(name.parse().ok()?),
        }
    }
    if scenarios.is_empty() {
        scenarios = Scenario::ALL.to_vec();
    }
    Some((settings, scenarios))
}

/// Runs one scenario in a process of its own, which alone enters namespaces; gives its exit code.
fn run(settings: &Settings) -> Outcome<u8> {
    let scratch = tempfile::Builder::new().prefix("sunup-soak-").tempdir()?;
    let mut command = Command::new(std::env::current_exe()?);
    command.arg("inside").args(settings.to_words()).current_dir(scratch.path());
    let status = command.status()?;
    Ok(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(111))
}
