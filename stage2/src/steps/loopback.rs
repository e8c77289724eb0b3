//! `loopback`: lo up, unless it is. Its addresses, 127.0.0.1 and ::1, come by themselves.

use supervisor::namespace::Namespace;
use supervisor::sys::error::Errno;
use supervisor::sys::network::Loopback;

use super::root::Root;
use super::{StepError, guard};

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    let lo = Loopback::open().map_err(because)?;
    if lo.is_up().map_err(because)? {
        return Ok(());
    }
    guard::own(Namespace::Network)?;
    if !root.does("bring lo up") {
        return Ok(());
    }
    lo.bring_up().map_err(because)
}

fn because(errno: Errno) -> StepError {
    StepError::because("bring lo up", errno)
}
