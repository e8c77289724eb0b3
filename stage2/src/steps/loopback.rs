//! `loopback`: lo up. It is the network namespace's own, and never the host's in a sandbox with one.

use super::StepError;

pub(super) fn run() -> Result<(), StepError> {
    supervisor::sys::machine::bring_loopback_up().map_err(|error| StepError::because("bring lo up", error))
}
