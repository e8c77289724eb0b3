//! Subject `order`: one-shots that do nothing, so that what is left is what ordering costs.

use std::fs::{self, File};
use std::io::{Read, Seek};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};

use crate::Outcome;
use crate::contestant::path_with_ours;
use crate::figures::{FLOOR, Figures, Limit, OURS};
use crate::graph::{Graph, all};
use crate::peer::{Peers, Words, nothing};
use crate::process::end_descendants;
use crate::reports::{milliseconds, now};
use crate::scratch::{Scratch, ours};

/// Measures it.
pub fn measure(scratch: &Scratch, rounds: usize) -> Outcome<Vec<Figures>> {
    let mut figures = Figures::new("one-shots, ms to all done");
    let mut peers = Peers::find(scratch);
    for round in 0..rounds {
        for graph in all() {
            measure_graph(scratch, &graph, &mut figures)?;
            peers.measure(round, scratch, &graph, &nothing, &mut figures);
        }
    }
    figures.hold_to("layered 1000", Limit::Ratio(1.5));
    figures.hold_to("chain 200", Limit::Ratio(2.0));
    figures.notes.push("ours reads and checks the units first, and keeps states, a timeline and a boot log".to_owned());
    figures.notes.extend(peers.notes().chain(peers.absent.iter().cloned()));
    figures.notes.push("s6-rc is not in Debian 12".to_owned());
    Ok(vec![figures])
}

/// The floors and ours.
fn measure_graph(scratch: &Scratch, graph: &Graph, figures: &mut Figures) -> Outcome<()> {
    let count = graph.needs.len();
    figures.add(FLOOR, graph.name, timed(&mut floor(2, count))?);
    figures.add("floor, one at a time", graph.name, timed(&mut floor(1, count))?);
    figures.add(OURS, graph.name, bring_up(scratch, graph, &nothing, None)?);
    Ok(())
}

fn floor(width: usize, count: usize) -> Command {
    let mut command = Command::new(ours("floor"));
    command.arg("run").args([width.to_string(), count.to_string()]).arg(ours("sleeper")).arg("now");
    command
}

/// Runs a command to its end, which must be a good one; gives the ms it took.
pub fn timed(command: &mut Command) -> Outcome<f64> {
    let mut said = tempfile::tempfile()?;
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(said.try_clone()?);
    let begin = now()?;
    let status = command.status()?;
    let took = milliseconds(begin, now()?);
    match status.success() {
        true => Ok(took),
        false => Err(failed(&mut said, status)?.into()),
    }
}

/// Its last words, else how it ended. Whatever it left running is ended.
fn failed(said: &mut File, status: ExitStatus) -> Outcome<String> {
    end_descendants()?;
    let mut text = Vec::new();
    said.rewind()?;
    said.read_to_end(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    Ok(text.lines().last().map_or_else(|| status.to_string(), str::to_owned))
}

/// Our engine in the foreground, with a scanner of ours that has nothing to do. `known` is what earlier boots have
/// learned of the units.
pub fn bring_up(scratch: &Scratch, graph: &Graph, words: &Words<'_>, known: Option<&str>) -> Outcome<f64> {
    let directory = scratch.fresh("order")?;
    write_units(&directory, graph, words)?;
    let var = directory.join("var");
    fs::create_dir(&var)?;
    known.map_or(Ok(()), |known| fs::write(var.join("durations"), known))?;
    let mut scanner = scanner(&directory)?;
    let mut engine = Command::new(ours("stage2"));
    engine.arg("--units").arg(directory.join("units")).arg("--bundles").arg(directory.join("bundles"));
    engine.arg("--run").arg(directory.join("run")).arg("--cgroup").arg("none").arg("default");
    engine.env("SUNUP_LOG", directory.join("log")).env("SUNUP_VAR", var);
    let took = timed(&mut engine);
    end_descendants()?;
    let _ = scanner.wait();
    all_done(&directory, graph)?;
    took
}

fn write_units(directory: &Path, graph: &Graph, words: &Words<'_>) -> Outcome<()> {
    let (units, bundle) = (directory.join("units"), directory.join("bundles/default"));
    for made in [&units, &bundle, &directory.join("run/scan"), &directory.join("log")] {
        fs::create_dir_all(made)?;
    }
    for (node, needs) in graph.needs.iter().enumerate() {
        let needs: Vec<String> = needs.iter().map(|need| format!("unit-{need}")).collect();
        let start = words(node).map(|word| format!("'{word}'"));
        let text = format!("kind: oneshot\nneeds: [{}]\nstart: [{}]\n", needs.join(", "), start.join(", "));
        let file: PathBuf = format!("unit-{node}.yaml").into();
        fs::write(units.join(&file), text)?;
        symlink(units.join(&file), bundle.join(&file))?;
    }
    Ok(())
}

fn scanner(directory: &Path) -> Outcome<Child> {
    let mut scanner = Command::new(ours("svscan"));
    scanner.arg(directory.join("run/scan")).env("PATH", path_with_ours()).env("SUNUP_RUN", directory.join("run"));
    Ok(scanner.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn()?)
}

/// Fast is only what has done everything.
fn all_done(directory: &Path, graph: &Graph) -> Outcome<()> {
    for node in 0..graph.needs.len() {
        let text = fs::read_to_string(directory.join(format!("run/state/unit-{node}")))?;
        if serde_json::from_str::<serde_json::Value>(&text)?["state"] != "up" {
            return Err(format!("{}: unit-{node} is not up: {text}", graph.name).into());
        }
    }
    Ok(())
}
