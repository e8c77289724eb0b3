//! The child's way from fork to exec.
//!
//! It waits at the gate until its parent has put its pid on record, and gives up if the parent dies first: so no
//! process of a service is ever unknown to the next supervise.

use core::ffi::CStr;

use crate::sys;
use crate::sys::descriptor::{Descriptor, Owned, STDIN};
use crate::sys::error::{Errno, Result};
use crate::sys::process::{self, Arguments, Environment};
use crate::sys::{files, signal};

/// What a child reports through the close-on-exec pipe: 4 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Report {
    /// It could not enter its control group and goes on without.
    Group(Errno),
    /// It could not become its program.
    Exec(Errno),
}

impl Report {
    /// Bytes of a report.
    pub const SIZE: usize = 4;

    fn pack(self) -> [u8; Self::SIZE] {
        let (kind, errno) = match self {
            Self::Group(errno) => (b'g', errno),
            Self::Exec(errno) => (b'x', errno),
        };
        let [low, high] = errno.0.to_le_bytes();
        [kind, 0, low, high]
    }

    /// A report that was read; anything else is the end of the pipe.
    pub fn unpack(bytes: &[u8]) -> Option<Self> {
        let &[kind, _, low, high] = bytes else { return None };
        let errno = Errno(u16::from_le_bytes([low, high]));
        match kind {
            b'g' => Some(Self::Group(errno)),
            b'x' => Some(Self::Exec(errno)),
            _ => None,
        }
    }
}

/// The shell's exit code for a program that cannot be run.
pub fn exit_code(errno: Errno) -> u8 {
    if errno == Errno::ENOENT { 127 } else { 126 }
}

/// Everything that a child needs.
#[derive(Debug)]
pub struct Child<'a> {
    /// The service directory.
    pub directory: Descriptor,
    /// Reading end of the gate.
    pub gate: Descriptor,
    /// Writing end of the close-on-exec pipe.
    pub report: Owned,
    /// Its descriptor 0, if not supervise's own.
    pub stdin: Option<Descriptor>,
    /// The writing end and the number of its readiness descriptor.
    pub notify: Option<(Descriptor, i32)>,
    /// `cgroup.procs` of its leaf, when it was not forked into it.
    pub group: Option<Descriptor>,
    /// The program.
    pub program: &'a CStr,
    /// Its arguments.
    pub arguments: Arguments<'a>,
    /// Its environment.
    pub environment: Environment,
}

impl Child<'_> {
    /// Becomes the program, or reports why not and exits.
    pub fn go(mut self) -> ! {
        let _ = process::new_session();
        // Nothing is ignored since supervise's start.
        let _ = signal::set_blocked(signal::Signals::NONE);
        let mut byte = [0];
        if self.gate.read(&mut byte) != Ok(1) {
            sys::exit(111);
        }
        if let Some(Err(errno)) = self.group.map(|group| group.write(b"0")) {
            let _ = self.report.write(&Report::Group(errno).pack());
        }
        let errno = match self.prepare() {
            Ok(()) => process::exec(self.program, &self.arguments, self.environment),
            Err(errno) => errno,
        };
        let _ = self.report.write(&Report::Exec(errno).pack());
        sys::exit(i32::from(exit_code(errno)))
    }

    fn prepare(&mut self) -> Result<()> {
        files::change_directory_to(self.directory)?;
        if let Some(stdin) = self.stdin {
            stdin.duplicate_to(STDIN.0)?;
        }
        if let Some((end, number)) = self.notify {
            // The number that the service wants may be the very one that we report through.
            if self.report.0 == number {
                self.report = self.report.duplicate()?;
            }
            end.duplicate_to(number)?;
        }
        Ok(())
    }
}
