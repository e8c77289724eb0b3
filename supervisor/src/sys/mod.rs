//! System calls for the programs without libc, one file per family. The only `unsafe` of the project is below here.
//!
//! Functions are safe: they take borrowed slices, C strings and descriptor newtypes, and answer an [`error::Errno`].
//! Every descriptor is close-on-exec. Nothing allocates; nothing panics.

pub mod argument_list;
pub mod bare_main;
pub mod birth;
pub mod capability;
pub mod changes;
pub mod close;
pub mod cradle;
pub mod crash;
pub mod descriptor;
pub mod devices;
pub mod entropy;
pub mod environment;
pub mod error;
pub mod event;
pub mod exec;
pub mod files;
pub mod memory;
pub mod message;
pub mod network;
pub mod pidfd;
pub mod priority;
pub mod proc;
pub mod process;
pub mod seldom;
pub mod signal;
pub mod socket;
pub mod spawn;
pub mod start;
pub mod swap;
pub mod table;
pub mod terminal;
pub mod text;
pub mod time;
pub mod title;
pub mod wait;
pub mod words;

use syscalls::{Sysno, syscall};

/// Ends the process.
pub fn exit(code: i32) -> ! {
    loop {
        // SAFETY: exit_group takes no pointer.
        let _ = unsafe { syscall!(Sysno::exit_group, code) };
    }
}

/// Ends the process by SIGABRT: the last resort of a program that must not panic.
pub fn abort() -> ! {
    // SAFETY: neither call takes a pointer.
    unsafe {
        let _ = syscall!(Sysno::getpid).and_then(|pid| syscall!(Sysno::kill, pid, 6));
    }
    exit(134)
}
