//! The engine as a supervised service: it takes requests one by one, and goes down when there is none.
//!
//! Whatever it knows is in files, so it may be killed at any moment: its supervise starts it again, and it goes on with
//! the request that it had taken. It goes down so that no wake-up is lost: it downs itself first, and only then looks
//! for requests once more; who writes a request ups it afterwards.

use std::fs;
use std::io;

use nix::sys::signal::Signal;
use supervisor::control::supervise;
use supervisor::paths::requests::{BOOT, STOP};

use crate::engine::event::{Event, UnitIndex};
use crate::executor::{Config, Executor};
use crate::record::console::Console;
use crate::record::state_file::StateFile;
use crate::request::problems;
use crate::request::queue::{RequestQueue, Waiting};
use crate::request::target::{Sources, Target};
use crate::request::verdict;
use crate::request::{Answer, Request, Verb};
use crate::service::SupervisedService;
use crate::system::clock::boottime;
use crate::system::replace::{remove, replace};

/// What the boot brings up when stage 1 names nothing.
pub const DEFAULT: &str = "default";
/// What is started after everything else was stopped.
const SHUTDOWN: &str = "shutdown";
/// Signals that supervise or a terminal may send, and that must not end us.
const BLOCKED: [Signal; 4] = [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT, Signal::SIGQUIT];

/// The supervised engine.
pub struct Supervised {
    executor: Executor,
    queue: RequestQueue,
    sources: Sources,
}

impl Supervised {
    /// Opens everything; nothing is done yet.
    pub fn new(config: Config, console: Console, sources: Sources) -> io::Result<Self> {
        let queue = RequestQueue::open(config.places.requests())?;
        fs::create_dir_all(config.places.services())?;
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
            if self.queue.next().is_none() && self.goes_down() {
                return Ok(());
            }
        }
    }

    /// Woken without a request: a service may have ended for good.
    fn review(&mut self) -> io::Result<()> {
        let others = self.executor.active_units();
        if let Ok(target) = Target::load(&self.sources, &[], &others) {
            self.executor.begin(target);
            while !self.executor.run()? && self.queue.next().is_none() {}
        }
        Ok(())
    }

    /// Downs ourselves, then looks once more. Answers whether we may end.
    fn goes_down(&self) -> bool {
        let own = SupervisedService::new(".".into());
        if own.control(&[supervise::DOWN]).is_err() {
            return true;
        }
        if self.queue.next().is_none() {
            return true;
        }
        let _ = own.control(&[supervise::UP]);
        false
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
        let served = self.serve_units(&id, was_running, &request);
        if request.verb == Verb::Boot && !self.queue.is_stopping() {
            self.executor.offer_login();
        }
        served
    }

    /// Starts, stops or restarts units.
    fn serve_units(&mut self, id: &str, was_running: bool, request: &Request) -> io::Result<()> {
        let names = match request.units.is_empty() && request.verb == Verb::Boot {
            true => vec![DEFAULT.to_owned()],
            false => request.units.clone(),
        };
        let others = self.executor.active_units();
        let load = if request.verb == Verb::Stop { Target::load_to_stop } else { Target::load };
        let target = match load(&self.sources, &names, &others) {
            Ok(target) => target,
            Err(error) => {
                if request.verb == Verb::Boot {
                    self.executor.console().plain(&format!("stage2: error: unable to boot: {error}"));
                }
                return self.queue.answer(id, &Answer::refused(error));
            }
        };
        if !was_running {
            self.queue.take(id)?;
        }
        self.executor.tell_progress(Some(self.queue.progress(id)));
        self.executor.begin(target);
        if request.verb == Verb::Boot && !was_running {
            problems::report(&mut self.executor);
        }
        self.ask(id, request.verb, was_running)?;
        while !self.executor.run()? {
            if self.queue.has_stop() {
                self.queue.answer(id, &self.cut_short())?;
                return self.stop_all(STOP, false, true);
            }
        }
        let answer = verdict::answer(request.verb, self.executor.target(), self.executor.engine());
        if request.verb == Verb::Boot {
            self.executor.keep_durations();
        }
        self.executor.tell_progress(None);
        self.forget_restart(id)?;
        self.queue.answer(id, &answer)
    }

    fn cut_short(&self) -> Answer {
        let answer = verdict::answer(Verb::Start, self.executor.target(), self.executor.engine());
        Answer { exit: 1, error: Some("cut short: the system is being stopped".into()), ..answer }
    }

    /// Tells the engine what the request asks for.
    fn ask(&mut self, id: &str, verb: Verb, was_running: bool) -> io::Result<()> {
        let units = self.executor.target().units();
        match (verb, was_running) {
            (Verb::Start | Verb::Boot, false) => self.executor.tell(Event::Start(units)),
            (Verb::Start | Verb::Boot, true) => self.executor.tell(Event::Resume(units)),
            (Verb::Stop | Verb::StopAll, _) => self.executor.tell(Event::Stop(units)),
            (Verb::Restart, false) => {
                self.note_restart(id, &units)?;
                self.executor.tell(Event::Restart(units));
            }
            (Verb::Restart, true) => self.go_on_restarting(id, units),
        }
        Ok(())
    }

    /// What a restart will bring back, and since when: without this a successor could not tell what is still to do.
    fn note_restart(&self, id: &str, units: &[UnitIndex]) -> io::Result<()> {
        let engine = self.executor.engine();
        let mut affected = engine.affected(units);
        affected.extend(units.iter().filter(|unit| !engine.state(**unit).is_up()));
        let names: Vec<&str> = affected.into_iter().map(|unit| engine.graph().name(unit)).collect();
        replace(&self.restart_note(id), &serde_json::to_vec(&(boottime(), names))?, 0o600)
    }

    fn go_on_restarting(&mut self, id: &str, units: Vec<UnitIndex>) {
        let note = fs::read(self.restart_note(id)).ok();
        let note: Option<(u64, Vec<String>)> = note.and_then(|text| serde_json::from_slice(&text).ok());
        let Some((since, names)) = note else { return self.executor.tell(Event::Restart(units)) };
        let states = self.executor.places().states();
        let graph = self.executor.engine().graph();
        let is_old = |name: &&String| {
            StateFile::read(&states, name).is_some_and(|file| file.state.is_up() && file.since_ns < since)
        };
        let old: Vec<UnitIndex> = names.iter().filter(is_old).filter_map(|name| graph.index(name)).collect();
        let all: Vec<UnitIndex> = names.iter().filter_map(|name| graph.index(name)).collect();
        if !old.is_empty() {
            self.executor.tell(Event::Restart(old));
        }
        self.executor.tell(Event::Resume(all));
    }

    fn restart_note(&self, id: &str) -> std::path::PathBuf {
        self.queue.directory().join(format!(".{id}.restart"))
    }

    fn forget_restart(&self, id: &str) -> io::Result<()> {
        remove(&self.restart_note(id))
    }

    /// Stops every unit in reverse order, then runs the `shutdown` bundle. `is_begun`: the executor's units are those
    /// that a cut-off request was working on.
    fn stop_all(&mut self, id: &str, was_running: bool, is_begun: bool) -> io::Result<()> {
        if !was_running {
            self.queue.take(id)?;
        }
        self.executor.tell_progress(Some(self.queue.progress(id)));
        let all_stopped = self.queue.directory().join(".stopped");
        let mut is_clean = true;
        if !all_stopped.exists() {
            let others = self.executor.active_units();
            if !is_begun && let Ok(target) = Target::load(&self.sources, &[], &others) {
                self.executor.begin(target);
            }
            self.executor.tell(Event::StopAll);
            while !self.executor.run()? {}
            is_clean = verdict::failed(self.executor.target(), self.executor.engine()).is_empty();
            replace(&all_stopped, b"", 0o600)?;
        }
        is_clean &= self.run_shutdown_bundle(was_running)?;
        self.executor.tell_progress(None);
        self.queue.answer(id, &Answer::finished(is_clean, std::collections::BTreeMap::new()))
    }

    fn run_shutdown_bundle(&mut self, was_running: bool) -> io::Result<bool> {
        let Ok(target) = Target::load(&self.sources, &[SHUTDOWN.to_owned()], &[]) else { return Ok(true) };
        self.executor.begin(target);
        let units = self.executor.target().units();
        self.executor.tell(if was_running { Event::Resume(units) } else { Event::Start(units) });
        while !self.executor.run()? {}
        Ok(verdict::failed(self.executor.target(), self.executor.engine()).is_empty())
    }
}
