//! `make soak ONLY=machine`: one machine, whose services write, is booted over and over; every second boot ends by a stop,
//! the others by a power cut, at every phase and in every way in turn. Where the power goes follows from the seed.

use std::process::ExitCode;

use tests::endurance::{Endurance, Phase, Stop};

const USAGE: &str = "\
usage: machines [--rounds N] [--seed N]
Stops a machine and cuts its power, and says whether its disk is as it ought to be. Needs root.

  --rounds N  stops, and power cuts (20)
  --seed N    where the power goes; without it a new one, which is printed

exit codes: 0 everything is as it ought to be, 100 usage, any other: something is not
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some((rounds, seed)) = parse(&words) else {
        eprint!("{USAGE}");
        return ExitCode::from(100);
    };
    println!("machines: seed {seed}");
    let mut endurance = Endurance::new(seed);
    let ways = Phase::ALL.into_iter().cycle().zip(Stop::ALL.into_iter().cycle());
    for (round, (phase, stop)) in (1..=rounds).zip(ways) {
        let cut = endurance.cut(phase);
        println!("machines: round {round}: power cut: {cut}: everything is whole");
        endurance.stop(stop);
        println!("machines: round {round}: stop by {stop}: nothing is lost");
    }
    ExitCode::SUCCESS
}

fn parse(words: &[&str]) -> Option<(usize, u64)> {
    let mut seed = std::time::UNIX_EPOCH.elapsed().map_or(0, |time| u64::from(time.subsec_nanos()));
    let mut rounds = 20;
    let mut words = words.iter();
    while let Some(word) = words.next() {
        match *word {
            "--rounds" => rounds = words.next()?.parse().ok()?,
            "--seed" => seed = words.next()?.parse().ok()?,
            _ => return None,
        }
    }
    Some((rounds, seed))
}
