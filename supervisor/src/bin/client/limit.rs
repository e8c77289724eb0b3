//! Soft limits of resources, as daemontools' softlimit sets them.

use super::chain;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use std::ffi::CStr;

/// What an option letter of softlimit, or of chpst, limits.
pub fn resources(letter: u8) -> &'static [Resource] {
    match letter {
        b'a' => &[Resource::RLIMIT_AS],
        b'c' => &[Resource::RLIMIT_CORE],
        b'd' => &[Resource::RLIMIT_DATA],
        b'f' => &[Resource::RLIMIT_FSIZE],
        b'l' => &[Resource::RLIMIT_MEMLOCK],
        b'm' => &[Resource::RLIMIT_DATA, Resource::RLIMIT_STACK, Resource::RLIMIT_MEMLOCK, Resource::RLIMIT_AS],
        b'o' => &[Resource::RLIMIT_NOFILE],
        b'p' => &[Resource::RLIMIT_NPROC],
        b'r' => &[Resource::RLIMIT_RSS],
        b's' => &[Resource::RLIMIT_STACK],
        _ => &[Resource::RLIMIT_CPU],
    }
}

/// How much is allowed.
#[derive(Clone, Copy)]
pub enum Amount {
    /// As much as the hard limit.
    Hard,
    /// So much, in the resource's unit.
    Of(u64),
}

impl Amount {
    /// Reads an amount; nothing at all is 0, as daemontools has it, and what is too large for a number is the largest.
    pub fn read(text: &CStr) -> Option<Self> {
        match text.to_bytes() {
            b"=" => Some(Self::Hard),
            b"" => Some(Self::Of(0)),
            digits if digits.iter().all(u8::is_ascii_digit) => {
                Some(Self::Of(supervisor::sys::text::parse_number(digits).unwrap_or(u64::MAX)))
            }
            _ => None,
        }
    }
}

/// Sets a soft limit; the error is the exit code of what was reported.
pub fn limit(program: &str, resource: Resource, amount: Amount) -> Result<(), i32> {
    let fail = |what: &[u8], error| chain::fatal(program, &[what], error);
    let (_, hard) = getrlimit(resource).map_err(|error| fail(b"getrlimit failed", error))?;
    let soft = match amount {
        Amount::Hard => hard,
        Amount::Of(amount) => amount.min(hard),
    };
    setrlimit(resource, soft, hard).map_err(|error| fail(b"setrlimit failed", error))
}
