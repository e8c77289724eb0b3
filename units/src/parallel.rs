//! The same work for many items, by as many threads as the machine has processors.
//!
//! Only for programs that end soon: reading units. A handful of items is never worth a thread, and a thread that cannot
//! be had is never an error: whoever asks does the work.

use std::collections::HashMap;
use std::hint::black_box;
use std::iter;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// Items that a thread takes at a time. So many are done before another thread has begun.
const BLOCK: usize = 64;

/// The most threads, the asking one included.
const MOST_THREADS: usize = 8;

/// What the results of a block take, in bytes: little enough for the C library to keep it for the next allocations.
const AHEAD: usize = 100_000;

/// Does the work for all items, and hands over what it makes of each, in their order, while the others are at work.
pub(crate) fn for_each<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync, mut take: impl FnMut(R)) {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let helpers = processors.min(MOST_THREADS).min(items.len() / BLOCK).saturating_sub(1);
    let next = AtomicUsize::new(0);
    let one_block = || {
        let number = next.fetch_add(1, Ordering::Relaxed);
        Some((number, items.chunks(BLOCK).nth(number)?.iter().map(&work).collect::<Vec<R>>()))
    };
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        for _ in 0..helpers {
            let (sender, one_block) = (sender.clone(), &one_block);
            let help = move || {
                iter::repeat_with(take_ahead).map_while(|()| one_block()).try_for_each(|done| sender.send(done))
            };
            let _ = thread::Builder::new().spawn_scoped(scope, help);
        }
        drop(sender);
        let mut done = HashMap::new();
        for wanted in 0..items.chunks(BLOCK).len() {
            let results = loop {
                done.extend(receiver.try_iter());
                if let Some(results) = done.remove(&wanted) {
                    break results;
                }
                // Nobody is left to wait for only once a helper has panicked, which the scope passes on.
                let Some(more) = one_block().or_else(|| receiver.recv().ok()) else { return };
                done.extend([more]);
            };
            results.into_iter().for_each(&mut take);
        }
    });
}

/// Has the C library take memory for a block's results at once: a thread's is else taken page by page, each with a system
/// call that holds all threads up.
fn take_ahead() {
    drop(black_box(Vec::<u8>::with_capacity(AHEAD)));
}

/// Does one thing in a thread of its own, if it is worth one and one can be had, and the other meanwhile.
pub fn at_once<A: Send, B>(is_long: bool, aside: impl Fn() -> A + Sync, here: impl FnOnce() -> B) -> (A, B) {
    thread::scope(|scope| {
        let helper = is_long.then(|| thread::Builder::new().spawn_scoped(scope, &aside).ok()).flatten();
        let found = here();
        let others = helper.map_or_else(&aside, |helper| helper.join().unwrap_or_else(|cause| resume_unwind(cause)));
        (others, found)
    })
}

#[cfg(test)]
mod tests {
    use super::{at_once, for_each};

    /// However many items there are, each is there once and in its place.
    #[test]
    fn in_order() {
        for count in [0, 1, 63, 64, 129, 10_000] {
            let items: Vec<usize> = (0..count).collect();
            let expected: Vec<usize> = items.iter().map(|item| item * 2).collect();
            let mut found = Vec::new();
            for_each(&items, |item| item * 2, |double| found.push(double));
            assert_eq!(found, expected, "{count}");
        }
    }

    /// Both are done once, and if it is said to be long, at the same time: each waits for the other.
    #[test]
    fn two_things() {
        let meeting = std::sync::Barrier::new(2);
        let wait = || meeting.wait().is_leader();
        let (one, other) = at_once(true, wait, wait);
        assert!(one != other);
        assert_eq!(at_once(false, || 1, || 2), (1, 2));
    }
}
