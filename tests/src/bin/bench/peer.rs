//! Those who order commands as we do: each in namespaces of its own, in which the directories that it reads are ours;
//! the machine's stay as they are.
//!
//! Whether one can run here is found out by running it. One that cannot is left out, with a line that says why.

use std::process::Command;

use tests::require;

use crate::Outcome;
use crate::figures::Figures;
use crate::graph::{Graph, trial};
use crate::openrc::Openrc;
use crate::scratch::{Scratch, ours};
use crate::startpar::Startpar;
use crate::systemd::Systemd;

/// The program that a node runs, and its only argument.
pub type Words<'a> = dyn Fn(usize) -> [String; 2] + 'a;

/// Longer than the slowest of them takes for a graph on a busy machine.
const DEADLINE: &str = "300";

/// One of them.
pub trait Peer {
    /// Its row.
    fn name(&self) -> &'static str;

    /// Runs the graph's commands, and makes sure that all of them ran; gives the ms it took.
    fn run(&mut self, scratch: &Scratch, graph: &Graph, words: &Words<'_>) -> Outcome<f64>;

    /// Takes so long that one sample must do.
    fn is_slow(&self) -> bool {
        false
    }
}

/// Those that run here, and why the others do not.
pub struct Peers {
    present: Vec<Box<dyn Peer>>,
    /// A line each.
    pub absent: Vec<String>,
}

impl Peers {
    /// Tries all of them.
    pub fn find(scratch: &Scratch) -> Self {
        let mut peers = Self { present: Vec::new(), absent: Vec::new() };
        if !require::is_root() {
            peers.absent.push("startpar, OpenRC and systemd need root, for namespaces".to_owned());
            return peers;
        }
        peers.add(scratch, Startpar::find());
        peers.add(scratch, Openrc::find());
        peers.add(scratch, Systemd::find());
        peers
    }

    fn add<P: Peer + 'static>(&mut self, scratch: &Scratch, found: Result<P, String>) {
        let tried = found.and_then(|mut peer| match peer.run(scratch, &trial(), &nothing) {
            Ok(_) => Ok(peer),
            Err(error) => Err(format!("{} does not run here: {error}", peer.name())),
        });
        match tried {
            Ok(peer) => self.present.push(Box::new(peer)),
            Err(reason) => self.absent.push(reason),
        }
    }

    /// Measures them, the first round being 0. One that fails is left out from then on.
    pub fn measure(
        &mut self,
        round: usize,
        scratch: &Scratch,
        graph: &Graph,
        words: &Words<'_>,
        figures: &mut Figures,
    ) {
        self.present.retain_mut(|peer| {
            if round > 0 && peer.is_slow() {
                return true;
            }
            match peer.run(scratch, graph, words) {
                Ok(ms) => figures.add(peer.name(), graph.name, ms),
                Err(error) => {
                    self.absent.push(format!("{} failed at {}: {error}", peer.name(), graph.name));
                    return false;
                }
            }
            true
        });
    }

    /// A line for those of which there is one sample only.
    pub fn notes(&self) -> impl Iterator<Item = String> {
        let slow = self.present.iter().filter(|peer| peer.is_slow());
        slow.map(|peer| format!("{} is measured once: it takes too long", peer.name()))
    }
}

/// The command that does nothing.
pub fn nothing(_node: usize) -> [String; 2] {
    [ours("sleeper").display().to_string(), "now".to_owned()]
}

/// A shell script in mount and pid namespaces of its own, so that nothing of it outlives it; `options` are more of
/// unshare(1).
pub fn in_namespaces(options: &[&str], script: &str) -> Command {
    let mut command = Command::new("timeout");
    command.args(["--signal=KILL", DEADLINE, "unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    command.args(options).args(["sh", "-ec", script, "sh"]);
    command
}
