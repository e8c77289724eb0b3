//! `telinit`: what `init` is when it is not process 1. It sends process 1 the signal that means the same.

use supervisor::sys::process::kill;

/// Real-time signals are counted from here, whatever the C library says.
const REAL_TIME: u32 = 34;
/// SIGHUP, on which the scanner looks at its directory again.
const HANGUP: u32 = 1;
/// Wrong arguments.
const USAGE: i32 = 100;
/// The system said no.
const SYSTEM: i32 = 111;

/// The program. Exits 0, 100 or 111.
pub fn main(words: &[String]) -> i32 {
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(signal) = signal(&words) else {
        eprintln!("telinit: usage: telinit [-t seconds] 0|6|q");
        return USAGE;
    };
    match kill(1, signal) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("telinit: fatal: unable to signal process 1: {error}");
            SYSTEM
        }
    }
}

/// The signal for these arguments. `None`: there is none. Runlevels other than 0 and 6 are bundles, and switching to one
/// is the engine's work.
fn signal(words: &[&str]) -> Option<u32> {
    match words {
        ["-t", _, rest @ ..] => signal(rest),
        ["0"] => Some(REAL_TIME + 4),
        ["6"] => Some(REAL_TIME + 5),
        ["q" | "Q"] => Some(HANGUP),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::signal;

    /// Power off is RTMIN+4, restart RTMIN+5; everything else is usage.
    #[test]
    fn words() {
        assert_eq!(signal(&["0"]), Some(38));
        assert_eq!(signal(&["-t", "5", "6"]), Some(39));
        assert_eq!(signal(&["q"]), Some(1));
        for wrong in [&[][..], &["3"], &["0", "6"], &["-t"], &["-t", "5"], &["--help"]] {
            assert_eq!(signal(wrong), None, "{wrong:?}");
        }
    }
}
