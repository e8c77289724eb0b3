//! Processes: fork, exec, wait, kill.

use core::ffi::{CStr, c_char};
use core::marker::PhantomData;

use linux_raw_sys::general as abi;
use syscalls::{Sysno, syscall};

use super::descriptor::Descriptor;
use super::error::{Errno, Result};
use super::start::Stack;
use super::text::Text;

/// Most arguments that [`Arguments`] holds.
const ARGUMENTS: usize = 15;

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

/// An argument list for exec.
#[derive(Clone, Copy, Debug)]
pub struct Arguments<'a> {
    pointers: [*const c_char; ARGUMENTS + 1],
    count: usize,
    /// The process's own list, of any length, instead.
    own: Option<*const *const c_char>,
    strings: PhantomData<&'a CStr>,
}

impl<'a> Arguments<'a> {
    /// A list of these; more than 15 are cut.
    pub fn of(strings: &[&'a CStr]) -> Self {
        let mut list = Self { pointers: [core::ptr::null(); ARGUMENTS + 1], count: 0, own: None, strings: PhantomData };
        for string in strings {
            list.push(string);
        }
        list
    }

    /// What the process was started with.
    pub fn of_stack(stack: &Stack) -> Self {
        Self { own: Some(stack.arguments()), ..Self::of(&[]) }
    }

    /// A list made elsewhere, of pointers to terminated strings, the last one null; `None` when it is not.
    pub(super) fn of_list(pointers: &'a [*const c_char]) -> Option<Self> {
        let is_ended = pointers.last().is_some_and(|last| last.is_null());
        is_ended.then(|| Self { own: Some(pointers.as_ptr()), ..Self::of(&[]) })
    }

    fn as_ptr(&self) -> *const *const c_char {
        self.own.unwrap_or(self.pointers.as_ptr())
    }

    /// Appends one; beyond 15 nothing happens.
    pub fn push(&mut self, string: &'a CStr) {
        if let Some(slot) = self.pointers.get_mut(self.count).filter(|_| self.count < ARGUMENTS) {
            *slot = string.as_ptr();
            self.count += 1;
        }
    }
}

/// The process's environment, as exec takes it.
#[derive(Clone, Copy, Debug)]
pub struct Environment(*const *const c_char);

impl Environment {
    /// What the process was started with.
    pub fn of(stack: &Stack) -> Self {
        Self(stack.environment())
    }

    /// An array of pointers that ends with a null.
    pub(super) const fn of_array(array: *const *const c_char) -> Self {
        Self(array)
    }

    /// The array.
    pub(super) const fn as_ptr(self) -> *const *const c_char {
        self.0
    }
}

/// Becomes another program; returns only when that failed.
#[inline(never)]
pub fn exec(path: &CStr, arguments: &Arguments<'_>, environment: Environment) -> Errno {
    // SAFETY: path and arguments are terminated strings borrowed for the call, the argument array ends with the null
    // that `push` never overwrites (the kernel's own does too), and the environment is the kernel's own array.
    let answer = unsafe { syscall!(Sysno::execve, path.as_ptr(), arguments.as_ptr(), environment.0) };
    answer.map_or_else(Errno::from, |_| Errno::ENOEXEC)
}

/// Becomes the program that PATH finds for `name`, as a shell would; returns only when that failed.
pub fn exec_in_path(name: &CStr, path: &[u8], arguments: &Arguments<'_>, environment: Environment) -> Errno {
    if name.to_bytes().contains(&b'/') {
        return exec(name, arguments, environment);
    }
    let mut answer = Errno::ENOENT;
    for directory in path.split(|&byte| byte == b':') {
        let mut candidate = Text::<512>::new();
        candidate.push(if directory.is_empty() { b"." } else { directory });
        candidate.push(b"/");
        candidate.push(name.to_bytes());
        let error = candidate.c_str().map_or(Errno::ENAMETOOLONG, |file| exec(file, arguments, environment));
        if error != Errno::ENOENT && error != Errno::ENOTDIR && answer != Errno::EACCES {
            answer = error;
        }
    }
    answer
}

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

/// Start time of a process in clock ticks since boot (`/proc/PID/stat`, field 22); `None` when it is gone, ended
/// already, or /proc is not there; or when that cannot be told, for which there is [`birth_of`].
pub fn start_ticks(pid: u32) -> Option<u64> {
    birth_of(pid).ok().flatten()
}

/// Start time of a process as [`start_ticks`] gives it; an error when nobody can tell whether it is there.
#[inline(never)]
pub fn birth_of(pid: u32) -> Result<Option<u64>> {
    stat_field(pid, 22)
}

/// The parent of a process that has not ended.
pub fn parent_of(pid: u32) -> Option<u32> {
    stat_field(pid, 4).ok().flatten().map(|pid| pid as u32)
}

/// A process has a signal below 32 blocked; false too where that cannot be told.
pub fn blocks(pid: u32, signal: u32) -> bool {
    let blocked = stat_field(pid, 32).ok().flatten().unwrap_or(0);
    signal.checked_sub(1).is_some_and(|bit| blocked.checked_shr(bit).unwrap_or(0) & 1 == 1)
}

/// A field of `/proc/PID/stat` after the third, counted from 1; `None` also for a process that has ended.
#[cold]
#[inline(never)]
fn stat_field(pid: u32, field: usize) -> Result<Option<u64>> {
    let mut path = Text::<32>::new();
    path.push(b"/proc/");
    path.push_number(u64::from(pid));
    path.push(b"/stat");
    let mut buffer = [0; 512];
    let path = path.c_str().ok_or(Errno::ENAMETOOLONG)?;
    match super::files::read_at(Descriptor(-100), path, &mut buffer) {
        // The second: it went between open and read.
        Err(Errno::ENOENT | Errno::ESRCH) => Ok(None),
        text => Ok(field_of(text?, field)),
    }
}

/// A field of the text of `/proc/PID/stat`.
fn field_of(text: &[u8], field: usize) -> Option<u64> {
    // The command's name may hold anything, so we count from the last parenthesis.
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let mut fields = text.get(end + 2..)?.split(|&byte| byte == b' ');
    let state = fields.next()?;
    let number = super::text::parse_number(fields.nth(field.checked_sub(4)?)?)?;
    (!matches!(state, b"Z" | b"X")).then_some(number)
}

/// The first child of ours that has not ended and that a condition picks, and how many of them there are.
pub fn first_child(is_picked: impl Fn(u32) -> bool) -> Option<(u32, usize)> {
    let list = super::files::open(c"/proc/thread-self/children", super::files::O_RDONLY, 0).ok()?;
    let (mut first, mut count, mut pid) = (None, 0, 0);
    let mut buffer = [0; 512];
    loop {
        // Each number is followed by a blank, the last one too.
        let size = list.read(&mut buffer).ok()?;
        if size == 0 {
            return first.map(|first| (first, count));
        }
        for &byte in buffer.get(..size)? {
            if byte.is_ascii_digit() {
                pid = pid * 10 + u32::from(byte - b'0');
                continue;
            }
            if is_picked(pid) && start_ticks(pid).is_some() {
                first = first.or(Some(pid));
                count += 1;
            }
            pid = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command};

    /// Numbers that mean everybody, or a group, are no process; and everybody is no group.
    #[test]
    fn refuses_groups() {
        for number in [0, u32::MAX, 1 << 31] {
            assert_eq!((kill(number, 0), kill_group(number, 0)), (Err(Errno::ESRCH), Err(Errno::ESRCH)), "{number}");
        }
        assert_eq!(kill_group(1, 0), Err(Errno::ESRCH));
    }

    /// However many children there are, all are met.
    #[test]
    fn many_children() {
        let mut children: Vec<Child> = (0..600).map(|_| Command::new("sleep").arg("1000").spawn().unwrap()).collect();
        let last = children.last().unwrap().id();
        let found = (first_child(|pid| pid == last), first_child(|_| true).map(|(_, count)| count));
        children.iter_mut().for_each(|child| child.kill().and_then(|()| child.wait().map(drop)).unwrap());
        assert_eq!(found, (Some((last, 1)), Some(600)));
        assert_eq!(first_child(|_| true), None);
    }
}
