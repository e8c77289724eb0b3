//! What ought to be: how often each service was started, and which process each logger is.
//!
//! A kill first changes the model, by what it may change; whatever is seen besides is a fault. A service has come back
//! when all of it is as the model says. Nothing is ever forgiven for having taken place at an odd moment.

use std::path::Path;
use std::time::{Duration, Instant};

use supervisor::status::Phase;

use crate::Outcome;
use crate::sight;
use crate::tree::{Tree, is_supervised, record};

/// Within this time everything must be back: the longest pause of scanner and supervise is a minute.
const DEADLINE: Duration = Duration::from_secs(15);
/// A service that has been up for so long is started again at once, and so is a supervise.
const REST: Duration = Duration::from_millis(1100);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(2);

/// What ought to be true of one service.
#[derive(Clone, Copy, Debug)]
struct Expected {
    /// Starts of its process.
    starts: usize,
    /// Its logger; 0: a new one is to come in place of the one that was killed.
    logger: u32,
    /// The logger that was killed last.
    killed_logger: u32,
    /// When something of it was killed last.
    touched: Instant,
}

/// What ought to be true.
#[derive(Debug)]
pub struct Model {
    tree: Tree,
    services: Vec<Expected>,
}

impl Model {
    /// Waits until everything has been started once, and takes note of it.
    pub fn of(tree: Tree) -> Outcome<Self> {
        let expected = Expected { starts: 1, logger: 0, killed_logger: 0, touched: Instant::now() };
        let services = vec![expected; tree.len()];
        let mut model = Self { tree, services };
        model.settle_all()?;
        Ok(model)
    }

    /// The present process of a service.
    pub fn process(&self, number: usize) -> Outcome<u32> {
        Ok(self.tree.starts(number).last().ok_or("a service was never started")?.pid)
    }

    /// The present logger.
    pub fn logger(&self, number: usize) -> u32 {
        self.services.get(number).map_or(0, |service| service.logger)
    }

    /// Something of the service is killed.
    pub fn touch(&mut self, number: usize) {
        self.change(number, |_| ());
    }

    /// The service's own process is killed: it is to be started once more.
    pub fn expect_start(&mut self, number: usize) {
        self.change(number, |service| service.starts += 1);
    }

    /// The logger is killed: another one is to come.
    pub fn expect_logger(&mut self, number: usize) {
        self.change(number, |service| (service.killed_logger, service.logger) = (service.logger, 0));
    }

    fn change(&mut self, number: usize, change: impl FnOnce(&mut Expected)) {
        if let Some(service) = self.services.get_mut(number) {
            change(service);
            service.touched = Instant::now();
        }
    }

    /// Waits until a service has come back and has been up long enough to be killed again.
    pub fn rest(&mut self, number: usize) -> Outcome<()> {
        self.settle(number)?;
        let touched = self.services.get(number).map_or_else(Instant::now, |service| service.touched);
        std::thread::sleep(REST.saturating_sub(touched.elapsed()));
        Ok(())
    }

    /// Waits until every service has come back.
    pub fn settle_all(&mut self) -> Outcome<()> {
        (0..self.services.len()).try_for_each(|number| self.settle(number))
    }

    /// Waits until a service has come back; what can never be made good is a fault at once.
    pub fn settle(&mut self, number: usize) -> Outcome<()> {
        let end = Instant::now() + DEADLINE;
        while let Err(problem) = self.look(number) {
            if Instant::now() > end {
                let directory = self.tree.service(number);
                return Err(format!("{}: {problem}; {:?}", directory.display(), record(&directory)).into());
            }
            self.check_limits(number)?;
            std::thread::sleep(LOOK);
        }
        self.check_limits(number)
    }

    /// Looks at every service for what no waiting mends.
    pub fn check(&self) -> Outcome<()> {
        (0..self.services.len()).try_for_each(|number| self.check_limits(number))
    }

    /// What no waiting mends: a start too many, two at a time, a logger that ended unasked.
    fn check_limits(&self, number: usize) -> Outcome<()> {
        let Some(expected) = self.services.get(number) else { return Ok(()) };
        let directory = self.tree.service(number);
        let starts = self.tree.starts(number);
        if directory.join("doubled").exists() {
            return Err(format!("{}: it ran twice at a time", directory.display()).into());
        }
        if starts.len() > expected.starts {
            let (seen, due) = (starts.len(), expected.starts);
            return Err(format!("{}: started {seen} times where {due} are due", directory.display()).into());
        }
        if expected.logger != 0 && !sight::is_alive(expected.logger) {
            return Err(format!("{}: its logger {} has ended", directory.display(), expected.logger).into());
        }
        Ok(())
    }

    /// True when a service is as it ought to be; a new logger is taken note of.
    pub fn has_settled(&mut self, number: usize) -> bool {
        self.look(number).is_ok()
    }

    fn look(&mut self, number: usize) -> Result<(), String> {
        let Some(expected) = self.services.get_mut(number) else { return Err("no such service".into()) };
        let starts = self.tree.starts(number);
        if starts.len() != expected.starts {
            return Err(format!("started {} times where {} are due", starts.len(), expected.starts));
        }
        let process = running(&self.tree.service(number))?;
        let last = starts.last().map_or(0, |start| start.pid);
        if process != last {
            return Err(format!("its record names {process} where {last} runs"));
        }
        let logger = running(&self.tree.logger(number)).map_err(|problem| format!("log: {problem}"))?;
        if expected.logger == 0 && logger != expected.killed_logger {
            expected.logger = logger;
        }
        if logger != expected.logger {
            return Err(format!("its logger is {logger} instead of {}", expected.logger));
        }
        Ok(())
    }
}

/// The process that a service directory's record says is running, if that is so and somebody looks after it.
fn running(directory: &Path) -> Result<u32, String> {
    if !is_supervised(directory) {
        return Err("no supervise".into());
    }
    match record(directory) {
        Some(record) if record.phase == Phase::Run && sight::is_alive(record.pid) => Ok(record.pid),
        Some(record) => Err(format!("{:?}, pid {}", record.phase, record.pid)),
        None => Err("no record".into()),
    }
}
