//! Subject `makespan`: units that take as long as those of a boot, so that what is left is what waiting in the wrong order,
//! or for too few at once, costs.

use crate::Outcome;
use crate::compute;
use crate::figures::{FLOOR, Figures, Limit, OURS};
use crate::graph;
use crate::ordering::bring_up;
use crate::peer::Peers;
use crate::scratch::Scratch;

/// Measures it.
pub fn measure(scratch: &Scratch, rounds: usize) -> Outcome<Vec<Figures>> {
    let mut figures = Figures::new("a boot of real durations, ms to all done");
    let mut peers = Peers::find(scratch);
    let (graph, durations) = graph::boot();
    let words = |node: usize| ["sleep".to_owned(), format!("0.{:03}", durations[node])];
    for round in 0..rounds {
        figures.add(FLOOR, graph.name, graph::critical_path(&graph, &durations) as f64);
        figures.add(OURS, graph.name, bring_up(scratch, &graph, &words, None)?);
        peers.measure(round, scratch, &graph, &words, &mut figures);
    }
    figures.hold_to(graph.name, Limit::Ratio(1.05));
    figures
        .notes
        .push("the floor is computed: the longest path. The units sleep, so that processors are no bound".to_owned());
    figures.notes.extend(peers.notes().chain(peers.absent.iter().cloned()));
    Ok(vec![figures, compute::measure(scratch, rounds)?])
}
