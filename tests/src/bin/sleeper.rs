//! sleeper: the cheapest service there is, the same one for every supervisor that `make bench` measures.
//!
//! It writes one record to standard output, 16 bytes little-endian: CLOCK_MONOTONIC in ns at its first instruction, its
//! pid, four zeros. Then it sleeps until a signal ends it. `sleeper now` exits 0 at once and writes nothing.
#![no_std]
#![no_main]

use supervisor::sys::descriptor::STDOUT;
use supervisor::sys::start::Stack;
use supervisor::sys::{event, process, time};

supervisor::resident!(run);

fn run(stack: Stack) -> i32 {
    let now = time::monotonic();
    if stack.argument(1) == Some(c"now") {
        return 0;
    }
    let record = u128::from(now) | u128::from(process::own_pid()) << 64;
    if STDOUT.write_all(&record.to_le_bytes()).is_err() {
        return 111;
    }
    loop {
        // Only a signal ends this, and no signal is caught.
        let _ = event::wait_several([], None);
    }
}
