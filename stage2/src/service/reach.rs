//! Whom a signal to a unit reaches. The engine that sends one and the plan that only says so both ask here.

use std::path::Path;

use nix::unistd::{Pid, getpgid};
use supervisor::sys::error::Errno;
use supervisor::sys::proc::start_ticks;
use supervisor::sys::process::{kill, kill_group};
use units::{KillMode, Kind, Signal, Unit};

use super::SupervisedService;
use crate::system::cgroup;

/// The processes of a unit that a signal is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// All that are in its control group.
    All(Vec<Pid>),
    /// The process group that its main process leads.
    Group(u32),
    /// Its main process.
    Main(u32),
}

impl Reach {
    /// All processes of the unit, unless its `kill-mode` is main; `None`: there are none. Without a control group, `leaf`,
    /// all are those of the main process's group. `service` is that of a longrun.
    pub fn find(unit: Option<&Unit>, leaf: Option<&Path>, service: Option<&SupervisedService>) -> Option<Self> {
        let is_main = matches!(unit.map(|unit| &unit.kind), Some(Kind::Longrun(it)) if it.kill_mode == KillMode::Main);
        let all = leaf.filter(|_| !is_main).map(cgroup::processes).filter(|all| !all.is_empty());
        all.map(Self::All).or_else(|| Self::find_main(service?, is_main))
    }

    fn find_main(service: &SupervisedService, is_main: bool) -> Option<Self> {
        let status = service.status().filter(|status| status.pid != 0)?;
        // Its number may be another's by now.
        start_ticks(status.pid).filter(|ticks| *ticks == status.start_ticks)?;
        let main = Some(Pid::from_raw(status.pid.cast_signed()));
        // One that does not lead its group may be in anybody's.
        let leads_group = !is_main && getpgid(main).ok() == main;
        Some(if leads_group { Self::Group(status.pid) } else { Self::Main(status.pid) })
    }

    /// Sends them a signal.
    pub fn send(&self, signal: Signal) -> Result<(), Errno> {
        let number = signal.number();
        match self {
            Self::All(processes) => {
                // Who has ended since needs no signal.
                processes.iter().for_each(|pid| _ = kill(pid.as_raw().cast_unsigned(), number));
                Ok(())
            }
            Self::Group(pid) => kill_group(*pid, number),
            Self::Main(pid) => kill(*pid, number),
        }
    }
}
