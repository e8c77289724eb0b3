//! Ends of children: looked at, reaped, waited for.

use linux_raw_sys::general as abi;
use syscalls::{Sysno, syscall};

use super::error::{Errno, Result};

/// A child that has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Its pid.
    pub pid: u32,
    /// Its wait status, as waitpid gives it.
    pub status: u16,
}

/// Reaps one child that has ended, without waiting; `None` when there is none.
pub fn reap() -> Option<Ended> {
    let mut status: i32 = 0;
    // SAFETY: the kernel writes one int to `status`; no usage is asked for.
    let pid = unsafe { syscall!(Sysno::wait4, -1isize, &raw mut status, abi::WNOHANG, 0) }.ok()?;
    (pid > 0).then_some(Ended { pid: pid as u32, status: status as u16 })
}

/// As [`reap`], and the processor time that the child, and those that it has waited for, have used, in ns.
pub fn reap_with_cost() -> Option<(Ended, u64)> {
    let mut status: i32 = 0;
    // The kernel's `rusage` is 18 words; the first four are seconds and microseconds of the program, then of the kernel for it.
    let mut usage = [0u64; 18];
    // SAFETY: the kernel writes one int to `status` and at most 144 bytes to `usage`.
    let pid = unsafe { syscall!(Sysno::wait4, -1isize, &raw mut status, abi::WNOHANG, usage.as_mut_ptr()) }.ok()?;
    let [seconds, microseconds, system_seconds, system_microseconds, ..] = usage;
    let used = (seconds + system_seconds) * 1_000_000_000 + (microseconds + system_microseconds) * 1_000;
    (pid > 0).then_some((Ended { pid: pid as u32, status: status as u16 }, used))
}

/// The pid of a child that has ended and is not reaped yet.
pub fn peek_ended() -> Option<u32> {
    peek_end().map(|(pid, _)| pid)
}

/// A child that has ended and is not reaped yet, so that its number and its group are still its own; and whether it exited
/// with code 0.
pub fn peek_end() -> Option<(u32, bool)> {
    // The kernel's `siginfo` is 128 bytes; of a child's end, the third number says how, the fifth is the pid, the seventh the
    // exit code.
    let mut record = [0i32; 32];
    let options = abi::WEXITED | abi::WNOHANG | abi::WNOWAIT;
    // SAFETY: the kernel writes at most 128 bytes to `record`; no usage is asked for.
    unsafe { syscall!(Sysno::waitid, abi::P_ALL, 0, record.as_mut_ptr(), options, 0) }.ok()?;
    let [_, _, how, _, pid, _, code, ..] = record;
    (pid > 0).then_some((pid as u32, how == abi::CLD_EXITED as i32 && code == 0))
}

/// Waits until the child has ended.
#[inline(never)]
pub fn wait_for(pid: u32) -> Result<Ended> {
    let mut status: i32 = 0;
    loop {
        // SAFETY: the kernel writes one int to `status`; no usage is asked for.
        match unsafe { syscall!(Sysno::wait4, pid, &raw mut status, 0, 0) } {
            Err(e) if Errno::from(e) == Errno::EINTR => (),
            Err(e) => return Err(e.into()),
            Ok(pid) => return Ok(Ended { pid: pid as u32, status: status as u16 }),
        }
    }
}

/// How the child has ended; `None` while it runs.
#[inline(never)]
pub fn wait_now(pid: u32) -> Result<Option<Ended>> {
    let mut status: i32 = 0;
    // SAFETY: the kernel writes one int to `status`; no usage is asked for.
    match unsafe { syscall!(Sysno::wait4, pid, &raw mut status, abi::WNOHANG, 0) }? {
        0 => Ok(None),
        pid => Ok(Some(Ended { pid: pid as u32, status: status as u16 })),
    }
}

/// The process is a child of ours, ended or not.
#[inline(never)]
pub fn is_child(pid: u32) -> bool {
    let options = abi::WEXITED | abi::WNOHANG | abi::WNOWAIT;
    let mut record = [0i32; 32];
    // SAFETY: the kernel writes at most 128 bytes to `record`; no usage is asked for.
    unsafe { syscall!(Sysno::waitid, abi::P_PID, pid, record.as_mut_ptr(), options, 0) }.is_ok()
}
