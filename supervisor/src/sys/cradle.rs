//! A child that borrows its parent's memory until it becomes a program, while the parent goes on: unlike [`super::spawn`],
//! whose parent stands still. Several can be on their way at once, and a program that a slow disk has to be asked for holds up
//! nobody but itself.
//!
//! What the child works with is all in one mapping, its stack and what it was given, and nobody looks into that before the
//! kernel has said that the child has left.

use core::mem::forget;
use core::ptr::{NonNull, null};
use core::sync::atomic::{AtomicU32, Ordering};

use linux_raw_sys::general as abi;
use syscalls::{Sysno, syscall};

use super::error::{Errno, Result};
use super::spawn::{Child, clone};

/// Bytes of a cradle, nearly all of which is the child's stack: far more than arranging descriptors takes.
const SIZE: usize = 1 << 16;

/// What a cradle holds above the stack.
struct Place<C> {
    /// The kernel writes it before the child runs.
    pid: i32,
    /// The kernel writes 0 once the child has left.
    is_here: AtomicU32,
    child: C,
}

/// A cradle in which no child lies.
#[derive(Debug)]
pub struct Cradle<C> {
    mapping: NonNull<u8>,
    /// Above the stack.
    place: NonNull<Place<C>>,
}

/// A child that may still be in the parent's memory.
#[derive(Debug)]
pub struct Beginning<C> {
    /// Its place holds a child.
    cradle: Cradle<C>,
    pid: u32,
}

impl<C: Child + Send + 'static> Cradle<C> {
    /// Maps one.
    pub fn new() -> Result<Self> {
        const { assert!(size_of::<Place<C>>() < SIZE / 4 && align_of::<Place<C>>() <= 16) };
        let (protection, flags) = (abi::PROT_READ | abi::PROT_WRITE, abi::MAP_PRIVATE | abi::MAP_ANONYMOUS);
        // SAFETY: a new anonymous mapping touches no existing memory.
        let start = unsafe { syscall!(Sysno::mmap, 0, SIZE, protection, flags, -1isize, 0) }?;
        let mapping = NonNull::new(start as *mut u8).ok_or(Errno::ENOMEM)?;
        let below_place = (SIZE - size_of::<Place<C>>()) & !15;
        // SAFETY: that is within the mapping.
        let place = unsafe { mapping.add(below_place) }.cast();
        Ok(Self { mapping, place })
    }

    /// Starts a child. All signals with a handler must be blocked. What cannot be started gives cradle and child up.
    pub fn begin(self, child: C) -> Result<Beginning<C>> {
        let place = self.place.as_ptr();
        // SAFETY: the place is large enough, aligned, ours alone and empty.
        unsafe { place.write(Place { pid: 0, is_here: AtomicU32::new(1), child }) };
        let flags = abi::CLONE_VM | abi::CLONE_PARENT_SETTID | abi::CLONE_CHILD_CLEARTID | abi::SIGCHLD;
        // SAFETY: the words are in the place. Nobody touches that or the stack below it before the child has left, which
        // `Beginning` sees to; should that be forgotten, the mapping stays.
        let answer = unsafe {
            let told = [&raw mut (*place).pid, (&raw mut (*place).is_here).cast()];
            clone(flags, place.cast(), told, begin::<C>, place.cast())
        };
        if answer > 0 {
            return Ok(Beginning { cradle: self, pid: answer as u32 });
        }
        // SAFETY: there is no child; what lies here is ours again.
        drop(unsafe { place.read() });
        Err(Errno(answer.unsigned_abs() as u16))
    }
}

extern "C" fn begin<C: Child>(place: *mut u8) -> ! {
    // SAFETY: `Cradle::begin` passes its place, which nobody else uses while the child is there but for the word `is_here`,
    // which is shared as an atomic.
    let (pid, child) = unsafe { ((*place.cast::<Place<C>>()).pid, &mut (*place.cast::<Place<C>>()).child) };
    child.go(pid as u32)
}

impl<C> Beginning<C> {
    /// The child's number.
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The child has become a program, or has ended.
    pub fn is_over(&self) -> bool {
        self.word().load(Ordering::Acquire) == 0
    }

    /// Whether that is so within so many ns.
    pub fn is_over_within(&self, patience: u64) -> bool {
        let limit = abi::__kernel_timespec {
            tv_sec: (patience / 1_000_000_000).cast_signed(),
            tv_nsec: (patience % 1_000_000_000).cast_signed(),
        };
        self.wait(Some(&limit));
        self.is_over()
    }

    /// Waits for that. Answers what the child has left, and the cradle for the next one.
    pub fn finish(self) -> (C, Cradle<C>) {
        self.wait_for_good();
        let (mapping, place) = (self.cradle.mapping, self.cradle.place);
        forget(self);
        // SAFETY: the child has left, and nobody reads the place a second time: it counts as empty from now on.
        (unsafe { place.read() }.child, Cradle { mapping, place })
    }

    fn wait_for_good(&self) {
        while !self.is_over() {
            self.wait(None);
        }
    }

    /// Waits once. Whatever the call answers, the word tells.
    fn wait(&self, limit: Option<&abi::__kernel_timespec>) {
        let (word, limit) = (self.word().as_ptr(), limit.map_or(null(), core::ptr::from_ref));
        // SAFETY: word and limit outlive the call.
        let _ = unsafe { syscall!(Sysno::futex, word, abi::FUTEX_WAIT, 1, limit) };
    }

    fn word(&self) -> &AtomicU32 {
        // SAFETY: the place is alive, and this word of it is only ever used as an atomic.
        unsafe { &(*self.cradle.place.as_ptr()).is_here }
    }
}

impl<C> Drop for Beginning<C> {
    /// Waits: what the child uses is about to go.
    fn drop(&mut self) {
        self.wait_for_good();
        // SAFETY: the child has left; the cradle, which goes next, drops nothing in its place.
        unsafe { self.cradle.place.drop_in_place() };
    }
}

impl<C> Drop for Cradle<C> {
    /// Gives the pages back.
    fn drop(&mut self) {
        // SAFETY: the mapping is ours alone, and no child is in it.
        let _ = unsafe { syscall!(Sysno::munmap, self.mapping.as_ptr(), SIZE) };
    }
}

#[cfg(test)]
mod tests {
    use super::super::descriptor::Descriptor;
    use super::super::exit;
    use super::super::wait::wait_for;
    use super::*;
    use std::io::Write;
    use std::os::fd::AsRawFd;

    /// Waits until it may go on, and leaves something behind.
    struct Told {
        gate: i32,
        pid: u32,
        text: Vec<u8>,
    }

    impl Child for Told {
        fn go(&mut self, pid: u32) -> ! {
            let _ = Descriptor(self.gate).read(&mut self.text);
            self.pid = pid;
            exit(7)
        }
    }

    /// The parent goes on while children are in its memory; each leaves what it has written in its own place, and the next
    /// one takes that.
    #[test]
    fn side_by_side() {
        let mut cradles: Vec<Cradle<Told>> = (0..3).map(|_| Cradle::new().unwrap()).collect();
        for round in 0..20u8 {
            let gates: Vec<_> = (0..3).map(|_| std::io::pipe().unwrap()).collect();
            let begun = gates.iter().map(|(reader, _)| {
                let told = Told { gate: reader.as_raw_fd(), pid: 0, text: vec![0; 1] };
                cradles.pop().unwrap().begin(told).unwrap()
            });
            let begun: Vec<Beginning<Told>> = begun.collect();
            assert!(begun.iter().all(|beginning| !beginning.is_over()));
            for (number, ((_, writer), beginning)) in gates.iter().zip(begun).enumerate() {
                (&*writer).write_all(&[round + number as u8]).unwrap();
                let pid = beginning.pid();
                let (told, cradle) = beginning.finish();
                assert_eq!((told.pid, told.text), (pid, vec![round + number as u8]));
                assert_eq!(wait_for(pid).unwrap().status, 7 << 8);
                cradles.push(cradle);
            }
        }
    }

    /// One that is given up is waited for.
    #[test]
    fn given_up() {
        let (reader, writer) = std::io::pipe().unwrap();
        let told = Told { gate: reader.as_raw_fd(), pid: 0, text: vec![0; 1] };
        let beginning = Cradle::new().unwrap().begin(told).unwrap();
        let pid = beginning.pid();
        (&writer).write_all(b"x").unwrap();
        drop(beginning);
        assert_eq!(wait_for(pid).unwrap().status, 7 << 8);
    }
}
