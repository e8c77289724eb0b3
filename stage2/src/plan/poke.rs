//! What changes no state: a reload, a signal. Nobody waits for anybody.

use supervisor::state::State;
use units::Kind;

use super::{Run, Verb};
use crate::graph::{Graph, UnitIndex, Vertex};

/// Those that it reaches, in the graph's order, and why it does not reach the others.
pub(super) fn poke(graph: &Graph, verb: Verb, named: &[UnitIndex], states: impl Fn(UnitIndex) -> State) -> Run {
    let mut run = Run::default();
    for &unit in graph.order().iter().filter(|unit| named.contains(unit)) {
        let vertex = graph.vertex(unit);
        match hindrance(verb, vertex, states(unit)) {
            None => run.0.push((unit, verb)),
            Some(reason) => run.1.push((vertex.name.to_string(), reason)),
        }
    }
    run
}

fn hindrance(verb: Verb, vertex: &Vertex, state: State) -> Option<String> {
    let runs = state.is_up() || matches!(state, State::Starting | State::Stopping);
    let kind = vertex.unit.as_ref().map(|unit| &unit.kind);
    match (verb, kind) {
        (Verb::Kill, Some(Kind::Milestone)) => Some("not signalled, because a milestone has no process".into()),
        (Verb::Kill, _) => (!runs).then(|| format!("not signalled, because it is {}", state.name())),
        _ if !state.is_up() => Some(format!("not reloaded, because it is {}", state.name())),
        (_, None) => Some("not reloaded, because its file is gone".into()),
        (_, Some(Kind::Milestone)) => Some("not reloaded, because a milestone has nothing to reload".into()),
        (_, Some(Kind::Oneshot(oneshot))) if oneshot.reload.is_none() => {
            Some("not reloaded, because it has no \"reload\"".into())
        }
        _ => None,
    }
}
