//! The end of a user tree: the engine stops every unit in reverse order, then svscan ends what is left.

use std::io::Write;

use supervisor::control::scanner::TERMINATE;
use supervisor::paths::requests::{DONE, RUNNING, STOP};
use supervisor::paths::service;

use super::tree;
use crate::command::ask;
use crate::command::failure::{Failure, Outcome};
use crate::command::follow::Follow;
use crate::request::{Request, Verb};
use crate::system::places::Places;

/// Ends the tree and waits for that: exit 1 if a unit did not stop as it should.
pub(super) fn run(places: &Places, out: &mut dyn Write) -> Outcome {
    if !tree::is_running(places) {
        let message = format!("no services of yours run in {}", places.run.display());
        return Err(Failure { message, code: 1 });
    }
    let stopped = stop_units(places, out).unwrap_or_else(|failure| {
        eprintln!("sunup: warning: {failure} (going on without order)");
        1
    });
    // One that has ended by itself in the meantime has no reader any more.
    let _ = places.scanner().and_then(|mut fifo| fifo.write_all(&[TERMINATE]));
    tree::await_end(places).map_err(|error| Failure::unable("wait for svscan", error))?;
    Ok(stopped)
}

/// Has the engine stop everything; a stop that is under way is only waited for.
fn stop_units(places: &Places, out: &mut dyn Write) -> Outcome {
    let directory = places.requests();
    let supervise = ask::engine(&places.run).join(service::SUPERVISE);
    let follow = Follow::begin(&directory, supervise).map_err(|error| Failure::unable("watch the requests", error))?;
    if !["", RUNNING, DONE].iter().any(|suffix| directory.join(format!("{STOP}{suffix}")).exists()) {
        ask::write_request(&directory, STOP, &Request::new(Verb::StopAll, Vec::new()))?;
    }
    let wake = || ask::wake(places, STOP);
    wake()?;
    let limit = places.settings().0.deadlines.shutdown;
    match follow.to_the_end(STOP, out, Some(limit), wake)? {
        Some(answer) => ask::conclude(&answer),
        None => Err(Failure::system(format!("the units have not stopped within {} s", limit.as_secs()))),
    }
}
