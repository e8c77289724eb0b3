//! What changes no state: a reload, a signal. Nobody waits for anybody.

use supervisor::state::State;
use units::Kind;

use super::{Run, Verb};
use crate::graph::{Graph, UnitIndex, Vertex};

/// Why a signal that reaches nobody is none, in a plan and in earnest.
pub const NOBODY: &str = "nothing of it runs";

/// Those that can reload, and why the others cannot.
pub(super) fn reload(graph: &Graph, named: &[UnitIndex], states: impl Fn(UnitIndex) -> State) -> Run {
    poke(graph, Verb::Reload, named, |unit| {
        Some(format!("not reloaded, because {}", obstacle(graph.vertex(unit), states(unit))?))
    })
}

/// Those that a signal reaches, and why it does not reach the others.
pub(super) fn kill(graph: &Graph, named: &[UnitIndex], is_reached: impl Fn(UnitIndex) -> bool) -> Run {
    poke(graph, Verb::Kill, named, |unit| (!is_reached(unit)).then(|| format!("not signalled, because {NOBODY}")))
}

/// What nothing hinders, in the graph's order.
fn poke(graph: &Graph, verb: Verb, named: &[UnitIndex], hindrance: impl Fn(UnitIndex) -> Option<String>) -> Run {
    let mut run = Run::default();
    for &unit in graph.order().iter().filter(|unit| named.contains(unit)) {
        match hindrance(unit) {
            None => run.0.push((unit, verb)),
            Some(reason) => run.1.push((graph.name(unit).to_owned(), reason)),
        }
    }
    run
}

fn obstacle(vertex: &Vertex, state: State) -> Option<String> {
    match vertex.unit.as_ref().map(|unit| &unit.kind) {
        _ if !state.is_up() => Some(format!("it is {}", state.name())),
        None => Some("its file is gone".into()),
        Some(Kind::Milestone) => Some("a milestone has nothing to reload".into()),
        Some(Kind::Oneshot(oneshot)) if oneshot.reload.is_none() => Some("it has no \"reload\"".into()),
        Some(Kind::Longrun(_) | Kind::Oneshot(_)) => None,
    }
}
