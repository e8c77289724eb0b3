//! A running tree: a contestant's scanner over a scan directory of sleepers. Dropping it ends every process of it.

use std::fs::{self, File};
use std::path::PathBuf;
use std::process::{Child, Stdio};
use std::time::{Duration, SystemTime};

use crate::Outcome;
use crate::contestant::Contestant;
use crate::process;
use crate::reports::{Reports, Start, milliseconds, now};
use crate::scratch::{Scratch, make_service};

/// The tree.
pub struct Tree {
    contestant: Contestant,
    directory: PathBuf,
    services: Vec<PathBuf>,
    scanner: Child,
    reports: Reports,
    /// The sleepers' first starts.
    pub starts: Vec<Start>,
    /// From the scanner's start to the last service's first instruction, ms.
    pub took: f64,
}

impl Tree {
    /// Starts a contestant over `count` fresh services and waits until the last one runs.
    pub fn start(scratch: &Scratch, contestant: Contestant, count: usize) -> Outcome<Self> {
        let directory = scratch.fresh(contestant.name())?;
        let scan = directory.join("scan");
        fs::create_dir(&scan)?;
        let services: Vec<PathBuf> = (0..count).map(|number| scan.join(format!("service-{number}"))).collect();
        for service in &services {
            make_service(service)?;
        }
        // runit's scanner waits for a second to pass when the directory is as young as that.
        File::open(&scan)?.set_modified(SystemTime::now() - Duration::from_secs(60))?;
        let (mut reports, writer) = Reports::new()?;
        let mut command = contestant.start(&scan, count);
        command.stdin(Stdio::piped()).stdout(writer).stderr(Stdio::null());
        command.env("SUNUP_RUN", directory.join("run")).env("SUNUP_LOG", directory.join("log"));
        let begin = now()?;
        let scanner = command.spawn()?;
        // With it goes our own copy of the pipe's writing end.
        drop(command);
        let starts = reports.starts(count)?;
        let last = starts.iter().map(|start| start.at).max().unwrap_or(begin);
        Ok(Self { contestant, directory, services, scanner, reports, starts, took: milliseconds(begin, last) })
    }

    /// The scanner's pid.
    pub fn scanner(&self) -> u32 {
        self.scanner.id()
    }

    /// The pids of the supervises: what descends from the scanner and is no sleeper.
    pub fn supervises(&self) -> Outcome<Vec<u32>> {
        let all = process::descendants(self.scanner())?;
        Ok(all.into_iter().filter(|pid| self.starts.iter().all(|start| start.pid != *pid)).collect())
    }

    /// Every process of the tree.
    pub fn everyone(&self) -> Outcome<Vec<u32>> {
        let mut all = process::descendants(self.scanner())?;
        all.push(self.scanner());
        Ok(all)
    }

    /// Adds a service, and gives the time from the trigger to its first instruction, ms.
    pub fn add(&mut self, number: usize) -> Outcome<f64> {
        let scan = self.directory.join("scan");
        let service = self.directory.join(format!("new-{number}"));
        make_service(&service)?;
        let link = scan.join(format!("new-{number}"));
        // A link is there at once and whole. For who watches it is the trigger; who is told is told after it.
        let mut begin = now()?;
        std::os::unix::fs::symlink(&service, &link)?;
        if self.contestant == Contestant::S6 {
            begin = now()?;
        }
        self.contestant.trigger(&scan)?;
        let start = self.next_start()?;
        self.services.push(link);
        self.starts.push(start);
        Ok(milliseconds(begin, start.at))
    }

    /// Kills a service, and gives the time until it runs again, ms.
    pub fn kill(&mut self, number: usize) -> Outcome<f64> {
        let pid = self.starts.get(number).ok_or("no such service")?.pid;
        let begin = now()?;
        process::signal(pid, nix::sys::signal::Signal::SIGKILL)?;
        let start = self.next_start()?;
        if let Some(slot) = self.starts.get_mut(number) {
            *slot = start;
        }
        Ok(milliseconds(begin, start.at))
    }

    fn next_start(&mut self) -> Outcome<Start> {
        self.reports.starts(1)?.pop().ok_or_else(|| "no report".into())
    }

    /// Stops the whole tree in the contestant's own way, and gives the time until its last process is gone, ms.
    pub fn stop(mut self) -> Outcome<f64> {
        let begin = now()?;
        drop(self.scanner.stdin.take());
        if let Some(signal) = self.contestant.last_signal() {
            process::signal(self.scanner(), signal)?;
        }
        self.contestant.finish(&self.services)?;
        self.reports.wait_for_end()?;
        Ok(milliseconds(begin, now()?))
    }
}

impl Drop for Tree {
    /// The next tree begins on a machine without this one.
    fn drop(&mut self) {
        if let Err(error) = process::end_descendants() {
            eprintln!("bench: warning: unable to end {}: {error}", self.contestant.name());
        }
        let _ = self.scanner.wait();
    }
}
