//! Counts what walks over a graph do, so that a test can tell linear from quadratic without a clock.

/// Counts steps; nothing outside tests.
#[cfg(not(test))]
pub(crate) fn count(_steps: usize) {}

#[cfg(test)]
thread_local! {
    static STEPS: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// Counts steps of this thread.
#[cfg(test)]
pub(crate) fn count(steps: usize) {
    STEPS.with(|counted| counted.set(counted.get() + steps));
}

/// The steps of this thread since the last call.
#[cfg(test)]
pub(crate) fn taken() -> usize {
    STEPS.with(|counted| counted.replace(0))
}
