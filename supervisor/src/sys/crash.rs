//! The crash of a program that must not end: a handler on a stack of its own executes the program again.
//!
//! The handler trusts nothing of the crashed program's memory. Where arguments and environment are, the kernel knows
//! (`/proc/self/stat`, field 28). Descriptors are close-on-exec, so the new image begins with standard ones alone.
//!
//! There is no other writable static in a resident program, so that none has a page for them.

use core::cell::UnsafeCell;
use core::ffi::{CStr, c_char};
use core::ptr::null;

use linux_raw_sys::general as abi;
use syscalls::{Sysno, syscall};

use super::descriptor::{Descriptor, HERE};
use super::error::Result;
use super::exec::{Arguments, Environment, exec, exec_in_path};
use super::files;
use super::process;
use super::signal::Signals;
use super::start::Stack;
use super::text::parse_number;
use super::wait;

/// The program, whatever became of its file.
const OURSELVES: &CStr = c"/proc/self/exe";
/// Bytes of the handler's stack: the kernel's frame alone may need 11 kB. Untouched, it takes no memory.
const STACK: usize = 32 * 1024;

/// The handler's stack.
#[repr(C, align(16))]
struct Alternate(UnsafeCell<[u8; STACK]>);

// SAFETY: only the kernel touches it, in the one thread there is.
unsafe impl Sync for Alternate {}

static ALTERNATE: Alternate = Alternate(UnsafeCell::new([0; STACK]));

/// From now on a fault of ours ([`Signals::FAULTS`]) executes the program again, in the same process.
#[cold]
#[inline(never)]
pub fn execute_again() -> Result<()> {
    let alternate = abi::stack_t { ss_sp: ALTERNATE.0.get().cast(), ss_flags: 0, ss_size: STACK as _ };
    // SAFETY: the kernel reads one `stack_t`, whose area lives as long as the program and has no other user.
    unsafe { syscall!(Sysno::sigaltstack, &raw const alternate, 0) }?;
    let flags = abi::SA_ONSTACK | abi::SA_RESTORER;
    // The kernel's `sigaction`: handler, flags, restorer, mask. The handler never returns to the restorer.
    let action = [crashed as *const () as usize, flags as usize, leave as *const () as usize, usize::MAX];
    for signal in (1..=64).filter(|signal| Signals::FAULTS.contains(*signal)) {
        // SAFETY: the kernel reads 32 bytes of `action`; the handler only makes system calls and never returns.
        unsafe { syscall!(Sysno::rt_sigaction, signal, action.as_ptr(), 0, size_of::<u64>()) }?;
    }
    Ok(())
}

/// Executes the program again on purpose: by its name where that says where it is, so that a new version is taken, else
/// the same file. Returns only when neither could be.
#[cold]
#[inline(never)]
pub fn execute_now(stack: &Stack) -> super::error::Errno {
    let (arguments, environment) = (Arguments::of_stack(stack), Environment::of(stack));
    if let Some(name) = stack.argument(0).filter(|name| name.to_bytes().starts_with(b"/")) {
        exec(name, &arguments, environment);
    } else if let (Some(name), Some(path)) = (stack.argument(0), stack.variable(b"PATH"))
        && !name.to_bytes().contains(&b'/')
    {
        exec_in_path(name, path.to_bytes(), &arguments, environment);
    }
    exec(OURSELVES, &arguments, environment)
}

#[cold]
#[inline(never)]
extern "C" fn crashed(_signal: i32) -> ! {
    if let Some(stack) = own_stack() {
        let (arguments, environment) = (stack.arguments(), stack.environment());
        // SAFETY: both arrays are the kernel's, on the first page of our stack; what is damaged there is an EFAULT.
        let _ = unsafe { syscall!(Sysno::execve, OURSELVES.as_ptr(), arguments, environment) };
    }
    let bare: [*const c_char; 2] = [c"svscan".as_ptr(), null()];
    // SAFETY: a terminated path, and an array that ends with a null, which is the empty environment too.
    let _ = unsafe { syscall!(Sysno::execve, OURSELVES.as_ptr(), bare.as_ptr(), bare.as_ptr().add(1)) };
    leave()
}

/// What the kernel has put on the stack at our start.
fn own_stack() -> Option<Stack> {
    let mut buffer = [0; 512];
    let text = files::read_at(HERE, c"/proc/self/stat", &mut buffer).ok()?;
    // After the command's name, which may hold anything, comes field 3.
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let top = parse_number(text.get(end + 2..)?.split(|&byte| byte == b' ').nth(25)?).filter(|&top| top > 0)?;
    // SAFETY: the field is the stack pointer at process entry, and the stack is mapped as long as the process lives.
    Some(unsafe { Stack::new(top as *const usize) })
}

/// The program cannot be executed: process 1 goes on reaping, which is all it can still do.
extern "C" fn leave() -> ! {
    if process::own_pid() != 1 {
        super::exit(111);
    }
    loop {
        while wait::reap().is_some() {}
        let _ = super::event::wait_ready(Descriptor(-1), 0, Some(1000));
    }
}
