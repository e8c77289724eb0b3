//! Subject `makespan`: units that take as long as those of a boot, so that what is left is what waiting in the wrong order,
//! or for too few at once, costs.

use crate::Outcome;
use crate::figures::{FLOOR, Figures, Limit, OURS};
use crate::graph;
use crate::ordering::bring_up;
use crate::scratch::Scratch;

/// Measures it.
pub fn measure(scratch: &Scratch, rounds: usize) -> Outcome<Vec<Figures>> {
    let mut figures = Figures::new("a boot of real durations, ms to all done");
    let (graph, durations) = graph::boot();
    for _ in 0..rounds {
        figures.add(FLOOR, graph.name, graph::critical_path(&graph, &durations) as f64);
        let words = |node: usize| format!("sleep, '0.{:03}'", durations[node]);
        figures.add(OURS, graph.name, bring_up(scratch, &graph, &words)?);
    }
    figures.hold_to(graph.name, Limit::Ratio(1.05));
    figures
        .notes
        .push("the floor is computed: the longest path. The units sleep, so that processors are no bound".to_owned());
    figures.notes.push("OpenRC and systemd order only what is installed in /etc, and are not beside it".to_owned());
    Ok(vec![figures])
}
