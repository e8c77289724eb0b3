//! Names in the scan directory that lead nowhere: dangling and looping links. Each is told once, however often it is met, and
//! again only when it was something else in between. Pure.

use crate::sys::table::Table;

/// One of them.
#[derive(Clone, Copy, Debug)]
struct Stray {
    /// Of the link itself.
    inode: u64,
    /// It was met in the scan that is going on.
    is_met: bool,
}

/// All of them. Without memory for one it is told more than once.
#[derive(Debug, Default)]
pub struct Strays(Table<Stray>);

impl Strays {
    /// None.
    pub const fn new() -> Self {
        Self(Table::new())
    }

    /// One was met. True: it is to be told.
    pub fn meet(&mut self, inode: u64) -> bool {
        if let Some(known) = self.0.iter_mut().find(|stray| stray.inode == inode) {
            known.is_met = true;
            return false;
        }
        let _ = self.0.push(Stray { inode, is_met: true });
        true
    }

    /// A scan is over that has met every name: others are strays no more.
    pub fn end_scan(&mut self) {
        while let Some(at) = self.0.iter().position(|stray| !stray.is_met) {
            self.0.swap_remove(at);
        }
        self.0.iter_mut().for_each(|stray| stray.is_met = false);
        if self.0.is_empty() {
            self.0 = Table::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Told once, and again after a scan that did not meet it.
    #[test]
    fn once() {
        let mut strays = Strays::new();
        assert!(strays.meet(1) && strays.meet(2) && !strays.meet(1));
        strays.end_scan();
        assert!(!strays.meet(1));
        strays.end_scan();
        assert!(!strays.meet(1) && strays.meet(2));
        strays.end_scan();
        strays.end_scan();
        assert!(strays.0.is_empty() && strays.meet(1));
    }
}
