//! Subject `check`: reading and checking sets of 1,000, 10,000 and 100,000 units.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::Outcome;
use crate::figures::{FLOOR, Figures, Limit, OURS};
use crate::ordering::timed;
use crate::scratch::{Scratch, installed, ours};

/// How many units, the column of reading all of them, and that of reading none that has not changed.
const SIZES: [(usize, &str, &str); 3] =
    [(1_000, "1,000", "1,000 cached"), (10_000, "10,000", "10,000 cached"), (100_000, "100,000", "100,000 cached")];
/// A cache takes files in once they have been at rest for a few seconds.
const CACHE_DEADLINE: Duration = Duration::from_secs(60);
/// So many ports of each address are used.
const PORTS: usize = 50_000;
/// systemd's takes minutes for more.
const MOST_FOR_SYSTEMD: usize = 10_000;

/// Measures it.
pub fn measure(scratch: &Scratch, rounds: usize) -> Outcome<Vec<Figures>> {
    let mut times = Figures::new("reading and checking units, ms");
    let mut memory = Figures::new("the same, peak of memory, kB");
    let systemd = installed("systemd-analyze");
    for (size, column, cached) in SIZES {
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
        let etc = scratch.fresh("etc")?;
        std::os::unix::fs::symlink(&units, etc.join("units"))?;
        fill_cache(&etc)?;
        for _ in 0..rounds {
            times.add(FLOOR, cached, timed(Command::new(ours("floor")).arg("read").arg(&units))?);
            times.add(OURS, cached, timed(&mut check_installed(&etc))?);
        }
        times.hold_to(column, Limit::Ratio(3.0));
        times.hold_to(cached, Limit::Ratio(1.3));
    }
    if systemd.is_none() {
        times.notes.push("systemd is not installed".to_owned());
    }
    times.notes.push(
        "the same directory again and again: contents come from memory; cached: results from VAR/units.cache"
            .to_owned(),
    );
    scratch.fresh("units")?;
    scratch.fresh("systemd")?;
    Ok(vec![times, memory])
}

/// Checks units as if they were installed, with the cache of earlier checks.
fn check_installed(etc: &Path) -> Command {
    let mut command = Command::new(ours("sunup"));
    command.arg("check").env("SUNUP_ETC", etc).env("SUNUP_LIB", etc.join("lib"));
    command.env("SUNUP_VAR", etc).env("SUNUP_RUN", etc.join("run"));
    command
}

/// Checks until all files are in the cache.
fn fill_cache(etc: &Path) -> Outcome<()> {
    let begin = Instant::now();
    while !etc.join("units.cache").exists() {
        timed(&mut check_installed(etc))?;
        if begin.elapsed() > CACHE_DEADLINE {
            return Err("the cache of units is not written".into());
        }
    }
    Ok(())
}

/// A unit like those that are shipped, needing two earlier ones, with an address of its own: nothing is wrong with it.
fn unit(number: usize) -> String {
    let needs = match number {
        0 => String::new(),
        _ => format!("needs: [unit-{}]\nwants: [unit-{}]\n", number / 2, number - 1),
    };
    let (host, port) = (1 + number / PORTS, 1024 + number % PORTS);
    format!(
        "# Generated\ndescription: Unit number {number}\nkind: longrun\n{needs}if: {{path: /bin/sleep}}\n\
         run: [/bin/sleep, '{number}']\nready: {{tcp: \"127.0.0.{host}:{port}\"}}\nstart-timeout: 30s\nkill-mode: main\n"
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
