//! The console's terminal: stage 1's early getty has it until a getty of the units wants it.

use supervisor::control::supervise;

use super::{Executor, Interest};
use crate::engine::event::UnitIndex;
use crate::service::SupervisedService;

/// The service that has the console's terminal until a getty of the units wants it.
const GETTY_EARLY: &str = "getty-early";
/// How names of gettys begin.
const GETTY: &str = "getty-";
/// The rescue bundle's shell, which is a login on the same terminal.
const SULOGIN: &str = "sulogin";

impl Executor {
    /// Offers a login where no getty of the units is up.
    pub fn offer_login(&self) {
        let is_up = |unit: UnitIndex| self.is_login(unit) && self.engine.state(unit).is_up();
        if !(0..self.activities.len()).any(is_up) {
            let _ = self.early_getty().control(&[supervise::UP]);
        }
    }

    fn early_getty(&self) -> SupervisedService {
        SupervisedService::new(self.config.places.service(GETTY_EARLY))
    }

    /// From its start on nobody else may touch the terminal.
    pub(super) fn takes_terminal(&self, unit: UnitIndex) -> bool {
        self.is_login(unit) || self.context(unit).tty.is_some()
    }

    fn is_login(&self, unit: UnitIndex) -> bool {
        self.name(unit).starts_with(GETTY) || self.name(unit) == SULOGIN
    }

    /// A getty gets the terminal only once the early one has left it.
    pub(super) fn must_wait_for_terminal(&mut self, unit: UnitIndex) -> bool {
        if !self.is_login(unit) || !self.has_early_getty() {
            return false;
        }
        let early = self.early_getty();
        let is_watched = self.watches.add(&early.supervise(), Interest::GettyEarly).is_ok();
        // HUP as well: an interactive shell takes no notice of TERM.
        let is_told = early.control(&[supervise::DOWN, supervise::HANGUP]).is_ok();
        if is_watched && is_told && self.has_early_getty() {
            self.held.push(unit);
            return true;
        }
        false
    }

    pub(super) fn has_early_getty(&self) -> bool {
        let early = self.early_getty();
        early.is_supervised() && early.status().is_some_and(|status| status.pid != 0)
    }

    /// The early getty may be gone: then whoever waited for it begins.
    pub(super) fn release_gettys(&mut self) {
        if !self.has_early_getty() {
            for unit in std::mem::take(&mut self.held) {
                self.bring_up(unit);
            }
        }
    }
}
