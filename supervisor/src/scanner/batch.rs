//! Services that get one supervise together: `supervise --group …`, as docs/formats.md has it.

use core::ffi::CStr;

use crate::paths::service;
use crate::sys::argument_list::ArgumentList;
use crate::sys::descriptor::{Descriptor, HERE};
use crate::sys::error::{Errno, Result};
use crate::sys::exec::Arguments;
use crate::sys::files;
use crate::sys::table::Table;
use crate::sys::text::Text;

use super::walk::directory_of;

/// A start to be made.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    /// The place of the service in the table.
    pub at: u32,
    /// Its logger is meant.
    pub is_log: bool,
    /// Descriptor 0 of a logger, 1 of a service that has one.
    pub pipe: Option<Descriptor>,
}

/// The starts of one supervise.
#[derive(Debug, Default)]
pub struct Batch {
    plans: Table<Plan>,
    list: ArgumentList,
    /// The name of the first, for a batch that stays alone and for messages.
    first: Text<300>,
}

impl Batch {
    /// Nothing is planned.
    pub const fn new() -> Self {
        Self { plans: Table::new(), list: ArgumentList::new(), first: Text::new() }
    }

    /// The service may share a supervise: it does not need one that adopts its orphans.
    #[cold]
    #[inline(never)]
    pub fn takes(name: &CStr, is_log: bool) -> bool {
        let mut path = directory_of(name, is_log);
        path.push(b"/");
        path.push(service::SUBREAPER.as_bytes());
        path.c_str().is_some_and(|path| files::status_at(HERE, path) == Err(Errno::ENOENT))
    }

    /// Plans one more; after an error the batch is as it was.
    #[cold]
    #[inline(never)]
    pub fn push(&mut self, plan: Plan, name: &CStr) -> Result<()> {
        let length = self.list.len();
        if self.plans.is_empty() {
            self.first.clear();
            self.first.push(name.to_bytes());
        }
        let pushed = self.push_words(plan, name).and_then(|()| self.plans.push(plan));
        pushed.inspect_err(|_| self.list.truncate(length))
    }

    fn push_words(&mut self, plan: Plan, name: &CStr) -> Result<()> {
        if self.list.is_empty() {
            self.list.push(&[b"supervise"])?;
            self.list.push(&[b"--group"])?;
        }
        if let Some(pipe) = plan.pipe {
            let mut number = Text::<12>::new();
            number.push_number(u64::from(pipe.0.unsigned_abs()));
            let option: &[u8] = if plan.is_log { b"--input=" } else { b"--output=" };
            self.list.push(&[option, number.bytes()])?;
        }
        let name = name.to_bytes();
        let here: &[u8] = if name.starts_with(b"-") { b"./" } else { b"" };
        let log: &[u8] = if plan.is_log { b"/log" } else { b"" };
        self.list.push(&[here, name, log])
    }

    /// How many are planned.
    pub fn len(&self) -> usize {
        self.plans.len()
    }

    /// The starts.
    pub fn plans(&self) -> &[Plan] {
        &self.plans
    }

    /// The name of the first service.
    pub fn first(&self) -> Text<300> {
        self.first
    }

    /// The arguments, and the starts beside them.
    #[cold]
    #[inline(never)]
    pub fn command(&mut self) -> Result<(Arguments<'_>, &[Plan])> {
        Ok((self.list.arguments()?, &self.plans))
    }

    /// Nothing is planned any more.
    pub fn clear(&mut self) {
        *self = Self::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every service stands with the end of its pipe before it, and no name is taken for an option.
    #[test]
    fn words() {
        let mut batch = Batch::new();
        let mut push = |name, is_log, pipe: Option<i32>| {
            batch.push(Plan { at: 0, is_log, pipe: pipe.map(Descriptor) }, name).unwrap();
        };
        push(c"web", false, Some(4));
        push(c"web", true, Some(3));
        push(c"-t", false, None);
        let text = batch.list.text();
        assert_eq!(text, b"supervise\0--group\0--output=4\0web\0--input=3\0web/log\0./-t\0");
        assert_eq!((batch.len(), batch.first().bytes()), (3, &b"web"[..]));
        batch.clear();
        assert_eq!((batch.len(), batch.list.text()), (0, &b""[..]));
    }
}
