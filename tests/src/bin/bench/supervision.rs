//! Subject `start`: trees of 1, 100 and 1000 sleepers, the memory they take, their stop, a new service, a killed one.

use std::thread::sleep;
use std::time::Duration;

use crate::Outcome;
use crate::contestant::Contestant;
use crate::figures::{Figures, GROUPED, Limit};
use crate::process::{kernel_memory, private_memory};
use crate::scratch::Scratch;
use crate::tree::Tree;

const NEW: &str = "a new one of 100";
const KILLED: &str = "a killed one is back";
/// After a second of life nothing of the start is left, and a service comes back at once. Younger ones are held back by
/// most contestants, also from ending.
const UP: Duration = Duration::from_millis(1200);

/// Measures it.
pub fn measure(scratch: &Scratch, rounds: usize) -> Outcome<Vec<Figures>> {
    let mut times = Figures::new("supervision, ms");
    let mut memory = Figures::new("supervision, kB");
    for _ in 0..rounds {
        for count in [1, 100, 1000] {
            for contestant in Contestant::present() {
                measure_tree(scratch, contestant, count, &mut times, &mut memory)?;
            }
        }
    }
    measure_events(scratch, rounds, &mut times)?;
    times.hold_to("start 1000", Limit::Ratio(1.7));
    times.hold_to("stop 1000", Limit::Beyond(40.0));
    times.hold_to(NEW, Limit::Value(1.0));
    times.hold_to(KILLED, Limit::Value(0.6));
    for column in ["scanner of 1", "scanner of 100", "scanner of 1000"] {
        memory.hold_to(column, Limit::Value(60.0));
    }
    memory.hold_to("supervise of 1000", Limit::Value(20.0));
    memory.hold(GROUPED, "supervise of 1000", Limit::Value(4.0));
    times.notes = Contestant::absent();
    times.notes.push("daemontools and runit look for new services every 5 s".to_owned());
    memory.notes.push("kernel of 1000: with the services; other people's slabs come and go meanwhile".to_owned());
    Ok(vec![times, memory])
}

fn measure_tree(
    scratch: &Scratch,
    contestant: Contestant,
    count: usize,
    times: &mut Figures,
    memory: &mut Figures,
) -> Outcome<()> {
    let kernel = kernel_memory()?;
    let tree = Tree::start(scratch, contestant, count)?;
    let name = contestant.name();
    if count == 1000 {
        memory.add(name, "kernel of 1000", (kernel_memory()? - kernel).max(0.0));
    }
    if contestant != Contestant::Floor {
        let supervises = tree.supervises()?;
        let total = supervises.iter().map(|pid| private_memory(*pid)).sum::<Outcome<f64>>()?;
        memory.add(name, &format!("scanner of {count}"), private_memory(tree.scanner())?);
        memory.add(name, &format!("supervise of {count}"), total / count as f64);
    }
    if count > 1 {
        times.add(name, &format!("start {count}"), tree.took);
    }
    if count == 1000 {
        sleep(UP);
        times.add(name, "stop 1000", tree.stop()?);
    }
    Ok(())
}

/// All trees run at once, so that the long waits of those who poll are waited for once.
fn measure_events(scratch: &Scratch, rounds: usize, times: &mut Figures) -> Outcome<()> {
    let supervising = Contestant::present().into_iter().filter(|one| *one != Contestant::Floor);
    let mut trees = supervising
        .map(|contestant| Ok((contestant, Tree::start(scratch, contestant, 100)?)))
        .collect::<Outcome<Vec<_>>>()?;
    sleep(UP);
    for round in 0..rounds.max(5) * 4 {
        for (contestant, tree) in &mut trees {
            times.add(contestant.name(), KILLED, tree.kill(round)?);
        }
    }
    for round in 0..rounds {
        for (contestant, tree) in &mut trees {
            let samples = if contestant.polls() { 1 } else { 4 };
            for sample in 0..samples {
                times.add(contestant.name(), NEW, tree.add(round * samples + sample)?);
            }
        }
    }
    Ok(())
}
