//! Signals that a supervise sends when told: the letter of each.

use nix::sys::signal::Signal;
use std::str::FromStr;

/// Signals that have a letter.
const SIGNALS: [(Signal, u8); 12] = [
    (Signal::SIGSTOP, b'p'),
    (Signal::SIGCONT, b'c'),
    (Signal::SIGHUP, b'h'),
    (Signal::SIGALRM, b'a'),
    (Signal::SIGINT, b'i'),
    (Signal::SIGTERM, b't'),
    (Signal::SIGKILL, b'k'),
    (Signal::SIGQUIT, b'q'),
    (Signal::SIGABRT, b'b'),
    (Signal::SIGUSR1, b'1'),
    (Signal::SIGUSR2, b'2'),
    (Signal::SIGWINCH, b'y'),
];

/// The letter of a signal given as `TERM`, `SIGTERM` or `15`.
pub fn signal_letter(text: &str) -> Option<u8> {
    let signal = match text.parse::<i32>() {
        Ok(number) => Signal::try_from(number).ok()?,
        Err(_) => Signal::from_str(&format!("SIG{}", text.trim_start_matches("SIG"))).ok()?,
    };
    SIGNALS.iter().find(|(known, _)| *known == signal).map(|(_, letter)| *letter)
}
