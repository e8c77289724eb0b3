//! The driver: carries the plan out, keeps the model, and judges at the end.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;
use supervisor::paths::{scan, service};
use supervisor::status::Phase;
use supervisor::sys::process;

use crate::injection::{Moment, Reached, Victim, crash, kill_at};
use crate::model::Model;
use crate::plan::{Act, Plan, Step};
use crate::progress::Progress;
use crate::scenario::{Scenario, Settings};
use crate::tree::{Tree, is_supervised, record, tell};
use crate::{Outcome, logs, sight};

/// Within this time everything stops and what is in the pipes is written.
const STOP: Duration = Duration::from_secs(60);
/// Between two looks at something that takes long.
const LOOK: Duration = Duration::from_millis(20);
/// How many steps are shown with a fault.
const LAST_STEPS: usize = 25;
/// Calls of a logger that count as one reaction: a rotation and some lines.
const LOGGER_CALLS: u32 = 40;

/// How far the moments of one kind have been gone through.
#[derive(Clone, Copy, Debug, Default)]
struct Sweep {
    /// Calls before the last kill.
    calls: u32,
    /// The most that a reaction has taken.
    longest: u32,
    /// How often all of them have been gone through.
    rounds: u32,
}

/// The driver.
struct Driver {
    tree: Tree,
    model: Model,
    scenario: Scenario,
    scanner: u32,
    /// Services that only the scanner may hold the pipe of, as far as was seen.
    bare: Vec<usize>,
    sweeps: BTreeMap<Act, Sweep>,
    kills: usize,
}

/// Runs a scenario to its end; gives the exit code.
pub fn run(settings: &Settings, tree: Tree) -> Outcome<u8> {
    let messages = tree.clone();
    match drive(settings, tree) {
        Ok(()) => Ok(0),
        Err(problem) => {
            eprintln!("soak: fault: {problem}");
            let text = messages.messages();
            let lines: Vec<&str> = text.lines().collect();
            lines.iter().skip(lines.len().saturating_sub(20)).for_each(|line| eprintln!("       | {line}"));
            Ok(1)
        }
    }
}

/// The last steps, for whoever looks for the fault.
fn show(steps: &[(Duration, Step, u32)]) -> String {
    let last = steps.iter().skip(steps.len().saturating_sub(LAST_STEPS));
    let lines = last.map(|(at, Step { act, service }, calls)| {
        format!("\n       | {:9.3} s: {act:?} of s{service:03}, call {calls}", at.as_secs_f64())
    });
    lines.collect()
}

fn drive(settings: &Settings, tree: Tree) -> Outcome<()> {
    let scenario = settings.scenario;
    let scanner = if scenario == Scenario::Process1 { 1 } else { tree.start_scanner()? };
    let model = Model::of(tree.clone())?;
    let mut driver = Driver { tree, model, scenario, scanner, bare: Vec::new(), sweeps: BTreeMap::new(), kills: 0 };
    let mut progress = Progress::new(*settings);
    let (begin, mut steps) = (Instant::now(), Vec::new());
    for step in Plan::new(scenario, settings.services, settings.seed) {
        if driver.kills >= settings.kills {
            break;
        }
        driver.keep_scanner()?;
        let done = driver.perform(step).and_then(|()| driver.model.check());
        steps.push((begin.elapsed(), step, driver.sweeps.get(&step.act).map_or(0, |sweep| sweep.calls)));
        done.map_err(|problem| format!("{problem}; the last of {} steps:{}", steps.len(), show(&steps)))?;
        progress.tell(driver.kills);
    }
    let lost = driver.judge()?;
    let seconds = progress.end();
    println!("soak: {scenario}: {} kills in {seconds:.1} s: nothing is amiss, {lost} lines lost", driver.kills);
    for (act, sweep) in &driver.sweeps {
        println!("soak: {scenario}: {act:?}: {} moments, gone through {} times", sweep.longest, sweep.rounds);
    }
    Ok(())
}

impl Driver {
    /// Starts another scanner where the last one has died.
    fn keep_scanner(&mut self) -> Outcome<()> {
        if self.scenario == Scenario::Process1 {
            return Ok(());
        }
        let pid = Pid::from_raw(self.scanner.cast_signed());
        match waitpid(pid, Some(WaitPidFlag::WNOHANG)) {
            Ok(WaitStatus::StillAlive) => Ok(()),
            _ => {
                self.scanner = self.tree.start_scanner()?;
                Ok(())
            }
        }
    }

    fn perform(&mut self, step: Step) -> Outcome<()> {
        let number = step.service;
        let (directory, logger) = (self.tree.service(number), self.tree.logger(number));
        self.model.rest(number)?;
        self.keep_a_writer(step)?;
        match step.act {
            Act::Service => self.kill_service(number),
            Act::Supervise => self.kill_supervise(number, &directory),
            Act::LogSupervise => self.kill_supervise(number, &logger),
            Act::Both => {
                self.kill_supervise(number, &directory)?;
                self.kill_service(number)
            }
            Act::Crash => {
                self.kills += 1;
                crash(self.scanner, Signal::SIGSEGV)
            }
            Act::KillScanner => {
                self.kills += usize::from(sight::end(self.scanner, Signal::SIGKILL as u32)?);
                Ok(())
            }
            Act::Again => self.execute_again(),
            Act::RestartCore => self.inject_restart(step, Victim::Itself),
            Act::RestartChild => self.inject_restart(step, Victim::ChildBeforeExec),
            Act::RespawnCrash => self.inject_respawn(step, &directory, Victim::Itself, Signal::SIGSEGV),
            Act::RespawnKill => self.inject_respawn(step, &directory, Victim::Itself, Signal::SIGKILL),
            Act::Successor => self.inject_respawn(step, &directory, Victim::Child, Signal::SIGKILL),
            Act::LogSuccessor => self.inject_respawn(step, &logger, Victim::Child, Signal::SIGKILL),
            Act::Logger => self.kill_logger(number),
            Act::LoggerAtWork => self.inject_logger(step),
        }
    }

    /// A pipe that nobody has open for writing has ended, and its logger ends with it. The scanner, the service and its
    /// supervise may each be killed, two of them at a time, but not all three before one of them is back.
    fn keep_a_writer(&mut self, Step { act, service }: Step) -> Outcome<()> {
        if act.kills_scanner() {
            std::mem::take(&mut self.bare).into_iter().try_for_each(|service| self.model.settle(service))?;
        }
        if act.kills_all_writers() {
            let logger = self.model.logger(service);
            until(|| match sight::holds_input_of(self.scanner, logger) {
                true => Ok(()),
                false => Err("the scanner does not hold the log pipe".into()),
            })?;
            self.bare.push(service);
        }
        Ok(())
    }

    /// Tells the scanner to execute itself again, and waits until it has: a letter alone takes effect whenever it is read, maybe
    /// in the middle of the next step. It has to have the FIFO open by itself: a child of its predecessor may still have it, and
    /// a letter goes with the last reader.
    fn execute_again(&self) -> Outcome<()> {
        let listens = || sight::has_open(self.scanner, &self.tree.scan().join(scan::CONTROL));
        until(|| if listens() { Ok(()) } else { Err("the scanner does not listen".into()) })?;
        let never = Moment { pid: self.scanner, victim: Victim::Itself, calls: u32::MAX, signal: Signal::SIGKILL };
        let tell = || if self.tree.tell_scanner("R") { Ok(()) } else { Err("the scanner listens no more".into()) };
        kill_at(never, tell, |_| false).map(drop)
    }

    fn kill_service(&mut self, number: usize) -> Outcome<()> {
        let pid = self.model.process(number)?;
        self.model.expect_start(number);
        self.end(pid)
    }

    fn kill_supervise(&mut self, number: usize, directory: &Path) -> Outcome<()> {
        let pid = supervise_of(directory)?;
        self.model.touch(number);
        self.end(pid)
    }

    fn kill_logger(&mut self, number: usize) -> Outcome<()> {
        let pid = self.model.logger(number);
        self.model.expect_logger(number);
        self.end(pid)
    }

    /// Kills what must be alive.
    fn end(&mut self, pid: u32) -> Outcome<()> {
        must_end(pid)?;
        self.kills += 1;
        Ok(())
    }

    fn inject_restart(&mut self, step: Step, victim: Victim) -> Outcome<()> {
        let number = step.service;
        let (pid, process) = (supervise_of(&self.tree.service(number))?, self.model.process(number)?);
        self.model.expect_start(number);
        let moment = Moment { pid, victim, calls: self.next_moment(step.act), signal: Signal::SIGKILL };
        let model = &mut self.model;
        let reached = kill_at(moment, || must_end(process), |_| model.has_settled(number))?;
        self.note(step.act, reached)
    }

    fn inject_respawn(&mut self, step: Step, directory: &Path, victim: Victim, signal: Signal) -> Outcome<()> {
        let supervise = supervise_of(directory)?;
        self.model.touch(step.service);
        let moment = Moment { pid: self.scanner, victim, calls: self.next_moment(step.act), signal };
        let model = &mut self.model;
        let is_over =
            |_| if victim == Victim::Child { model.has_settled(step.service) } else { is_supervised(directory) };
        let reached = kill_at(moment, || must_end(supervise), is_over)?;
        self.note(step.act, reached)
    }

    fn inject_logger(&mut self, step: Step) -> Outcome<()> {
        let pid = self.model.logger(step.service);
        let calls = self.next_moment(step.act).min(LOGGER_CALLS);
        let moment = Moment { pid, victim: Victim::Itself, calls, signal: Signal::SIGKILL };
        let rotate = || process::kill(pid, Signal::SIGALRM as u32).map_err(|errno| errno.to_string().into());
        let reached = kill_at(moment, rotate, |calls| calls > LOGGER_CALLS)?;
        self.model.expect_logger(step.service);
        self.note(step.act, if calls == LOGGER_CALLS { Reached::Over(calls) } else { reached })
    }

    /// The next moment of a kind: one call later than the last.
    fn next_moment(&mut self, act: Act) -> u32 {
        let sweep = self.sweeps.entry(act).or_default();
        sweep.calls += 1;
        sweep.calls
    }

    /// Counts what was killed; after the last moment the first one comes again.
    fn note(&mut self, act: Act, reached: Reached) -> Outcome<()> {
        let sweep = self.sweeps.entry(act).or_default();
        self.kills += act.kills();
        match reached {
            Reached::Killed => sweep.longest = sweep.longest.max(sweep.calls),
            Reached::Over(calls) => {
                self.kills -= 1;
                sweep.longest = sweep.longest.max(calls);
                sweep.rounds += 1;
                sweep.calls = 0;
            }
            Reached::Gone => self.kills -= 1,
        }
        Ok(())
    }

    /// Waits until everything is back, stops the services, and reads their logs. Gives the lost lines.
    fn judge(&mut self) -> Outcome<usize> {
        self.keep_scanner()?;
        self.model.settle_all()?;
        let (held, due) = (sight::supervises()?.len(), 2 * self.tree.len());
        if held != due {
            return Err(format!("{held} service directories are held, and {due} are there").into());
        }
        let services: Vec<usize> = (0..self.tree.len()).collect();
        for &number in &services {
            let directory = self.tree.service(number);
            tell(&directory.join(service::CONTROL), "d");
            until(|| match record(&directory) {
                Some(record) if record.phase == Phase::Down && record.pid == 0 => Ok(0),
                record => Err(format!("{} is not down: {record:?}", directory.display()).into()),
            })?;
        }
        let may_lose = self.scenario == Scenario::Loggers;
        let losses = services.iter().map(|&number| {
            let (log, starts) = (self.tree.logger(number).join("main"), self.tree.starts(number));
            // What is in the pipe is written soon.
            until(|| logs::check(&log, &starts, may_lose))
        });
        losses.sum()
    }
}

/// The supervise of a directory.
fn supervise_of(directory: &Path) -> Outcome<u32> {
    let supervises = sight::supervises()?;
    supervises.get(directory).copied().ok_or_else(|| format!("{} has no supervise", directory.display()).into())
}

/// Kills what must be alive.
fn must_end(pid: u32) -> Outcome<()> {
    match sight::end(pid, Signal::SIGKILL as u32)? {
        true => Ok(()),
        false => Err(format!("process {pid} has ended by itself").into()),
    }
}

/// The first answer that is one, or the last problem.
fn until<T>(mut probe: impl FnMut() -> Outcome<T>) -> Outcome<T> {
    let end = Instant::now() + STOP;
    loop {
        match probe() {
            Err(_) if Instant::now() < end => std::thread::sleep(LOOK),
            answer => return answer,
        }
    }
}
