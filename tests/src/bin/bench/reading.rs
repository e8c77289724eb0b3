//! Subject `check`: reading and checking sets of 1,000, 10,000 and 100,000 units.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use nix::sys::resource::{UsageWho, getrusage};

use crate::Outcome;
use crate::figures::{FLOOR, Figures, Limit, OURS};
use crate::ordering::timed;
use crate::scratch::{Scratch, installed, ours};

const SIZES: [(usize, &str); 3] = [(1_000, "1,000"), (10_000, "10,000"), (100_000, "100,000")];
/// systemd's takes minutes for more.
const MOST_FOR_SYSTEMD: usize = 10_000;

/// Measures it.
pub fn measure(scratch: &Scratch, rounds: usize) -> Outcome<Vec<Figures>> {
    let mut times = Figures::new("reading and checking units, ms");
    let mut memory = Figures::new("the same, peak of memory, kB");
    let systemd = installed("systemd-analyze");
    for (size, column) in SIZES {
        let (units, theirs) = (scratch.fresh("units")?, scratch.fresh("systemd")?);
        for number in 0..size {
            fs::write(units.join(format!("unit-{number}.yaml")), unit(number))?;
        }
        let target = match size <= MOST_FOR_SYSTEMD && systemd.is_some() {
            true => Some(write_systemd(&theirs, size)?),
            false => None,
        };
        for round in 0..rounds {
            times.add(FLOOR, column, timed(Command::new(ours("floor")).arg("read").arg(&units))?);
            times.add(OURS, column, timed(Command::new(ours("sunup")).arg("check").arg(&units))?);
            if let Some(target) = target.as_deref().filter(|_| round < 3) {
                times.add("systemd-analyze verify", column, timed(&mut verify(&theirs, target))?);
            }
        }
        for _ in 0..rounds.min(3) {
            memory.add(OURS, column, peak(&ours("sunup"), &[Path::new("check"), &units])?);
        }
        times.hold_to(column, Limit::Ratio(3.0));
    }
    if systemd.is_none() {
        times.notes.push("systemd is not installed".to_owned());
    }
    times
        .notes
        .push("the same directory again and again: file contents come from memory, results from nowhere".to_owned());
    scratch.fresh("units")?;
    scratch.fresh("systemd")?;
    Ok(vec![times, memory])
}

/// A unit like those that are shipped, needing two earlier ones.
fn unit(number: usize) -> String {
    let needs = match number {
        0 => String::new(),
        _ => format!("needs: [unit-{}]\nwants: [unit-{}]\n", number / 2, number - 1),
    };
    format!(
        "# Generated\ndescription: Unit number {number}\nkind: longrun\n{needs}if: {{path: /bin/sleep}}\n\
         run: [/bin/sleep, '{number}']\nready: {{tcp: \"127.0.0.1:22\"}}\nstart-timeout: 30s\nkill-mode: main\n"
    )
}

/// The same for systemd; gives the unit that pulls all others in.
fn write_systemd(directory: &Path, size: usize) -> Outcome<String> {
    for number in 0..size {
        let needs = match number {
            0 => String::new(),
            _ => format!(
                "Requires=unit-{0}.service\nAfter=unit-{0}.service unit-{1}.service\nWants=unit-{1}.service\n",
                number / 2,
                number - 1
            ),
        };
        let text = format!(
            "# Generated\n[Unit]\nDescription=Unit number {number}\nDefaultDependencies=no\n\
             ConditionPathExists=/bin/sleep\n{needs}[Service]\n\
             ExecStart=/bin/sleep {number}\nTimeoutStartSec=30s\nKillMode=process\n"
        );
        fs::write(directory.join(format!("unit-{number}.service")), text)?;
    }
    Ok(format!("unit-{}.service", size - 1))
}

/// Reads and checks that unit with all it pulls in, and asks nothing of a running systemd.
fn verify(directory: &Path, target: &str) -> Command {
    let mut command = Command::new("systemd-analyze");
    command.args(["verify", "--man=no", "--generators=no", "--recursive-errors=yes"]).arg(directory.join(target));
    command.env("SYSTEMD_UNIT_PATH", directory);
    command
}

/// The most memory that a command had resident, kB. The kernel keeps one such number for all of a process's children
/// together, so the command is the only child of another process of ours.
fn peak(program: &Path, arguments: &[&Path]) -> Outcome<f64> {
    let mut command = Command::new(std::env::current_exe()?);
    command.arg(PEAK).arg(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null());
    let output = command.output()?;
    Ok(String::from_utf8(output.stdout)?.trim().parse()?)
}

/// The verb of that process.
pub const PEAK: &str = "peak";

/// That process: runs the command and writes the number.
pub fn show_peak(mut words: std::env::ArgsOs) -> Outcome<()> {
    let program = words.next().ok_or("no command")?;
    let status = Command::new(program).args(words).stdout(Stdio::null()).status()?;
    if !status.success() {
        return Err("the command failed".into());
    }
    println!("{}", getrusage(UsageWho::RUSAGE_CHILDREN)?.max_rss());
    Ok(())
}
