//! One turn of the loop: waiting for what happens next, telling the engine, carrying out what it asks for.

use std::io;

use nix::errno::Errno;
use nix::sys::epoll::{EpollEvent, EpollTimeout};
use supervisor::sys::wait::{peek_ended, wait_for};

use super::activity::{Doing, Probation};
use super::{Executor, Interest, TOKEN_CHILDREN, TOKEN_KEEPER, TOKEN_KEYBOARD, TOKEN_WATCHES};
use crate::engine::event::{Action, Event, Nanoseconds, UnitIndex};

/// Events taken from the kernel at once.
const BATCH: usize = 64;
/// The longest sleep, in ms: far below what epoll's int can hold.
const LONGEST_SLEEP: u64 = 60_000;

impl Executor {
    /// Turns until nothing is under way, or a request may have come. Answers whether nothing is under way.
    pub fn run(&mut self) -> io::Result<bool> {
        self.pump();
        while !self.is_finished() {
            if std::mem::take(&mut self.has_requests) {
                self.write_all();
                return Ok(false);
            }
            self.turn(None)?;
        }
        self.write_all();
        Ok(true)
    }

    /// Looks after services that are up on probation until the last is through, or a request may have come.
    pub fn linger(&mut self) -> io::Result<()> {
        while let Some(end) = self.last_probation(false) {
            if std::mem::take(&mut self.has_requests) {
                return Ok(());
            }
            self.turn(Some(end))?;
        }
        Ok(())
    }

    /// Takes what has happened already. Answers whether nothing is under way then.
    pub fn catch_up(&mut self) -> io::Result<bool> {
        self.turn(Some(self.now()))?;
        self.write_all();
        Ok(self.is_finished())
    }

    /// Everything that was asked for has got somewhere, and no command of a longrun may still turn out not to exist.
    fn is_finished(&self) -> bool {
        self.engine.is_settled()
            && self.events.is_empty()
            && self.reloads.is_empty()
            && self.signalled.is_empty()
            && self.last_probation(true).is_none()
    }

    /// When the last probation that is still running ends; of every longrun, or only of those that need one to be sure.
    fn last_probation(&self, only_needed: bool) -> Option<Nanoseconds> {
        let now = self.now();
        let ends = self.activities.iter().filter_map(|activity| match activity.doing {
            Doing::Up { probation: Some(Probation { end, is_needed }) } => {
                (end > now && (is_needed || !only_needed)).then_some(end)
            }
            _ => None,
        });
        ends.max()
    }

    /// Waits for what happens next, at most until `end`, and acts on it.
    fn turn(&mut self, end: Option<Nanoseconds>) -> io::Result<()> {
        let deadline = [
            self.refresh_display(),
            end,
            self.engine.next_deadline(),
            self.next_probe(),
            self.last_probation(true),
            self.next_reload_end(),
            self.states.end(),
            self.disobeyed.values().min().copied(),
        ];
        let deadline = deadline.into_iter().flatten().min();
        let mut happened = [EpollEvent::empty(); BATCH];
        let count = match self.epoll.wait(&mut happened, self.sleep(deadline)) {
            Ok(count) => count,
            Err(Errno::EINTR) => 0,
            Err(error) => return Err(error.into()),
        };
        for event in &happened[..count] {
            match event.data() {
                TOKEN_CHILDREN => self.on_children(),
                TOKEN_WATCHES => self.on_watches(),
                TOKEN_KEEPER => self.listen_to_keeper(),
                TOKEN_KEYBOARD => self.on_keyboard(),
                unit => self.on_finding(unit as UnitIndex),
            }
        }
        self.ask_due_probes();
        self.end_late_reloads();
        self.tell_disobedient();
        if self.engine.next_deadline().is_some_and(|deadline| deadline <= self.now()) {
            self.events.push_back(Event::Tick);
        }
        self.pump();
        Ok(())
    }

    /// Until the deadline, in whole ms and not a moment less.
    fn sleep(&self, deadline: Option<Nanoseconds>) -> EpollTimeout {
        let Some(deadline) = deadline else { return EpollTimeout::NONE };
        let milliseconds = deadline.saturating_sub(self.now()).div_ceil(1_000_000).min(LONGEST_SLEEP);
        EpollTimeout::try_from(milliseconds).unwrap_or(EpollTimeout::ZERO)
    }

    /// Tells the engine everything that has happened, and carries out its answers, until there is nothing left.
    ///
    /// Orders go out before anything is written: while they are carried out, the files are. Whatever was told by a
    /// one-shot's end is in its note until it is in the state file, and what was begun is noted by the keeper.
    pub(super) fn pump(&mut self) {
        self.advance();
        while !self.overturning.is_empty() {
            self.recall();
        }
        self.send_orders();
        self.look_ahead();
        self.send_orders();
        if std::mem::take(&mut self.is_scan_wanted) {
            self.scan();
        }
        self.write_out();
    }

    /// Tells the engine what has happened, but what may overturn what was foreseen.
    pub(super) fn advance(&mut self) {
        while let Some(event) = self.events.pop_front() {
            if !self.foresight.is_empty() && self.engine.overturns(&event) {
                self.overturning.push(event);
                continue;
            }
            let now = self.now();
            for action in self.engine.step(event, now) {
                self.carry_out(action);
            }
        }
    }

    pub(super) fn send_orders(&mut self) {
        if let Some(keeper) = &mut self.keeper
            && !keeper.send()
        {
            keeper.kill();
            self.on_keeper_killed();
        }
    }

    fn carry_out(&mut self, action: Action) {
        match action {
            Action::BringUp(unit) => self.bring_up(unit),
            Action::TakeDown(unit) => self.take_down(unit),
            Action::Abandon(unit) => self.abandon(unit),
            Action::Kill(unit) => self.kill(unit),
            Action::Report(report) => self.report(&report),
        }
    }

    /// Something may have been found out about a unit: before it begins, or whether it is ready.
    fn on_finding(&mut self, unit: UnitIndex) {
        self.listen_to_scout(unit);
        self.ask_probe(unit);
    }

    fn on_children(&mut self) {
        while let Ok(Some(_)) = self.children.read_signal() {}
        while let Some(pid) = peek_ended() {
            let asker = self.probing.iter().copied().find(|unit| self.probe_process(*unit) == Some(pid));
            if let Some(unit) = asker {
                self.ask_probe(unit);
            }
            // A keeper has told everything by other ways, and a probe that was given up is asked no more.
            if asker.is_none_or(|unit| self.probe_process(unit) == Some(pid)) && wait_for(pid).is_err() {
                return;
            }
        }
    }

    fn on_watches(&mut self) {
        for interest in self.watches.read() {
            match interest {
                Interest::Status(unit) => self.look_at(unit),
                Interest::Requests => self.has_requests = true,
                Interest::GettyEarly => self.release_gettys(),
            }
        }
    }
}
