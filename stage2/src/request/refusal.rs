//! Requests that are refused before anything is done, because they could only do harm.

use super::target::{Sources, Target};
use super::{Answer, Request, Verb};
use crate::graph::{Problem, UnitIndex};

/// What a request is about, or why it is refused. One whose engine died in the middle of it is not refused for a broken
/// unit: part of it is done already.
pub fn resolve(request: &Request, sources: &Sources, others: &[String], was_running: bool) -> Result<Target, Answer> {
    // What is up can be reached without its file, but not brought up again.
    let load = match request.verb {
        Verb::Stop | Verb::Reload | Verb::Kill | Verb::Apply | Verb::StopAll => Target::load_to_stop,
        Verb::Start | Verb::Restart | Verb::Switch | Verb::Boot => Target::load,
    };
    let target = load(sources, &request.names(), others).map_err(Answer::refused)?;
    refuse_clashes(request, &target)?;
    if !was_running {
        refuse_broken(request, &target)?;
    }
    Ok(target)
}

/// Units that are never up together cannot be asked for together; a boot brings one of them up.
fn refuse_clashes(request: &Request, target: &Target) -> Result<(), Answer> {
    let clash = match request.verb {
        Verb::Start | Verb::Restart | Verb::Switch | Verb::Apply => {
            target.graph.clashes(&target.units()).into_iter().next()
        }
        Verb::Stop | Verb::Reload | Verb::Kill | Verb::Boot | Verb::StopAll => None,
    };
    clash.map_or(Ok(()), |clash| Err(Answer::refused(clash.diagnostic.to_string())))
}

/// What would be stopped and could not come back, because its file has errors, is left alone.
fn refuse_broken(request: &Request, target: &Target) -> Result<(), Answer> {
    let again: Vec<UnitIndex> = match request.verb {
        Verb::Apply => request.restart.iter().filter_map(|name| target.graph.index(name)).collect(),
        Verb::Restart | Verb::Reload | Verb::Switch => target.units(),
        Verb::Start | Verb::Stop | Verb::Kill | Verb::Boot | Verb::StopAll => Vec::new(),
    };
    let error = again.iter().find_map(|unit| match &target.graph.vertex(*unit).problem {
        Some(Problem::Broken(error)) => Some(error),
        _ => None,
    });
    let Some(error) = error else { return Ok(()) };
    let error = format!("unable to {}: {error} (nothing was changed)", request.verb.name());
    Err(Answer { exit: 1, ..Answer::refused(error) })
}
