//! The engine as a supervised service: it takes requests one by one, and goes down when there is none.
//!
//! Whatever it knows is in files, so it may be killed at any moment: its supervise starts it again, and it goes on with
//! the request that it had taken. It goes down so that no wake-up is lost: it downs itself first, and only then looks
//! once more; who writes a request, or a status record because a service has ended for good, ups it afterwards.

use std::fs;
use std::io;
use std::path::PathBuf;

use nix::sys::signal::Signal;
use supervisor::control::supervise;
use supervisor::paths::requests::{BOOT, STOP};
use supervisor::paths::run::STOP_DEADLINE;

use crate::executor::{Config, Executor};
use crate::record::console::Console;
use crate::request::queue::{RequestQueue, Waiting};
use crate::request::target::{Sources, Target};
use crate::request::{Answer, Verb};
use crate::service::SupervisedService;
use crate::system::places::Places;
use crate::system::replace::replace_if_different;

/// What the boot brings up when stage 1 names nothing.
pub const DEFAULT: &str = "default";
/// Signals that supervise or a terminal may send, and that must not end us.
const BLOCKED: [Signal; 4] = [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT];

/// The supervised engine.
pub struct Supervised {
    pub(super) executor: Executor,
    pub(super) queue: RequestQueue,
    pub(super) sources: Sources,
}

/// Why the executor stopped turning.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Pause {
    /// Everything has got somewhere.
    Settled,
    /// The system is to be stopped.
    Stop,
    /// The boot is to go on in the rescue bundle, for this reason.
    Rescue(String),
}

impl Supervised {
    /// Opens everything; nothing is done yet.
    pub fn new(config: Config, console: Console, sources: Sources) -> io::Result<Self> {
        let queue = RequestQueue::open(config.places.requests())?;
        fs::create_dir_all(config.places.services())?;
        publish_stop_deadline(&config.places);
        let mut executor = Executor::new(config, console, &BLOCKED)?;
        executor.watch_requests(queue.directory())?;
        Ok(Self { executor, queue, sources })
    }

    /// Serves requests until there is none and we are down.
    pub fn serve(&mut self) -> io::Result<()> {
        if self.queue.next().is_none() {
            self.review()?;
        }
        loop {
            while let Some(waiting) = self.queue.next() {
                self.serve_one(waiting)?;
            }
            self.executor.linger()?;
            if self.queue.next().is_none() && self.goes_down()? {
                return Ok(());
            }
            self.settle()?;
        }
    }

    /// Woken without a request: a service may have ended for good.
    fn review(&mut self) -> io::Result<()> {
        let others = self.executor.active_units();
        if let Ok(target) = Target::load(&self.sources, &[], &others) {
            self.executor.begin(target);
            self.settle()?;
        }
        Ok(())
    }

    /// Turns until everything has got somewhere, or there is a request.
    fn settle(&mut self) -> io::Result<()> {
        while self.queue.next().is_none() && !self.executor.run()? {}
        Ok(())
    }

    /// Downs ourselves, then looks once more, for requests and for services that have ended. Answers whether we may end.
    fn goes_down(&mut self) -> io::Result<bool> {
        let own = SupervisedService::new(".".into());
        if own.control(&[supervise::DOWN]).is_err() {
            return Ok(true);
        }
        if self.executor.catch_up()? && self.queue.next().is_none() {
            return Ok(true);
        }
        let _ = own.control(&[supervise::UP]);
        Ok(false)
    }

    fn serve_one(&mut self, waiting: Waiting) -> io::Result<()> {
        let Waiting { id, was_running, request } = waiting;
        let request = match request {
            Ok(request) => request,
            Err(error) => {
                if id == BOOT {
                    self.executor.offer_login();
                }
                return self.queue.answer(&id, &Answer::refused(error));
            }
        };
        if id == STOP || request.verb == Verb::StopAll {
            return self.stop_all(&id, was_running, false);
        }
        if self.queue.is_stopping() {
            return self.queue.answer(&id, &Answer::refused("the system is being stopped"));
        }
        match request.verb {
            Verb::Boot => {
                let served = self.boot(&id, was_running, &request);
                if !self.queue.is_stopping() {
                    self.executor.offer_login();
                }
                served
            }
            Verb::Reload | Verb::Kill => self.poke(&id, was_running, &request),
            Verb::Start | Verb::Stop | Verb::Restart | Verb::Switch | Verb::Apply | Verb::StopAll => {
                self.change(&id, was_running, &request)
            }
        }
    }

    /// Turns until everything has got somewhere, or something else matters more.
    pub(super) fn run(&mut self) -> io::Result<Pause> {
        loop {
            let is_settled = self.executor.run()?;
            if let Some(reason) = self.executor.take_reason_to_rescue() {
                return Ok(Pause::Rescue(reason));
            }
            if is_settled {
                return Ok(Pause::Settled);
            }
            if self.queue.has_stop() {
                // While we turn to the stop, nothing begins behind our back.
                self.executor.recall();
                return Ok(Pause::Stop);
            }
        }
    }

    /// A file of a request that only a successor reads.
    pub(super) fn note(&self, id: &str, what: &str) -> PathBuf {
        self.queue.directory().join(format!(".{id}.{what}"))
    }
}

/// Tells stage 3, which reads no YAML, how long it is to wait for us. Where that cannot be written, it has its own idea.
fn publish_stop_deadline(places: &Places) {
    let deadline = places.settings().0.deadlines.shutdown;
    let text = format!("{}\n", deadline.as_millis());
    let _ = replace_if_different(&places.run.join(STOP_DEADLINE), text.as_bytes(), 0o644);
}
