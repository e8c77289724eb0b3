//! What the scanner is told to do, by letters and by signals. Pure.

use crate::control::scanner as letter;
use crate::sys::signal::{self, RTMIN};
use crate::sys::text::Text;

/// What is to be done, each at most once, in the order of the fields.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Orders {
    /// Hold the read end of standard error's FIFO.
    pub hold: bool,
    /// Close every pipe end and the held FIFO end.
    pub close: bool,
    /// Scan; always before pruning, so that what has just come back is spared.
    pub scan: bool,
    /// TERM to supervises whose service left.
    pub prune: bool,
    /// Their loggers get TERM too, instead of HUP.
    pub prune_loggers: bool,
    /// TERM to services, HUP to loggers, then finish.
    pub terminate: bool,
    /// TERM to all, then finish.
    pub quit: bool,
    /// Finish now.
    pub finish: bool,
    /// Execute ourselves again.
    pub again: bool,
}

impl Orders {
    /// Takes a letter; unknown ones mean nothing. Reaping needs no order: it is always done.
    pub const fn take(&mut self, letter: u8) {
        match letter {
            letter::HOLD_FIFO => self.hold = true,
            letter::CLOSE_PIPES => self.close = true,
            letter::SCAN => self.scan = true,
            letter::PRUNE => self.prune = true,
            letter::PRUNE_ALL => {
                self.prune = true;
                self.prune_loggers = true;
            }
            b'h' => {
                self.scan = true;
                self.prune = true;
            }
            letter::TERMINATE | b'i' => self.terminate = true,
            letter::QUIT => self.quit = true,
            letter::FINISH => self.finish = true,
            letter::EXECUTE_AGAIN => self.again = true,
            _ => (),
        }
    }

    /// What a signal means when there is no handler for it: as a letter. As process 1 no signal ends anything.
    pub const fn letter_of(signal: u32, is_process_1: bool) -> Option<u8> {
        match signal {
            signal::SIGHUP => Some(b'h'),
            signal::SIGALRM => Some(letter::SCAN),
            signal::SIGTERM | signal::SIGINT if !is_process_1 => Some(letter::TERMINATE),
            signal::SIGQUIT if !is_process_1 => Some(letter::QUIT),
            // It comes as a signal only where it is no crash.
            signal::SIGABRT => Some(letter::FINISH),
            _ => None,
        }
    }
}

/// The name of a signal that may have a handler, without SIG; `None` for all others.
pub fn handler_name(signal: u32) -> Option<Text<16>> {
    let mut name = Text::new();
    name.push(match signal {
        signal::SIGHUP => b"HUP",
        signal::SIGINT => b"INT",
        signal::SIGQUIT => b"QUIT",
        signal::SIGUSR1 => b"USR1",
        signal::SIGUSR2 => b"USR2",
        signal::SIGALRM => b"ALRM",
        signal::SIGTERM => b"TERM",
        signal::SIGWINCH => b"WINCH",
        signal::SIGPWR => b"PWR",
        RTMIN..=64 => b"RTMIN",
        _ => return None,
    });
    if signal > RTMIN {
        name.push(b"+");
        name.push_number(u64::from(signal - RTMIN));
    }
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `an` in one write is scan and prune, in whatever order; an unknown letter is nothing.
    #[test]
    fn letters() {
        let mut orders = Orders::default();
        for letter in *b"n?az" {
            orders.take(letter);
        }
        assert_eq!(orders, Orders { scan: true, prune: true, ..Orders::default() });
    }

    /// Real-time signals count from 34; the C library's own have no handler.
    #[test]
    fn handlers() {
        for (signal, name) in
            [(15, Some("TERM")), (30, Some("PWR")), (34, Some("RTMIN")), (38, Some("RTMIN+4")), (33, None), (17, None)]
        {
            assert_eq!(
                handler_name(signal).map(|name| name.bytes().to_vec()),
                name.map(|name| name.into()),
                "{signal}"
            );
        }
        assert_eq!(Orders::letter_of(signal::SIGTERM, true), None);
        assert_eq!(Orders::letter_of(signal::SIGALRM, true), Some(b'a'));
    }
}
