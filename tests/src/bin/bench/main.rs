//! `make bench`: ours beside the peers that are installed and beside the floor, in one run.
//!
//! It never measures one contestant after another: every round runs all of them, and medians are over rounds, because
//! only ratios within a run count. Everything lives in a scratch directory of its own and ends with it; it signals no
//! process but its descendants. `docs/bench.md` says how to read what it prints.

mod compute;
mod contestant;
mod figures;
mod graph;
mod idle;
mod makespan;
mod openrc;
mod ordering;
mod package;
mod peer;
mod process;
mod reading;
mod report;
mod reports;
mod scratch;
mod startpar;
mod supervision;
mod systemd;
mod tree;

use std::path::PathBuf;
use std::process::ExitCode;

use figures::Figures;
use scratch::Scratch;

/// Whatever goes wrong ends the run; what was measured until then is worth nothing without the rest.
type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const USAGE: &str = "usage: bench [--rounds N] [--json FILE] [start|order|makespan|check|idle]…";

/// What measures a subject in so many rounds.
type Measure = fn(&Scratch, usize) -> Outcome<Vec<Figures>>;

/// The subjects, by their names on the command line.
const SUBJECTS: [(&str, Measure); 5] = [
    ("start", supervision::measure),
    ("order", ordering::measure),
    ("makespan", makespan::measure),
    ("check", reading::measure),
    ("idle", idle::measure),
];

struct Arguments {
    rounds: usize,
    json: Option<PathBuf>,
    subjects: Vec<String>,
}

impl Arguments {
    fn parse() -> Option<Self> {
        let mut parsed = Self { rounds: 5, json: None, subjects: Vec::new() };
        let mut words = std::env::args().skip(1);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--rounds" => parsed.rounds = words.next()?.parse().ok().filter(|&rounds| rounds > 0)?,
                "--json" => parsed.json = Some(words.next()?.into()),
                name if SUBJECTS.iter().any(|(subject, _)| *subject == name) => parsed.subjects.push(word),
                _ => return None,
            }
        }
        Some(parsed)
    }

    fn asks_for(&self, subject: &str) -> bool {
        self.subjects.is_empty() || self.subjects.iter().any(|asked| asked == subject)
    }
}

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let verb = words.nth(1).unwrap_or_default();
    if verb == reading::PEAK {
        return ended(reading::show_peak(words));
    }
    if let Some(ms) = verb.to_str().and_then(|verb| verb.strip_prefix(compute::BURN)) {
        return ended(compute::burn(ms));
    }
    let Some(arguments) = Arguments::parse() else {
        eprintln!("{USAGE}");
        return ExitCode::from(100);
    };
    ended(run(&arguments))
}

fn ended(outcome: Outcome<()>) -> ExitCode {
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bench: fatal: unable to measure: {error}");
            ExitCode::from(111)
        }
    }
}

fn run(arguments: &Arguments) -> Outcome<()> {
    process::adopt_orphans()?;
    let scratch = Scratch::new()?;
    let mut subjects = Vec::new();
    for (name, measure) in SUBJECTS.iter().filter(|(name, _)| arguments.asks_for(name)) {
        for figures in measure(&scratch, arguments.rounds)? {
            println!("{}", report::text(&figures));
            subjects.push(report::json(name, &figures));
        }
    }
    if let Some(path) = &arguments.json {
        let whole = serde_json::json!({ "v": 1, "rounds": arguments.rounds, "subjects": subjects });
        std::fs::write(path, format!("{whole:#}\n"))?;
    }
    Ok(())
}
