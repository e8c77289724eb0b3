//! Signals: all of them are blocked and read from a descriptor; handlers are kept for crashes alone.

use syscalls::{Sysno, syscall};

use super::descriptor::{Descriptor, Owned};
use super::error::Result;

pub use linux_raw_sys::general::{
    SIGABRT, SIGALRM, SIGCHLD, SIGCONT, SIGHUP, SIGINT, SIGIO, SIGKILL, SIGPIPE, SIGPWR, SIGQUIT, SIGSTOP, SIGTERM,
    SIGTSTP, SIGTTIN, SIGTTOU, SIGUSR1, SIGUSR2, SIGWINCH, SIGXFSZ,
};

/// The first real-time signal that programs use; the C library keeps 32 and 33 for itself.
pub const RTMIN: u32 = 34;

/// A set of signals.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Signals(pub u64);

impl Signals {
    /// None.
    pub const NONE: Self = Self(0);
    /// All.
    pub const ALL: Self = Self(u64::MAX);

    /// These.
    pub const fn of(signals: &[u32]) -> Self {
        let mut bits = 0;
        let mut at = 0;
        while at < signals.len() {
            bits |= 1 << (signals[at] - 1);
            at += 1;
        }
        Self(bits)
    }

    /// What the kernel sends for a fault of our own, and ABRT: never to be blocked.
    pub const FAULTS: Self = Self::of(&[4, 5, 6, 7, 8, 11, 31]);

    /// What only the kernel sends for a fault of our own.
    pub const OWN_FAULTS: Self = Self::FAULTS.without(Self::of(&[SIGABRT]));

    /// It is one of them.
    pub const fn contains(self, signal: u32) -> bool {
        self.0 & 1 << (signal - 1) != 0
    }

    /// Those that are in both sets.
    pub const fn and(self, others: Self) -> Self {
        Self(self.0 & others.0)
    }

    /// All but those.
    pub const fn without(self, others: Self) -> Self {
        Self(self.0 & !others.0)
    }
}

/// Replaces the set of blocked signals; gives the old one.
#[inline(never)]
pub fn set_blocked(signals: Signals) -> Result<Signals> {
    let mut old: u64 = 0;
    // SAFETY: the kernel reads and writes one 8-byte set each, whose size we pass.
    unsafe {
        syscall!(
            Sysno::rt_sigprocmask,
            linux_raw_sys::general::SIG_SETMASK,
            &raw const signals.0,
            &raw mut old,
            size_of::<u64>()
        )
    }?;
    Ok(Signals(old))
}

/// Takes one of these (blocked) signals, for which it waits so many ms at most.
pub fn take_within(signals: Signals, milliseconds: u32) {
    let limit = [i64::from(milliseconds / 1000), i64::from(milliseconds % 1000) * 1_000_000];
    // SAFETY: the kernel reads one 8-byte set, whose size we pass, and one `timespec`; it writes nothing.
    let _ = unsafe { syscall!(Sysno::rt_sigtimedwait, &raw const signals.0, 0, &raw const limit, size_of::<u64>()) };
}

/// A non-blocking descriptor from which these (blocked) signals are read.
pub fn signal_descriptor(signals: Signals) -> Result<Owned> {
    use linux_raw_sys::general::{O_CLOEXEC, O_NONBLOCK};
    // SAFETY: the kernel reads one 8-byte set, whose size we pass.
    let fd =
        unsafe { syscall!(Sysno::signalfd4, -1isize, &raw const signals.0, size_of::<u64>(), O_CLOEXEC | O_NONBLOCK) }?;
    Ok(Owned::from_call(fd))
}

/// The next signal's number from [`signal_descriptor`]; `None` when there is none.
pub fn next_signal(fd: Descriptor) -> Option<u32> {
    // `signalfd_siginfo` is 128 bytes that begin with the signal's number.
    let mut record = [0u8; 128];
    let size = fd.read(&mut record).ok()?;
    let [a, b, c, d, ..] = record;
    (size == record.len()).then(|| u32::from_ne_bytes([a, b, c, d]))
}

/// All signals that wait in [`signal_descriptor`], if they are no more than eight kinds, in one call.
pub fn next_signals(fd: Descriptor) -> Signals {
    let mut records = [[0u8; 128]; 8];
    let size = fd.read(records.as_flattened_mut()).unwrap_or(0);
    let arrived = records.iter().take(size / 128).fold(0, |bits, record| {
        let [a, b, c, d, ..] = *record;
        bits | 1u64 << (u32::from_ne_bytes([a, b, c, d]).clamp(1, 64) - 1)
    });
    Signals(arrived)
}

/// What a signal does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disposition {
    /// What it does by default.
    Default,
    /// Nothing.
    Ignore,
}

/// Sets what a signal does.
pub fn set_disposition(signal: u32, disposition: Disposition) -> Result<()> {
    // The kernel's `sigaction`: handler, flags, restorer, mask, 8 bytes each; on aarch64 without the restorer, where
    // the last word is not read.
    let action: [usize; 4] = [usize::from(disposition == Disposition::Ignore), 0, 0, 0];
    // SAFETY: the kernel reads at most 32 bytes of `action` (SIG_DFL is 0, SIG_IGN is 1) and writes nothing.
    unsafe { syscall!(Sysno::rt_sigaction, signal, action.as_ptr(), 0, size_of::<u64>()) }?;
    Ok(())
}

/// Gives every signal its default again, for us and whom we start: exec alone would not do that for ignored ones. Handlers
/// are gone after it.
pub fn reset() {
    for signal in 1..=64 {
        let _ = set_disposition(signal, Disposition::Default);
    }
}

/// The number of a signal from its name (with or without SIG) or number, as `down-signal` has it.
pub fn parse(text: &[u8]) -> Option<u32> {
    if let Some(number) = super::text::parse_number(text) {
        return (1..=64).contains(&number).then_some(number as u32);
    }
    let name = text.strip_prefix(b"SIG").unwrap_or(text);
    NAMES.iter().find(|(known, _)| *known == name).map(|&(_, number)| number)
}

/// Names without SIG.
pub const NAMES: [(&[u8], u32); 20] = [
    (b"HUP", SIGHUP),
    (b"INT", SIGINT),
    (b"QUIT", SIGQUIT),
    (b"ABRT", SIGABRT),
    (b"KILL", SIGKILL),
    (b"USR1", SIGUSR1),
    (b"USR2", SIGUSR2),
    (b"PIPE", SIGPIPE),
    (b"ALRM", SIGALRM),
    (b"TERM", SIGTERM),
    (b"CHLD", SIGCHLD),
    (b"CONT", SIGCONT),
    (b"STOP", SIGSTOP),
    (b"TSTP", SIGTSTP),
    (b"TTIN", SIGTTIN),
    (b"TTOU", SIGTTOU),
    (b"WINCH", SIGWINCH),
    (b"PWR", SIGPWR),
    (b"RTMIN+3", RTMIN + 3),
    (b"RTMIN+4", RTMIN + 4),
];

#[cfg(test)]
mod tests {
    use super::*;

    /// Names with and without SIG, numbers, and nothing else.
    #[test]
    fn parses_signals() {
        for (text, signal) in
            [("TERM", Some(15)), ("SIGHUP", Some(1)), ("9", Some(9)), ("0", None), ("65", None), ("FOO", None)]
        {
            assert_eq!(parse(text.as_bytes()), signal, "{text}");
        }
    }
}
