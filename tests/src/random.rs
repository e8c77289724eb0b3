//! Numbers that look random and are the same in every run.
//!
//! Test programs of the other packages include this file by its path: they may not import this one.

/// splitmix64, begun at a seed.
#[derive(Clone, Copy, Debug)]
pub struct Random(pub u64);

impl Random {
    /// Any number.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 on, below the limit, which is not 0.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.next() % limit as u64) as usize
    }

    /// One of these, of which there must be one.
    #[allow(dead_code, reason = "not every test program that includes this file picks")]
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> &'a T {
        &items[self.below(items.len())]
    }

    /// In so many of a hundred cases.
    #[allow(dead_code, reason = "not every test program that includes this file asks")]
    pub fn percent(&mut self, share: usize) -> bool {
        self.below(100) < share
    }
}
