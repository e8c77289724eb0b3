//! Subject `idle`: what a tree of 100 services does while nothing happens. It should be nothing.

use std::fs;
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use nix::sys::signal::Signal;

use crate::Outcome;
use crate::contestant::Contestant;
use crate::figures::{Figures, Limit};
use crate::process::{signal, wakeups};
use crate::scratch::{Scratch, installed};
use crate::tree::Tree;

const CALLS: &str = "system calls";
const WAKEUPS: &str = "wake-ups";
/// How long the trees are watched.
const WATCH: Duration = Duration::from_secs(10);
/// Until what the start of a tree set going has come to rest.
const REST: Duration = Duration::from_secs(2);

/// Watches all trees at once: first without a tracer, then with one.
pub fn measure(scratch: &Scratch, _rounds: usize) -> Outcome<Vec<Figures>> {
    let mut figures = Figures::new("idle tree of 100, in 10 s");
    let supervising = Contestant::present().into_iter().filter(|one| *one != Contestant::Floor);
    let trees = supervising
        .map(|contestant| Ok((contestant.name(), Tree::start(scratch, contestant, 100)?)))
        .collect::<Outcome<Vec<_>>>()?;
    sleep(REST);
    let before = trees.iter().map(|(_, tree)| all_wakeups(tree)).collect::<Outcome<Vec<_>>>()?;
    sleep(WATCH);
    for ((name, tree), before) in trees.iter().zip(before) {
        figures.add(name, WAKEUPS, all_wakeups(tree)? - before);
    }
    figures.hold_to(WAKEUPS, Limit::Value(0.0));
    figures.hold_to(CALLS, Limit::Value(0.0));
    match installed("strace") {
        Some(_) => trace(scratch, &trees, &mut figures)?,
        None => figures.notes.push("strace is not installed".to_owned()),
    }
    Ok(vec![figures])
}

fn all_wakeups(tree: &Tree) -> Outcome<f64> {
    tree.everyone()?.into_iter().map(wakeups).sum()
}

/// One tracer a tree, all at once. A tracer that comes interrupts what everyone waits in, and what that sets going is not
/// counted: the count begins when it has come to rest, and ends before the tracer leaves.
fn trace(scratch: &Scratch, trees: &[(&str, Tree)], figures: &mut Figures) -> Outcome<()> {
    let output = |name: &str| scratch.path(&format!("strace.{name}"));
    let mut tracers = Vec::new();
    for (name, tree) in trees {
        let mut command = Command::new("strace");
        command.args(["-f", "-qq", "-o"]).arg(output(name));
        for pid in tree.everyone()? {
            command.args(["-p", &pid.to_string()]);
        }
        tracers.push(command.stdin(Stdio::null()).stderr(Stdio::null()).spawn()?);
    }
    sleep(REST);
    let begins = trees.iter().map(|(name, _)| Ok(fs::read(output(name))?.len())).collect::<Outcome<Vec<_>>>()?;
    sleep(WATCH);
    for ((name, _), begin) in trees.iter().zip(begins) {
        let trace = fs::read(output(name))?;
        figures.add(name, CALLS, calls(&String::from_utf8_lossy(trace.get(begin..).unwrap_or_default())) as f64);
    }
    tracers.iter_mut().try_for_each(end)
}

fn end(tracer: &mut Child) -> Outcome<()> {
    signal(tracer.id(), Signal::SIGTERM)?;
    tracer.wait()?;
    Ok(())
}

/// The calls that ended within a part of a trace; one that is shown in two halves is counted by its second.
fn calls(trace: &str) -> usize {
    trace.lines().filter(|line| line.contains(" = ")).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A wait that goes on is no call; one that returns is.
    #[test]
    fn counts_calls() {
        assert_eq!(calls("12 epoll_pwait(3,  <unfinished ...>\n13 ppoll([], 0, NULL, NULL, 8 <unfinished ...>\n"), 0);
        assert_eq!(calls("12 <... poll resumed>) = 0\n12 openat(AT_FDCWD, \".\", O_RDONLY) = 3\n12 close(3) = 0\n"), 3);
    }
}
