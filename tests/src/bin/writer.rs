//! writer: the service of `make soak`. It writes numbered lines, and notes what it has written where no kill can undo it.
//!
//! Its working directory is the service directory. It never runs twice at a time: who cannot have `writer.lock` leaves a
//! file `doubled` and exits. `ledger` has a record of 16 bytes for each start: pid (4, little-endian), zeros (4), number
//! of lines (8). The number is written after the line, so the log holds as many lines of a start, or one more. A line is
//! `START NUMBER`, the starts counted from 0, the lines of each from 1; one write, so that no kill leaves half of it.
#![no_std]
#![no_main]

use supervisor::sys::descriptor::{HERE, STDOUT};
use supervisor::sys::error::Result;
use supervisor::sys::files::{self, O_CREAT, O_RDWR, O_WRONLY};
use supervisor::sys::start::Stack;
use supervisor::sys::text::Text;
use supervisor::sys::{event, process};

supervisor::resident!(run);

/// Bytes of a record.
const RECORD: u64 = 16;
/// Lines that are written without a pause.
const BURST: u64 = 5;
/// The pause after them, ms.
const PAUSE: u64 = 100;

fn run(_stack: Stack) -> i32 {
    match write() {
        Ok(()) => 100,
        Err(_) => 111,
    }
}

/// Writes for ever. `Ok`: another writer is at work.
fn write() -> Result<()> {
    let lock = files::open(c"writer.lock", O_RDWR | O_CREAT, 0o644)?;
    if lock.lock().is_err() {
        return files::open(c"doubled", O_WRONLY | O_CREAT, 0o644).map(drop);
    }
    let ledger = files::open_at(HERE, c"ledger", O_RDWR | O_CREAT, 0o644)?;
    let place = ledger.seek_end()?;
    let record = u128::from(process::own_pid());
    ledger.write_all(&record.to_le_bytes())?;
    for number in 1.. {
        let mut line = Text::<48>::new();
        line.push_number(place / RECORD);
        line.push(b" ");
        line.push_number(number);
        line.push(b"\n");
        STDOUT.write_all(line.bytes())?;
        ledger.write_to(place + 8, &u64::to_le_bytes(number))?;
        if number % BURST == 0 {
            event::wait_several([], Some(PAUSE))?;
        }
    }
    Ok(())
}
