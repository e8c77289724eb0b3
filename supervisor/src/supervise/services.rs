//! The services of one supervise.
//!
//! The first stands where supervise itself does, on the stack: most often it is the only one, and a page of its own would cost
//! three, two of them in page tables.

use core::iter::once;

use crate::sys::error::Result;
use crate::sys::table::Table;

use super::service::Service;

/// Places that keep their numbers, each empty once its service was left.
#[derive(Debug)]
pub struct Services {
    first: Option<Service>,
    others: Table<Option<Service>>,
    length: usize,
}

impl Services {
    /// None.
    pub const fn new() -> Self {
        Self { first: None, others: Table::new(), length: 0 }
    }

    /// Takes one in, at the next number.
    pub fn push(&mut self, service: Service) -> Result<()> {
        if self.length == 0 {
            self.first = Some(service);
        } else {
            self.others.push(Some(service))?;
        }
        self.length += 1;
        Ok(())
    }

    /// How many were taken in, those that were left included.
    pub const fn len(&self) -> usize {
        self.length
    }

    /// The place with this number.
    pub fn place(&mut self, index: usize) -> Option<&mut Option<Service>> {
        match index.checked_sub(1) {
            None => Some(&mut self.first),
            Some(index) => self.others.get_mut(index),
        }
    }

    /// Those that were not left.
    pub fn iter(&self) -> impl Iterator<Item = &Service> {
        once(&self.first).chain(self.others.iter()).flatten()
    }

    /// Every one was left, or there was none.
    pub fn are_over(&self) -> bool {
        self.iter().next().is_none()
    }
}
