//! Process 1 crashes three hundred times: it is executed again each time, and nobody else notices.

use std::fs;
use std::time::{Duration, Instant};

use nix::sys::ptrace;
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::Pid;
use tests::namespace::{BOOT, COMMAND};
use tests::{Layer, Namespace};

use crate::support;

/// How often each kind of fault comes.
const TIMES: u16 = 100;
/// How long one crash may take: a hundred times what it does take.
const PATIENCE: Duration = Duration::from_secs(10);
/// Where the generation is in .svscan/status.
const GENERATION: std::ops::Range<usize> = 34..36;

const COUNTER: &str = "\
description: Writes numbered lines
kind: longrun
needs: [local]
run: |
  number=0
  while :; do number=$((number + 1)); echo \"line $number\"; sleep 0.02; done
";

/// An invalid access of its own, SEGV and ABRT: no service's pid changes, no line of a log is lost.
#[test]
fn process_1_survives_its_faults() {
    if !support::can_boot_namespaces() {
        return;
    }
    let layer = Layer::new().unit("counter", COUNTER);
    let mut guest = Namespace::boot(&layer);
    support::log_in(&mut guest.console, BOOT, COMMAND);
    let before = support::status(&mut guest.console, COMMAND);
    let one = guest.process_one();
    let mut generation = 0;
    for fault in [jump_to_nowhere, |one| send(one, Signal::SIGSEGV), |one| send(one, Signal::SIGABRT)] {
        for _ in 0..TIMES {
            fault(one);
            generation += 1;
            await_generation(one, generation);
        }
    }
    let after = support::status(&mut guest.console, COMMAND);
    for (unit, object) in &before {
        assert_eq!(object["pid"], after[unit]["pid"], "{unit}");
    }
    assert_eq!(generation, 3 * TIMES);
    guest.console.ok("sunup stop counter", COMMAND);
    let numbers = guest.console.ok("cat /var/log/sunup/counter/current", COMMAND);
    let numbers: Vec<usize> =
        numbers.lines().filter_map(|line| line.rsplit_once("line ")?.1.trim().parse().ok()).collect();
    assert!(numbers.len() > 100, "{numbers:?}");
    assert_eq!(numbers, (1..=numbers.len()).collect::<Vec<_>>());
}

fn send(one: Pid, signal: Signal) {
    kill(one, signal).expect("a signal for process 1");
}

/// Has it execute what is at address 0. (Only on x86_64; elsewhere the kernel's signal alone.)
fn jump_to_nowhere(one: Pid) {
    #[cfg(target_arch = "x86_64")]
    {
        ptrace::attach(one).expect("process 1 traced");
        waitpid(one, None).expect("process 1 stopped");
        let mut registers = ptrace::getregs(one).expect("its registers");
        registers.rip = 0;
        // No system call that the kernel would begin again.
        registers.orig_rax = u64::MAX;
        ptrace::setregs(one, registers).expect("registers of our own");
        ptrace::detach(one, None).expect("process 1 let go");
    }
    #[cfg(not(target_arch = "x86_64"))]
    send(one, Signal::SIGSEGV);
}

/// Waits until process 1 has published how often it was executed again; it must never be more than that.
fn await_generation(one: Pid, expected: u16) {
    let path = format!("/proc/{one}/root/run/sunup/scan/.svscan/status");
    let start = Instant::now();
    loop {
        let record = fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
        let bytes = record.get(GENERATION).and_then(|bytes| bytes.try_into().ok());
        let found = bytes.map(u16::from_le_bytes);
        if found == Some(expected) {
            return;
        }
        assert!(found.is_none_or(|found| found < expected), "generation {found:?} in place of {expected}");
        assert!(start.elapsed() < PATIENCE, "generation {found:?} in place of {expected}");
        std::thread::sleep(Duration::from_millis(2));
    }
}
