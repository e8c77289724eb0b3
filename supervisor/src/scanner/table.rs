//! The entries, and what is done with them.

use core::ffi::CStr;

use crate::sys::descriptor::HERE;
use crate::sys::error::Result;
use crate::sys::event::pipe;
use crate::sys::files::{self, O_DIRECTORY, O_RDONLY};
use crate::sys::message::Messages;
use crate::sys::process::{self, Ended};
use crate::sys::signal::{SIGCONT, SIGHUP, SIGTERM};
use crate::sys::table::Table;
use crate::sys::text::{Shown, Text};
use crate::sys::time;

use super::adopt::{self, Supervises};
use super::children::{Children, Supervise};
use super::entry::{Entry, Logger, NO_LOGGER, Pipe, Process};
use super::names::{Name, Names};
use crate::paths::service;

/// All entries that have a supervise or are to have one.
#[derive(Debug)]
pub struct Entries {
    entries: Table<Entry>,
    loggers: Table<Logger>,
    names: Names,
    /// Pipes are not made any more.
    closed: bool,
}

/// What a scan needs besides the directory.
#[derive(Debug)]
pub struct Scan<'a> {
    /// Where messages go.
    pub messages: &'a mut Messages,
    /// What a predecessor may have left; looked at for entries that are new.
    pub left: Option<&'a Supervises>,
    /// The last scan was not complete either, and has said why.
    pub quiet: bool,
}

impl Scan<'_> {
    fn warn(&mut self, text: core::fmt::Arguments<'_>) {
        if !self.quiet {
            self.messages.warn(b"", text);
        }
    }
}

impl Entries {
    /// None. `closed`: pipes were closed before we were executed again, and stay so.
    pub const fn new(closed: bool) -> Self {
        Self { entries: Table::new(), loggers: Table::new(), names: Names::new(), closed }
    }

    /// Compares the working directory with the table. False: not everything could be looked at, so scan again later.
    pub fn scan(&mut self, mut scan: Scan<'_>) -> bool {
        let directory = match files::open(c".", O_RDONLY | O_DIRECTORY, 0) {
            Ok(directory) => directory,
            Err(errno) => {
                scan.warn(format_args!("unable to read directory: {errno}"));
                return false;
            }
        };
        self.entries.iter_mut().for_each(|entry| entry.main.wanted = false);
        let mut complete = true;
        let mut names = files::Names::of(*directory);
        // Names come in the same order every time, so the next one is most probably the next entry.
        let mut guess = 0;
        loop {
            match names.next_name() {
                Ok(Some(name)) if name.to_bytes().starts_with(b".") => (),
                Ok(Some(name)) => complete &= self.see(name, &mut guess, &mut scan),
                Ok(None) => break,
                Err(errno) => {
                    scan.warn(format_args!("unable to read directory: {errno}"));
                    // What was not seen may be there: better one supervise too many than one too few.
                    self.entries.iter_mut().for_each(|entry| entry.main.wanted = true);
                    complete = false;
                    break;
                }
            }
        }
        for entry in self.entries.iter() {
            if let Some(logger) = self.loggers.get_mut(entry.logger as usize) {
                logger.process.wanted = entry.main.wanted;
            }
        }
        self.forget_dead();
        complete
    }

    /// A name in the directory. What is no directory is no service.
    fn see(&mut self, name: &CStr, guess: &mut usize, scan: &mut Scan<'_>) -> bool {
        let Ok(status) = files::status_at(HERE, name) else { return true };
        if !status.is_directory() {
            return true;
        }
        let identity = status.identity();
        let known = if self.entries.get(*guess).is_some_and(|entry| entry.is(identity)) {
            Some(*guess)
        } else {
            self.entries.iter().position(|entry| entry.is(identity))
        };
        if let Some(at) = known {
            *guess = at + 1;
            return self.see_again(at, name);
        }
        *guess = self.entries.len() + 1;
        if let Err(errno) = self.add(identity, name, scan.left) {
            scan.warn(format_args!("unable to take {} in: {errno}", Shown(name.to_bytes())));
            return false;
        }
        true
    }

    /// The link may have been renamed; its processes stay.
    fn see_again(&mut self, at: usize, name: &CStr) -> bool {
        let Some(entry) = self.entries.get_mut(at) else { return true };
        entry.main.wanted = true;
        if self.names.get(entry.name) == name {
            return true;
        }
        let Ok(new) = self.names.add(name) else { return false };
        let old = core::mem::replace(&mut entry.name, new);
        self.remove_name(old);
        true
    }

    fn add(&mut self, identity: (u64, u64), name: &CStr, left: Option<&Supervises>) -> Result<()> {
        let now = time::monotonic();
        let place = self.names.add(name)?;
        let mut entry = Entry::new(identity, place, now);
        if let Some(pid) = left.and_then(|left| left.of(identity)) {
            entry.main.start(pid, now);
        }
        let log = log_of(name);
        let logger = match log.map(|log| self.logger_for(&entry, name, log, left, now)).transpose() {
            Ok(logger) => logger,
            Err(errno) => {
                self.names.remove(place);
                return Err(errno);
            }
        };
        if let Some(logger) = logger {
            entry.logger = self.loggers.len() as u32;
            if let Err(errno) = self.loggers.push(logger) {
                self.names.remove(place);
                return Err(errno);
            }
        }
        let has_logger = entry.logger != NO_LOGGER;
        self.entries.push(entry).inspect_err(|_| {
            self.names.remove(place);
            if has_logger && let Some(last) = self.loggers.len().checked_sub(1) {
                drop(self.loggers.swap_remove(last));
            }
        })
    }

    /// The logger of a new entry, with a pipe of its own or the one that a predecessor has left.
    fn logger_for(
        &self,
        entry: &Entry,
        name: &CStr,
        log: (u64, u64),
        left: Option<&Supervises>,
        now: u64,
    ) -> Result<Logger> {
        let mut process = Process::new(now);
        if let Some(pid) = left.and_then(|left| left.of(log)) {
            process.start(pid, now);
        }
        if self.closed {
            return Ok(Logger { process, pipe: None });
        }
        let some = |pid: u32| (pid > 0).then_some(pid);
        let recovered = left.and_then(|_| adopt::recover_pipe(name, some(entry.main.pid), some(process.pid)));
        let pipe = match recovered {
            Some(pipe) => pipe,
            None => new_pipe()?,
        };
        Ok(Logger { process, pipe: Some(pipe) })
    }

    fn remove_name(&mut self, name: Name) {
        let length = self.names.remove(name);
        self.entries.iter_mut().for_each(|entry| entry.name.after_removal(name, length));
    }

    /// No supervise of it is alive.
    fn is_dead(&self, entry: &Entry) -> bool {
        entry.main.pid == 0 && self.loggers.get(entry.logger as usize).is_none_or(|logger| logger.process.pid == 0)
    }

    /// Drops what has left the directory and has no process any more.
    fn forget_dead(&mut self) {
        let mut at = 0;
        while let Some(entry) = self.entries.get(at) {
            if entry.main.wanted || !self.is_dead(entry) {
                at += 1;
            } else if let Some(entry) = self.entries.swap_remove(at) {
                self.remove_name(entry.name);
                self.forget_logger(entry.logger);
            }
        }
    }

    /// The last logger takes the place of the one that goes.
    fn forget_logger(&mut self, place: u32) {
        drop(self.loggers.swap_remove(place as usize));
        let moved = self.loggers.len() as u32;
        if let Some(owner) = self.entries.iter_mut().find(|entry| place != NO_LOGGER && entry.logger == moved) {
            owner.logger = place;
        }
    }

    /// Starts what is due. Where one cannot be forked the others are not tried: all wait for a second.
    pub fn start(&mut self, children: &Children, now: u64, messages: &mut Messages) {
        let mut is_full = false;
        let mut launch = |process: &mut Process, what| {
            if is_full {
                return process.not_started(now);
            }
            match children.supervise(what) {
                Ok(pid) => process.start(pid, now),
                Err(errno) => {
                    is_full = true;
                    process.not_started(now);
                    messages.warn(b"", format_args!("unable to fork: {errno} (next try in 1 s)"));
                }
            }
        };
        for entry in self.entries.iter_mut() {
            let name = self.names.get(entry.name);
            let mut logger = self.loggers.get_mut(entry.logger as usize);
            if let Some(logger) = &mut logger
                && logger.pipe.is_none()
                && !self.closed
                && entry.main.pid == 0
                && logger.process.pid == 0
            {
                // It was told to end, is gone, and has come back: it needs a new pipe.
                logger.pipe = new_pipe().ok();
            }
            if entry.main.is_due(now) {
                let pipe = logger.as_ref().and_then(|logger| logger.pipe.as_ref()).map(|pipe| *pipe.write);
                launch(&mut entry.main, Supervise { name, is_log: false, pipe });
            }
            if let Some(Logger { process, pipe: Some(pipe) }) = logger
                && process.is_due(now)
            {
                let what = Supervise { name, is_log: true, pipe: Some(*pipe.read) };
                launch(process, what);
            }
        }
    }

    /// When (monotonic ns) something is to be started.
    pub fn due(&self, now: u64) -> Option<u64> {
        let mains = self.entries.iter().filter_map(|entry| entry.main.due(now)).min();
        let loggers = self.loggers.iter().filter_map(|logger| logger.due(now)).min();
        match (mains, loggers) {
            (Some(main), Some(logger)) => Some(main.min(logger)),
            (main, logger) => main.or(logger),
        }
    }

    fn processes(&mut self) -> impl Iterator<Item = &mut Process> {
        let loggers = self.loggers.iter_mut().map(|logger| &mut logger.process);
        self.entries.iter_mut().map(|entry| &mut entry.main).chain(loggers)
    }

    /// A supervise has ended; a child that is not ours to know was an orphan.
    pub fn end(&mut self, ended: Ended, now: u64) {
        let mut processes = self.processes();
        let Some(process) = processes.find(|process| ended.pid > 0 && process.pid == ended.pid) else { return };
        process.end(ended.status == 0, now);
        let is_wanted = process.wanted;
        drop(processes);
        if !is_wanted {
            self.forget_dead();
        }
    }

    /// Takes supervises over that were not there, or not to be found, when the entries were made.
    pub fn adopt(&mut self, left: &Supervises, now: u64) {
        for entry in self.entries.iter_mut() {
            let Some(logger) = self.loggers.get_mut(entry.logger as usize) else { continue };
            if logger.process.pid == 0
                && let Some(pid) = log_of(self.names.get(entry.name)).and_then(|log| left.of(log))
            {
                logger.process.start(pid, now);
            }
        }
        for entry in self.entries.iter_mut().filter(|entry| entry.main.pid == 0) {
            if let Some(pid) = left.of(entry.identity()) {
                entry.main.start(pid, now);
            }
        }
    }

    /// Has every supervise followed that is no child of ours; one that cannot be has ended.
    pub fn follow_strangers(&mut self, now: u64, mut follow: impl FnMut(u32) -> Result<()>) {
        for process in self.processes().filter(|process| process.pid > 0 && !process::is_child(process.pid)) {
            if follow(process.pid).is_err() {
                process.end(false, now);
            }
        }
    }

    /// Tells supervises to end: TERM to services, and to their loggers TERM or HUP, which lets them read to the end.
    pub fn end_supervises(&mut self, of_absent_only: bool, loggers_too: bool) {
        for entry in self.entries.iter_mut().filter(|entry| !(of_absent_only && entry.main.wanted)) {
            send(entry.main.pid, SIGTERM);
            if let Some(logger) = self.loggers.get_mut(entry.logger as usize) {
                // Our ends must go, or the logger would wait for us.
                logger.pipe = None;
                send(logger.process.pid, if loggers_too { SIGTERM } else { SIGHUP });
            }
        }
    }

    /// Loggers that are away while their pipe holds something are due at once: nobody else could read it.
    pub fn hasten_loggers(&mut self, now: u64) {
        for Logger { process, pipe } in self.loggers.iter_mut() {
            if pipe.as_ref().is_some_and(|pipe| pipe.read.bytes_waiting().is_ok_and(|bytes| bytes > 0)) {
                process.hasten(now);
            }
        }
    }

    /// Closes every pipe end, so that loggers see the end once their services are gone.
    pub fn close_pipes(&mut self) {
        self.closed = true;
        self.loggers.iter_mut().for_each(|logger| logger.pipe = None);
    }

    /// No supervise is alive.
    pub fn are_dead(&self) -> bool {
        self.entries.iter().all(|entry| self.is_dead(entry))
    }
}

fn new_pipe() -> Result<Pipe> {
    pipe().map(|(read, write)| Pipe { read, write })
}

fn send(pid: u32, signal: u32) {
    if pid > 0 {
        let _ = process::kill(pid, signal);
        let _ = process::kill(pid, SIGCONT);
    }
}

/// The identity of the logger's directory, if the service has one.
fn log_of(name: &CStr) -> Option<(u64, u64)> {
    let mut path = Text::<300>::new();
    path.push(name.to_bytes());
    path.push(b"/");
    path.push(service::LOG.as_bytes());
    let status = files::status_at(HERE, path.c_str()?).ok()?;
    status.is_directory().then(|| status.identity())
}
