//! tai64nlocal: turns the TAI64N labels at the beginnings of lines into local time.
//!
//! Everything that was read is written before it waits for more; a label that is not whole yet waits for its end.
#![cfg_attr(not(test), no_main)]

mod client {
    pub mod calendar;
    pub mod command_line;
    pub mod zone;
    pub mod zone_rule;
}

use client::calendar::date_of;
use client::command_line;
use client::zone::Zone;
use supervisor::sys::descriptor::{STDIN, STDOUT};
use supervisor::sys::error::Result;

const HELP: &str = "\
usage: tai64nlocal
Copies lines; a TAI64N label at the beginning of one becomes YYYY-MM-DD HH:MM:SS.NNNNNNNNN, in local time ($TZ).

exit codes: 0 end of input, 111 trouble with input or output

example: tai64nlocal < /var/log/sunup/sshd/current
";

/// What a label adds to UNIX seconds.
const OFFSET: u64 = (1 << 62) + 10;
/// Digits of the longest label; what has more is none, so that we wait with a bounded amount of it.
const LONGEST: usize = 64;

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    let answered = command_line::answer("tai64nlocal", HELP, &command_line::words()).is_some();
    if answered || copy(&Zone::local()).is_ok() { 0 } else { 111 }
}

/// Where in a line we are.
enum Place {
    Begin,
    /// Within the label, which begins there in the output.
    Label(usize),
    Text,
}

/// Copies all lines.
fn copy(zone: &Zone) -> Result<()> {
    let mut bytes = [0; 16 * 1024];
    let mut output = Vec::new();
    let mut place = Place::Begin;
    loop {
        let count = STDIN.read(&mut bytes)?;
        if count == 0 {
            return Ok(());
        }
        for &byte in bytes.iter().take(count) {
            place = step(place, byte, zone, &mut output);
        }
        let whole = if let Place::Label(begin) = place { begin } else { output.len() };
        STDOUT.write_all(&output[..whole])?;
        output.drain(..whole);
        if let Place::Label(begin) = &mut place {
            *begin = 0;
        }
    }
}

/// Takes one byte.
fn step(place: Place, byte: u8, zone: &Zone, output: &mut Vec<u8>) -> Place {
    let next = match place {
        Place::Begin if byte == b'@' => Place::Label(output.len()),
        Place::Label(begin) if matches!(byte, b'0'..=b'9' | b'a'..=b'f') => {
            if output.len() - begin > LONGEST {
                Place::Text
            } else {
                Place::Label(begin)
            }
        }
        Place::Label(begin) => {
            if let Some(time) = local_time(&output[begin + 1..], zone) {
                output.truncate(begin);
                output.extend(time.bytes());
            }
            Place::Text
        }
        Place::Begin | Place::Text => Place::Text,
    };
    output.push(byte);
    if byte == b'\n' { Place::Begin } else { next }
}

/// The local time of a label's digits, of which the last 24 count; `None` beyond the years that the C library can tell.
fn local_time(digits: &[u8], zone: &Zone) -> Option<String> {
    let label = digits.iter().fold(0, |label: u128, &digit| {
        label << 4 | u128::from(if digit <= b'9' { digit - b'0' } else { digit - b'a' + 10 })
    });
    let (seconds, nanoseconds) = (((label >> 32) as u64).wrapping_sub(OFFSET).cast_signed(), label as u32);
    let (offset, is_leap) = zone.offset(seconds);
    let local = seconds.saturating_add(offset);
    let (day, clock) = (local.div_euclid(86_400), local.rem_euclid(86_400));
    let (year, month, date) = date_of(day);
    i32::try_from(year - 1900).ok()?;
    let (hour, minute, second) = (clock / 3600, clock / 60 % 60, clock % 60 + i64::from(is_leap));
    Some(format!("{year}-{month:02}-{date:02} {hour:02}:{minute:02}:{second:02}.{nanoseconds:09}"))
}
