//! Processes: fork and kill, sessions and groups, what a process is to its parent and to its orphans, how much it may open.
//!
//! What they become is [`exec`](super::exec)'s, how they end [`wait`](super::wait)'s, and what others may know of them
//! [`proc`](super::proc)'s.

use linux_raw_sys::general as abi;
use syscalls::{Sysno, syscall};

use super::error::{Errno, Result};

/// Who we are after a fork.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// The new process.
    Child,
    /// The old one, and the new one's pid.
    Parent(u32),
}

/// Makes a copy of the process. Only for programs with one thread.
pub fn fork() -> Result<Fork> {
    // SAFETY: without CLONE_VM the child has its own copy of everything; the stack pointer stays, as zero says.
    match unsafe { syscall!(Sysno::clone, abi::SIGCHLD, 0, 0, 0, 0) }? {
        0 => Ok(Fork::Child),
        pid => Ok(Fork::Parent(pid as u32)),
    }
}

/// Sends a signal to a process; 0 only asks whether it exists.
#[inline(never)]
pub fn kill(pid: u32, signal: u32) -> Result<()> {
    // 0 and numbers above the int range would mean groups, or everybody.
    if pid == 0 || pid > i32::MAX as u32 {
        return Err(Errno::ESRCH);
    }
    // SAFETY: no memory is passed.
    unsafe { syscall!(Sysno::kill, pid, signal) }?;
    Ok(())
}

/// Sends a signal to a process group.
pub fn kill_group(group: u32, signal: u32) -> Result<()> {
    // -1 would mean everybody, 0 our own group.
    if group <= 1 || group > i32::MAX as u32 {
        return Err(Errno::ESRCH);
    }
    // SAFETY: no memory is passed.
    unsafe { syscall!(Sysno::kill, -(group as i32) as isize, signal) }?;
    Ok(())
}

/// Becomes the leader of a session of its own.
pub fn new_session() -> Result<()> {
    // SAFETY: no memory is passed.
    unsafe { syscall!(Sysno::setsid) }?;
    Ok(())
}

/// The process group of a process; 0 is our own.
pub fn group_of(pid: u32) -> Result<u32> {
    // SAFETY: no memory is passed.
    Ok(unsafe { syscall!(Sysno::getpgid, pid) }? as u32)
}

/// Our pid.
#[inline(never)]
pub fn own_pid() -> u32 {
    // SAFETY: no memory is passed.
    unsafe { syscall!(Sysno::getpid) }.unwrap_or(0) as u32
}

/// Our parent's pid; 0 when it is outside of our pid namespace.
pub fn parent_pid() -> u32 {
    // SAFETY: no memory is passed.
    unsafe { syscall!(Sysno::getppid) }.unwrap_or(0) as u32
}

/// The session of a process.
pub fn session_of(pid: u32) -> Result<u32> {
    // SAFETY: no memory is passed.
    Ok(unsafe { syscall!(Sysno::getsid, pid) }? as u32)
}

/// Orphans among our descendants become our children.
pub fn become_subreaper() -> Result<()> {
    // SAFETY: PR_SET_CHILD_SUBREAPER takes a number.
    unsafe { syscall!(Sysno::prctl, linux_raw_sys::prctl::PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) }?;
    Ok(())
}

/// The process gets this signal when its parent dies.
pub fn die_with_parent(signal: u32) -> Result<()> {
    // SAFETY: PR_SET_PDEATHSIG takes a number.
    unsafe { syscall!(Sysno::prctl, linux_raw_sys::prctl::PR_SET_PDEATHSIG, signal, 0, 0, 0) }?;
    Ok(())
}

/// Soft and hard limit of open descriptors of this process.
#[inline(never)]
pub fn descriptor_limit() -> Result<(u64, u64)> {
    let mut limit = abi::rlimit64 { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: no new limit is given, and the kernel writes one `rlimit64` to `limit`.
    unsafe { syscall!(Sysno::prlimit64, 0, abi::RLIMIT_NOFILE, 0, &raw mut limit) }?;
    Ok((limit.rlim_cur, limit.rlim_max))
}

/// Sets the soft and hard limit of open descriptors of this process.
#[inline(never)]
pub fn set_descriptor_limit(soft: u64, hard: u64) -> Result<()> {
    let limit = abi::rlimit64 { rlim_cur: soft, rlim_max: hard };
    // SAFETY: the kernel reads one `rlimit64`; the old limit is not asked for.
    unsafe { syscall!(Sysno::prlimit64, 0, abi::RLIMIT_NOFILE, &raw const limit, 0) }?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that mean everybody, or a group, are no process; and everybody is no group.
    #[test]
    fn refuses_groups() {
        for number in [0, u32::MAX, 1 << 31] {
            assert_eq!((kill(number, 0), kill_group(number, 0)), (Err(Errno::ESRCH), Err(Errno::ESRCH)), "{number}");
        }
        assert_eq!(kill_group(1, 0), Err(Errno::ESRCH));
    }
}
