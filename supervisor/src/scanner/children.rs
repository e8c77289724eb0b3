//! How the scanner starts programs: what its children inherit, and what not.

use core::ffi::CStr;

use crate::sys;
use crate::sys::descriptor::{Descriptor, HERE};
use crate::sys::error::{Errno, Result};
use crate::sys::message::Messages;
use crate::sys::process::{self, Arguments, Environment, Fork};
use crate::sys::start::Stack;
use crate::sys::text::{Shown, parse_line, parse_number};
use crate::sys::{files, signal};

/// The limits of open descriptors before stage 1 raised them: `SOFT:HARD`, or `SOFT` alone.
const LIMIT_VARIABLE: &[u8] = b"SUNUP_NOFILE";
/// Where programs are looked for without PATH.
const DEFAULT_PATH: &[u8] = b"/usr/bin:/bin";

/// What children get.
#[derive(Debug)]
pub struct Children {
    environment: Environment,
    path: &'static [u8],
    /// Soft and hard limit of descriptors, where ours is raised.
    limit: Option<(u64, u64)>,
    /// Our oom_score_adj is not for them.
    reset_oom: bool,
}

/// A supervise to be started.
#[derive(Clone, Copy, Debug)]
pub struct Supervise<'a> {
    /// The entry's name.
    pub name: &'a CStr,
    /// Its logger is meant.
    pub is_log: bool,
    /// Descriptor 0 of a logger, 1 of a service that has one.
    pub pipe: Option<Descriptor>,
}

impl Children {
    /// Takes our own limits note, and raises the limit of descriptors: a service with a logger costs two.
    ///
    /// `before`: what children got before we were executed again, when the note is gone.
    pub fn new(stack: &mut Stack, before: Option<(u64, u64)>) -> Self {
        let told = stack.variable(LIMIT_VARIABLE).and_then(|value| limits(value.to_bytes()));
        let told = before.map(|(soft, hard)| (soft, Some(hard))).or(told);
        stack.remove_variable(LIMIT_VARIABLE);
        let own = process::descriptor_limit().ok();
        if let Some((_, hard)) = own {
            let _ = process::set_descriptor_limit(hard, hard);
        }
        let limit = own.map(|own| restored(told, own));
        Self {
            environment: Environment::of(stack),
            path: stack.variable(b"PATH").map_or(DEFAULT_PATH, CStr::to_bytes),
            limit,
            reset_oom: process::own_pid() == 1 && is_oom_adjusted(),
        }
    }

    /// Soft and hard limit of descriptors that children get.
    pub const fn limits(&self) -> Option<(u64, u64)> {
        self.limit
    }

    /// Starts a supervise.
    pub fn supervise(&self, what: Supervise<'_>) -> Result<u32> {
        match process::fork()? {
            Fork::Parent(pid) => Ok(pid),
            Fork::Child => self.become_supervise(what),
        }
    }

    fn become_supervise(&self, what: Supervise<'_>) -> ! {
        self.clean();
        let errno = self.exec_supervise(what);
        let log = if what.is_log { "/log" } else { "" };
        let name = Shown(what.name.to_bytes());
        Messages::new("svscan").warn(b"", format_args!("unable to run supervise for {name}{log}: {errno}"));
        sys::exit(111)
    }

    fn exec_supervise(&self, what: Supervise<'_>) -> Errno {
        let (argument, number) = if what.is_log { (c"log", 0) } else { (what.name, 1) };
        if let Some(Err(errno)) = what.is_log.then(|| files::change_directory(what.name)) {
            return errno;
        }
        if let Some(Err(errno)) = what.pipe.map(|pipe| pipe.duplicate_to(number)) {
            return errno;
        }
        let arguments = Arguments::of(&[c"supervise", argument]);
        process::exec_in_path(c"supervise", self.path, &arguments, self.environment)
    }

    /// Starts a handler in a session of its own.
    pub fn handler(&self, path: &CStr) -> Result<u32> {
        match process::fork()? {
            Fork::Parent(pid) => Ok(pid),
            Fork::Child => {
                let _ = process::new_session();
                self.clean();
                let errno = process::exec(path, &Arguments::of(&[path]), self.environment);
                Messages::new("svscan").warn(b"", format_args!("unable to run {}: {errno}", Shown(path.to_bytes())));
                sys::exit(111)
            }
        }
    }

    /// Becomes `finish` or `crash`; returns when that cannot be, with everything as it was.
    pub fn replace_ourselves(&self, path: &CStr) -> Errno {
        let raised = process::descriptor_limit();
        if let Some((soft, hard)) = self.limit {
            let _ = process::set_descriptor_limit(soft, hard);
        }
        let blocked = signal::set_blocked(signal::Signals::NONE);
        let errno = process::exec(path, &Arguments::of(&[path]), self.environment);
        if let Ok(blocked) = blocked {
            let _ = signal::set_blocked(blocked);
        }
        if let Ok((soft, hard)) = raised {
            let _ = process::set_descriptor_limit(soft, hard);
        }
        errno
    }

    /// In the child: nothing of what makes us special.
    fn clean(&self) {
        // Nothing is ignored since our start, and exec removes handlers.
        let _ = signal::set_blocked(signal::Signals::NONE);
        if let Some((soft, hard)) = self.limit {
            let _ = process::set_descriptor_limit(soft, hard);
        }
        if self.reset_oom {
            let _ = files::write_at(HERE, c"/proc/self/oom_score_adj", b"0");
        }
    }
}

/// `SOFT:HARD` or `SOFT`.
fn limits(text: &[u8]) -> Option<(u64, Option<u64>)> {
    let mut numbers = text.splitn(2, |&byte| byte == b':').map(parse_number);
    let soft = numbers.next()??;
    match numbers.next() {
        None => Some((soft, None)),
        Some(hard) => Some((soft, Some(hard?))),
    }
}

/// What children get: never more than we have ourselves.
fn restored(told: Option<(u64, Option<u64>)>, (soft, hard): (u64, u64)) -> (u64, u64) {
    let hard_told = told.and_then(|(_, hard)| hard).unwrap_or(hard).min(hard);
    (told.map_or(soft, |(soft, _)| soft).min(hard_told), hard_told)
}

fn is_oom_adjusted() -> bool {
    let mut buffer = [0; 16];
    files::read_at(HERE, c"/proc/self/oom_score_adj", &mut buffer).is_ok_and(|text| parse_line(text) != Some(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lone number is the soft limit; what is no limit is not taken for one.
    #[test]
    fn told_limits() {
        for (text, told) in [
            ("1024:4096", Some((1024, Some(4096)))),
            ("1024:18446744073709551615", Some((1024, Some(u64::MAX)))),
            ("333", Some((333, None))),
            ("", None),
            ("1024:", None),
            (":4096", None),
            ("1:2:3", None),
        ] {
            assert_eq!(limits(text.as_bytes()), told, "{text}");
        }
    }

    /// Both limits come back, and neither is above our own.
    #[test]
    fn what_children_get() {
        assert_eq!(restored(Some((1024, Some(4096))), (1024, 1_048_576)), (1024, 4096));
        assert_eq!(restored(Some((333, None)), (1024, 4096)), (333, 4096));
        assert_eq!(restored(Some((9000, Some(u64::MAX))), (1024, 4096)), (4096, 4096));
        assert_eq!(restored(Some((9000, Some(2000))), (1024, 4096)), (2000, 2000));
        assert_eq!(restored(None, (1024, 4096)), (1024, 4096));
    }
}
