//! A child that borrows its parent's memory until it becomes a program: no page is copied, and the parent knows at once
//! whether the program could be executed.
//!
//! The parent stands still meanwhile (CLONE_VFORK), so what the child does to memory is as if the parent had called a
//! function. The child runs further down on the parent's own stack: no page is touched that was not there anyway.
//!
//! Why not fork: a copy of the page tables costs more than all else together, and a failed exec needs a pipe to be told.

use core::ptr::null_mut;

use linux_raw_sys::general as abi;

use super::error::{Errno, Result};

/// The child is process 1 of a pid namespace of its own.
pub const NEW_PIDS: u32 = abi::CLONE_NEWPID;

/// What the child does; it never returns.
pub trait Child {
    /// Goes on as the child with number `pid`, as the parent sees it. Must neither return nor unwind, nor free what the
    /// parent needs: descriptors are the child's own copies, memory is shared.
    fn go(&mut self, pid: u32) -> !;
}

/// What the new stack begins with.
struct Start<'a, C> {
    child: &'a mut C,
    /// The kernel writes it before the child runs.
    pid: i32,
}

/// Bytes below the stack pointer that are left alone: what the compiler keeps there without moving the pointer.
const RED_ZONE: usize = 256;

/// Starts a child and waits until it has become a program or has ended; gives its pid. `flags`: namespaces (CLONE_NEWPID, …).
/// All signals with a handler must be blocked.
pub fn spawn<C: Child>(child: &mut C, flags: u32) -> Result<u32> {
    let mut start = Start { child, pid: 0 };
    let flags = abi::CLONE_VM | abi::CLONE_VFORK | abi::CLONE_PARENT_SETTID | abi::SIGCHLD | flags;
    let pid = &raw mut start.pid;
    // SAFETY: `begin::<C>` gets the pointer to `start`, which outlives the call because the parent stands still until the
    // child is gone from this memory; the child never returns.
    let answer = unsafe { clone(flags, null_mut(), [pid, null_mut()], begin::<C>, (&raw mut start).cast()) };
    if answer < 0 { Err(Errno(answer.unsigned_abs() as u16)) } else { Ok(answer as u32) }
}

extern "C" fn begin<C: Child>(start: *mut u8) -> ! {
    // SAFETY: `spawn` passes a `Start<C>` that nobody else uses while the child runs.
    let start = unsafe { &mut *start.cast::<Start<'_, C>>() };
    let pid = start.pid as u32;
    start.child.go(pid);
}

/// The system call, and the child's first steps on a stack of its own, or (null) on its own part of the parent's. `told`: where
/// the kernel writes the child's number, and where it writes 0 once the child has left this memory.
///
/// # Safety
/// `entry` never returns, and `argument` is what it expects. The parent stands still, or the stack is nobody else's, until
/// the child has left this memory.
#[inline(never)]
pub(super) unsafe fn clone(
    flags: u32,
    stack: *mut u8,
    told: [*mut i32; 2],
    entry: extern "C" fn(*mut u8) -> !,
    argument: *mut u8,
) -> i32 {
    let answer: isize;
    #[cfg(target_arch = "x86_64")]
    // SAFETY: the child begins below everything that the parent has on its stack, so it overwrites nothing of it; in the
    // parent the kernel changes rax, rcx and r11 alone.
    unsafe {
        core::arch::asm!(
            "lea rax, [rsp - {red_zone}]",
            "test rsi, rsi",
            "cmovz rsi, rax",
            "and rsi, -16",
            "mov eax, {call}",
            "syscall",
            "test rax, rax",
            "jnz 2f",
            "xor ebp, ebp",
            "mov rdi, r12",
            "call r13",
            "ud2",
            "2:",
            red_zone = const RED_ZONE,
            call = const syscalls::Sysno::clone as usize,
            out("rax") answer,
            in("rdi") flags as usize,
            inout("rsi") stack => _,
            in("rdx") told[0],
            in("r10") told[1],
            in("r8") 0usize,
            in("r12") argument,
            in("r13") entry,
            out("rcx") _,
            out("r11") _,
        );
    }
    #[cfg(target_arch = "aarch64")]
    // SAFETY: as on the other machine; here the kernel changes x0 alone.
    unsafe {
        core::arch::asm!(
            "sub x9, sp, #{red_zone}",
            "cmp x1, #0",
            "csel x1, x9, x1, eq",
            "svc #0",
            "cbnz x0, 2f",
            "mov x29, xzr",
            "mov x30, xzr",
            "mov x0, x20",
            "blr x21",
            "brk #1",
            "2:",
            red_zone = const RED_ZONE,
            inlateout("x0") flags as isize => answer,
            inout("x1") stack => _,
            in("x2") told[0],
            in("x3") 0usize,
            in("x4") told[1],
            in("x8") syscalls::Sysno::clone as usize,
            in("x20") argument,
            in("x21") entry,
            out("x9") _,
        );
    }
    answer as i32
}

#[cfg(test)]
mod tests {
    use super::super::exit;
    use super::super::wait::wait_for;
    use super::*;

    struct Told {
        pid: u32,
        sum: u64,
    }

    impl Child for Told {
        fn go(&mut self, pid: u32) -> ! {
            self.pid = pid;
            self.sum = (1..=1000).map(core::hint::black_box).sum();
            exit(7)
        }
    }

    /// What the child has written is there when the parent goes on, and the parent's own values are unharmed.
    #[test]
    fn shares_memory() {
        let mut told = Told { pid: 0, sum: 0 };
        let kept: [u64; 8] = core::array::from_fn(|at| core::hint::black_box(at as u64));
        let pid = spawn(&mut told, 0).unwrap();
        assert_eq!((told.pid, told.sum), (pid, 500_500));
        assert_eq!(kept, [0, 1, 2, 3, 4, 5, 6, 7]);
        assert_eq!(wait_for(pid).unwrap().status, 7 << 8);
    }

    /// What the kernel refuses is an error, not a child.
    #[test]
    fn refused() {
        let mut told = Told { pid: 0, sum: 0 };
        assert_eq!(spawn(&mut told, abi::CLONE_THREAD), Err(Errno::EINVAL));
        assert_eq!(told.pid, 0);
    }
}
