//! What belongs to the process itself: what surrounds it, what limits it, and the last of what it gives up.

use std::fs;

use nix::sys::prctl::set_no_new_privs;
use nix::sys::resource::setrlimit;
use nix::sys::stat::{Mode, umask};
use nix::unistd::chdir;
use supervisor::sys::{capability, priority};

use crate::failure::{Failure, errno};
use crate::wishes::Wishes;

/// umask, nice value and the kernel's choice when memory runs out.
pub fn surround(wishes: &Wishes) -> Result<(), Failure> {
    if let Some(mask) = wishes.umask {
        umask(Mode::from_bits_truncate(mask));
    }
    if let Some(nice) = wishes.nice {
        priority::set_nice(nice).map_err(|error| Failure::new(format!("set the nice value {nice}"), errno(error)))?;
    }
    if let Some(score) = wishes.oom_score_adj {
        let failure = |error| Failure::new(format!("set oom_score_adj {score}"), error);
        fs::write("/proc/self/oom_score_adj", score.to_string()).map_err(failure)?;
    }
    Ok(())
}

/// The limits; from here on we are subject to them as well.
pub fn limit(wishes: &Wishes) -> Result<(), Failure> {
    for limit in &wishes.limits {
        let failure = |error| Failure::new(format!("set the limit {}", limit.name), error);
        setrlimit(limit.resource, limit.soft, limit.hard).map_err(failure)?;
    }
    Ok(())
}

/// What the program may ever be allowed to do.
pub fn bound(wishes: &Wishes) -> Result<(), Failure> {
    let Some(kept) = wishes.capabilities else { return Ok(()) };
    capability::keep_only(kept).map_err(|error| Failure::new("give capabilities up", errno(error)))
}

/// What is done as the user who the program is: so it has to be allowed to be where it is.
pub fn settle(wishes: &Wishes) -> Result<(), Failure> {
    if let Some(directory) = &wishes.directory {
        let failure = |error| Failure::new(format!("change to {}", directory.display()), error);
        chdir(directory.as_os_str()).map_err(failure)?;
    }
    if wishes.no_new_privileges {
        set_no_new_privs().map_err(|error| Failure::new("renounce new privileges", error))?;
    }
    Ok(())
}
