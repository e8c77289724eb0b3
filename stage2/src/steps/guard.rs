//! Is it ours? From inside namespaces, even root's, swap, clock, modules and kernel settings are the host's, and so is what
//! we share with it (decision 0069). Every change of these asks here first; what is as it should be is never refused.

use supervisor::namespace::{self, Namespace};

use super::StepError;

/// True in the first pid namespace. Where /proc does not tell, nothing is ours.
pub(super) fn is_first() -> bool {
    namespace::is_machine() == Some(true)
}

/// The error for what reaches the host.
pub(super) fn machine() -> Result<(), StepError> {
    if is_first() { Ok(()) } else { Err(StepError::plain("refused: not in the first pid namespace")) }
}

/// The error for what is in a namespace that we share with the host.
pub(super) fn own(namespace: Namespace) -> Result<(), StepError> {
    if namespace.is_own() {
        return Ok(());
    }
    Err(StepError::plain(match namespace {
        Namespace::HostName => "refused: the host name is the host's",
        Namespace::Mounts => "refused: the mounts are the host's",
        Namespace::Network => "refused: the network is the host's",
    }))
}
