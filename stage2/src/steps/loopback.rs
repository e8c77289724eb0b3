//! `loopback`: lo up. It is the network namespace's own, and never the host's in a sandbox with one.

use super::StepError;
use super::root::Root;

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    if !root.does("bring lo up") {
        return Ok(());
    }
    supervisor::sys::machine::bring_loopback_up().map_err(|error| StepError::because("bring lo up", error))
}
