//! Is the machine ours? From inside namespaces, even root's, swap, clock, modules and kernel settings are the host's.

use std::fs;

use super::StepError;

/// The first pid namespace's inode; its number is part of the kernel's interface.
const FIRST_PID: &str = "pid:[4026531836]";
/// The first UTS namespace's.
const FIRST_UTS: &str = "uts:[4026531838]";

/// True in the first pid namespace. Where /proc does not tell, nothing is ours.
pub(super) fn is_first() -> bool {
    namespace_is("pid", FIRST_PID)
}

/// The error for what reaches the host.
pub(super) fn machine() -> Result<(), StepError> {
    if is_first() { Ok(()) } else { Err(StepError::plain("refused: not in the first pid namespace")) }
}

/// The error for a host name that we would share with the host.
pub(super) fn host_name() -> Result<(), StepError> {
    let shared = !is_first() && (namespace_is("uts", FIRST_UTS) || fs::read_link("/proc/self/ns/uts").is_err());
    if shared { Err(StepError::plain("refused: the host name is the host's")) } else { Ok(()) }
}

fn namespace_is(kind: &str, first: &str) -> bool {
    fs::read_link(format!("/proc/self/ns/{kind}")).is_ok_and(|target| target.as_os_str() == first)
}
