//! The same work for many items, by as many threads as the machine has processors.
//!
//! Only for programs that end soon: reading units. A handful of items is never worth a thread, and a thread that cannot
//! be had is never an error: whoever asks does the work.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

/// Items that a thread takes at a time. So many are done before another thread has begun.
const BLOCK: usize = 64;

/// The most threads, the asking one included.
const MOST_THREADS: usize = 8;

/// What the work makes of the items, in their order.
pub(crate) fn map<T: Sync, R: Send>(items: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let processors = thread::available_parallelism().map_or(1, usize::from);
    let threads = processors.min(MOST_THREADS).min(items.len() / BLOCK);
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let blocks: Vec<&[T]> = items.chunks(BLOCK).collect();
    let next = AtomicUsize::new(0);
    let share = || take_blocks(&blocks, &next, &work);
    let mut done = thread::scope(|scope| {
        let helpers: Vec<_> =
            (1..threads).filter_map(|_| thread::Builder::new().spawn_scoped(scope, share).ok()).collect();
        let mut done = share();
        for helper in helpers {
            done.extend(helper.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause)));
        }
        done
    });
    done.sort_unstable_by_key(|(block, _)| *block);
    done.into_iter().flat_map(|(_, results)| results).collect()
}

/// Takes block after block until none is left.
fn take_blocks<T, R>(blocks: &[&[T]], next: &AtomicUsize, work: &impl Fn(&T) -> R) -> Vec<(usize, Vec<R>)> {
    let mut done = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        let Some(block) = blocks.get(number) else { return done };
        done.push((number, block.iter().map(work).collect()));
    }
}

#[cfg(test)]
mod tests {
    use super::map;

    /// However many items there are, each is there once and in its place.
    #[test]
    fn in_order() {
        for count in [0, 1, 63, 64, 129, 10_000] {
            let items: Vec<usize> = (0..count).collect();
            let expected: Vec<usize> = items.iter().map(|item| item * 2).collect();
            assert_eq!(map(&items, |item| item * 2), expected, "{count}");
        }
    }
}
