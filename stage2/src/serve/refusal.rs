//! Requests that are refused before anything is done, because they could only do harm.

use crate::graph::{Problem, UnitIndex};
use crate::request::target::Target;
use crate::request::{Answer, Request, Verb};

/// Units that are never up together cannot be asked for together.
pub(super) fn refuse_clashes(request: &Request, target: Target) -> Result<Target, Answer> {
    let clash = match request.verb {
        Verb::Stop => None,
        _ => target.graph.clashes(&target.units()).into_iter().next(),
    };
    match clash {
        None => Ok(target),
        Some(clash) => Err(Answer::refused(clash.diagnostic.to_string())),
    }
}

/// What would be stopped and could not come back, because its file has errors, is left alone.
pub(super) fn refuse_broken(request: &Request, target: Target) -> Result<Target, Answer> {
    let again: Vec<UnitIndex> = match request.verb {
        Verb::Apply => request.restart.iter().filter_map(|name| target.graph.index(name)).collect(),
        Verb::Restart | Verb::Reload | Verb::Switch => target.units(),
        Verb::Start | Verb::Stop | Verb::Kill | Verb::Boot | Verb::StopAll => Vec::new(),
    };
    let error = again.iter().find_map(|unit| match &target.graph.vertex(*unit).problem {
        Some(Problem::Broken(error)) => Some(error.clone()),
        _ => None,
    });
    match error {
        None => Ok(target),
        Some(error) => {
            let error = format!("unable to {}: {error} (nothing was changed)", request.verb.name());
            Err(Answer { exit: 1, ..Answer::refused(error) })
        }
    }
}
