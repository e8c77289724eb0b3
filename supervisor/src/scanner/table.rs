//! The entries, and what is done with them.

use crate::sys::descriptor::HERE;
use crate::sys::error::Result;
use crate::sys::event::pipe;
use crate::sys::files::{self, O_DIRECTORY, O_RDONLY};
use crate::sys::message::Messages;
use crate::sys::process::{self, Ended};
use crate::sys::signal::{SIGCONT, SIGHUP, SIGTERM};
use crate::sys::table::Table;
use crate::sys::text::{Shown, Text};

use super::children::{Children, Supervise};
use super::entry::{Entry, Pipe, Process};
use super::names::Names;
use crate::paths::service;

/// All entries that have a supervise or are to have one.
#[derive(Debug)]
pub struct Entries {
    entries: Table<Entry>,
    names: Names,
    /// Pipes are not made any more.
    closed: bool,
}

impl Entries {
    /// None.
    pub const fn new() -> Self {
        Self { entries: Table::new(), names: Names::new(), closed: false }
    }

    /// Compares the working directory with the table. False: not everything could be looked at, so scan again later.
    pub fn scan(&mut self, messages: &mut Messages) -> bool {
        let directory = match files::open(c".", O_RDONLY | O_DIRECTORY, 0) {
            Ok(directory) => directory,
            Err(errno) => {
                messages.warn(b"", format_args!("unable to read directory: {errno}"));
                return false;
            }
        };
        self.entries.iter_mut().for_each(|entry| entry.present = false);
        let mut complete = true;
        let mut names = files::Names::of(*directory);
        // Names come in the same order every time, so the next one is most probably the next entry.
        let mut guess = 0;
        loop {
            match names.next_name() {
                Ok(Some(name)) if name.to_bytes().starts_with(b".") => (),
                Ok(Some(name)) => complete &= self.see(name, &mut guess, messages),
                Ok(None) => break,
                Err(errno) => {
                    messages.warn(b"", format_args!("unable to read directory: {errno}"));
                    // What was not seen may be there: better one supervise too many than one too few.
                    self.entries.iter_mut().for_each(|entry| entry.present = true);
                    return false;
                }
            }
        }
        self.forget_dead();
        complete
    }

    /// A name in the directory. What is no directory is no service.
    fn see(&mut self, name: &core::ffi::CStr, guess: &mut usize, messages: &mut Messages) -> bool {
        let Ok(status) = files::status_at(HERE, name) else { return true };
        if !status.is_directory() {
            return true;
        }
        let identity = (status.device, status.inode);
        let is_it = |entry: &Entry| entry.identity == identity;
        let known = if self.entries.get(*guess).is_some_and(is_it) {
            Some(*guess)
        } else {
            self.entries.iter().position(is_it)
        };
        if let Some(at) = known {
            *guess = at + 1;
            return self.see_again(at, name);
        }
        *guess = self.entries.len() + 1;
        if let Err(errno) = self.add(identity, name) {
            messages.warn(b"", format_args!("unable to take {} in: {errno}", Shown(name.to_bytes())));
            return false;
        }
        true
    }

    /// The link may have been renamed; its processes stay.
    fn see_again(&mut self, at: usize, name: &core::ffi::CStr) -> bool {
        let Some(entry) = self.entries.get_mut(at) else { return true };
        entry.present = true;
        if self.names.get(entry.name) == name {
            return true;
        }
        let Ok(new) = self.names.add(name) else { return false };
        let old = core::mem::replace(&mut entry.name, new);
        self.remove_name(old);
        true
    }

    fn add(&mut self, identity: (u64, u64), name: &core::ffi::CStr) -> Result<()> {
        let has_log = has_log(name);
        let pipe = if has_log { Some(pipe()?) } else { None };
        let name = self.names.add(name)?;
        let entry = Entry {
            identity,
            name,
            present: true,
            main: Process::default(),
            log: has_log.then(Process::default),
            pipe: pipe.map(|(read, write)| Pipe { read, write }),
        };
        self.entries.push(entry).inspect_err(|_| self.names.remove(name))
    }

    fn remove_name(&mut self, name: super::names::Name) {
        self.names.remove(name);
        self.entries.iter_mut().for_each(|entry| entry.name.after_removal(name));
    }

    /// Drops what has left the directory and has no process any more.
    fn forget_dead(&mut self) {
        let mut at = 0;
        while let Some(entry) = self.entries.get(at) {
            if entry.present || !entry.is_dead() {
                at += 1;
            } else if let Some(entry) = self.entries.swap_remove(at) {
                self.remove_name(entry.name);
            }
        }
    }

    /// Starts what is due.
    pub fn start(&mut self, children: &Children, now: u64, messages: &mut Messages) {
        for entry in self.entries.iter_mut().filter(|entry| entry.present) {
            let name = self.names.get(entry.name);
            if !self.closed {
                entry.reopen();
            }
            if entry.main.is_due(now) {
                let pipe = entry.pipe.as_ref().map(|pipe| *pipe.write);
                launch(&mut entry.main, children.supervise(Supervise { name, is_log: false, pipe }), now, messages);
            }
            if let (Some(log), Some(pipe)) = (&mut entry.log, &entry.pipe)
                && log.is_due(now)
            {
                let what = Supervise { name, is_log: true, pipe: Some(*pipe.read) };
                launch(log, children.supervise(what), now, messages);
            }
        }
    }

    /// When something is to be started (monotonic ns).
    pub fn due(&self) -> Option<u64> {
        self.entries.iter().filter_map(Entry::due).min()
    }

    /// A child has ended; one that is not ours to know was an orphan.
    pub fn end(&mut self, ended: Ended, now: u64) {
        if let Some(process) = self.entries.iter_mut().find_map(|entry| entry.process(ended.pid)) {
            process.end(ended.status == 0, now);
            self.forget_dead();
        }
    }

    /// Tells supervises to end: TERM to services, and to their loggers TERM or HUP, which lets them read to the end.
    pub fn end_supervises(&mut self, of_absent_only: bool, loggers_too: bool) {
        for entry in self.entries.iter_mut().filter(|entry| !(of_absent_only && entry.present)) {
            // Our ends must go, or the logger would wait for us.
            entry.pipe = None;
            send(entry.main.pid, SIGTERM);
            if let Some(log) = entry.log {
                send(log.pid, if loggers_too { SIGTERM } else { SIGHUP });
            }
        }
    }

    /// Closes every pipe end, so that loggers see the end once their services are gone.
    pub fn close_pipes(&mut self) {
        self.closed = true;
        self.entries.iter_mut().for_each(|entry| entry.pipe = None);
    }

    /// No supervise is alive.
    pub fn are_dead(&self) -> bool {
        self.entries.iter().all(Entry::is_dead)
    }
}

fn launch(process: &mut Process, answer: Result<u32>, now: u64, messages: &mut Messages) {
    match answer {
        Ok(pid) => process.start(pid, now),
        Err(errno) => {
            process.not_started(now);
            messages.warn(b"", format_args!("unable to fork: {errno} (next try in 1 s)"));
        }
    }
}

fn send(pid: u32, signal: u32) {
    if pid > 0 {
        let _ = process::kill(pid, signal);
        let _ = process::kill(pid, SIGCONT);
    }
}

/// The service has a logger.
fn has_log(name: &core::ffi::CStr) -> bool {
    let mut path = Text::<300>::new();
    path.push(name.to_bytes());
    path.push(b"/");
    path.push(service::LOG.as_bytes());
    path.c_str().is_some_and(|path| files::status_at(HERE, path).is_ok_and(|status| status.is_directory()))
}
