//! One disk, booted over and over: each boot ends by a stop of some kind, or by a power cut, and the disk is judged.
//!
//! A stop leaves a filesystem that was unmounted, and logs that hold the last line each service wrote. A power cut leaves
//! every state file whole, and the next boot reaches the login. Where the power goes follows from the seed, as far as
//! the machine does the same again.

use std::fmt::{self, Display, Formatter};
use std::time::Duration;

use crate::machine::{BOOT, COMMAND, Options, STOP};
use crate::random::Random;
use crate::{Image, Layer, Machine, state_files, writers};

/// What the console says of each unit that is up, or down.
const UNIT: &str = " ok ";
/// How many units are told by the console at a boot, less some, and at a stop.
const UNITS: usize = 12;
/// How long after a unit's line, ms, and how long after the boot, ms, the power may go. The filesystem writes
/// names to disk every 5 s, and what is in files only later.
const AFTER_UNIT: usize = 400;
const AFTER_BOOT: usize = 9000;

/// Ways to stop a machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// `poweroff`.
    PowerOff,
    /// `reboot`.
    Reboot,
    /// The three keys together.
    ControlAltDelete,
    /// SIGPWR to process 1: the power supply is about to end.
    PowerFail,
}

/// When the power goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Before the login.
    Boot,
    /// While the services write.
    Run,
    /// While they are stopped.
    Shutdown,
}

impl Stop {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::PowerFail, Self::Reboot, Self::ControlAltDelete, Self::PowerOff];
}

impl Phase {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Run, Self::Boot, Self::Shutdown];
}

impl Display for Stop {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::PowerOff => "poweroff",
            Self::Reboot => "reboot",
            Self::ControlAltDelete => "ctrl-alt-del",
            Self::PowerFail => "SIGPWR",
        })
    }
}

/// The disk and what is to become of it.
pub struct Endurance {
    image: Image,
    random: Random,
}

impl Endurance {
    /// A new disk with services that write.
    pub fn new(seed: u64) -> Self {
        Self { image: Image::new(&writers::add(Layer::new())), random: Random(seed) }
    }

    /// Boots, has the services write, stops. Panics unless the disk is as it ought to be.
    pub fn stop(&mut self, stop: Stop) {
        let mut machine = self.boot();
        let boot = log_in(&mut machine);
        match stop {
            Stop::PowerOff => machine.console.send("poweroff\n"),
            Stop::Reboot => machine.console.send("reboot\n"),
            Stop::PowerFail => machine.console.send("kill -PWR 1\n"),
            Stop::ControlAltDelete => machine.control_alt_delete(),
        }
        machine.console.expect_clean_stop(STOP);
        machine.expect_off(STOP);
        self.image.assert_clean();
        writers::assert_complete(&self.image, &boot);
    }

    /// Boots, and cuts the power. Panics unless the disk is as it ought to be; whether the machine can be booted after
    /// that, the next round shows. Gives the point of the cut, for people.
    pub fn cut(&mut self, phase: Phase) -> String {
        let units = self.random.below(UNITS);
        let mut machine = self.boot();
        let mut boot = None;
        let (point, longest) = match phase {
            Phase::Boot => (format!("boot, {units} units up"), AFTER_UNIT),
            Phase::Run => ("run".to_owned(), AFTER_BOOT),
            Phase::Shutdown => (format!("shutdown, {units} units down"), AFTER_UNIT),
        };
        if phase != Phase::Boot {
            boot = Some(log_in(&mut machine));
        }
        if phase == Phase::Shutdown {
            machine.console.send("poweroff\n");
        }
        if phase != Phase::Run {
            (0..units).for_each(|_| drop(machine.console.expect(UNIT, BOOT)));
        }
        let milliseconds = self.random.below(longest);
        // No waiting for anything: the time is the point of the cut.
        std::thread::sleep(Duration::from_millis(milliseconds as u64));
        machine.cut_power();
        self.judge_cut(boot.as_deref());
        format!("{point}, {milliseconds} ms")
    }

    fn judge_cut(&self, boot: Option<&str>) {
        let disk = self.image.extract_replayed(&["/etc", "/var/lib", "/var/log"]);
        state_files::assert_whole(&disk.path().join("lib/sunup"), &disk.path().join("etc/sunup/boot-state"));
        if let Some(boot) = boot {
            writers::assert_no_gap(&disk.path().join("log/sunup"), boot);
        }
    }

    fn boot(&self) -> Machine {
        Machine::boot(&self.image, &Options::default())
    }
}

/// Logs in, waits for the boot's end and for the services' lines. Gives the boot's id.
fn log_in(machine: &mut Machine) -> String {
    let console = &mut machine.console;
    console.login(BOOT);
    // The kernel's and the engine's lines would stand in the middle of what commands print.
    console.run("dmesg -n 1", COMMAND);
    console.ok("until test -e /run/sunup/requests/boot.done; do sleep 0.1; done", BOOT);
    console.ok(&writers::await_lines(), COMMAND);
    console.ok("cat /proc/sys/kernel/random/boot_id", COMMAND).trim().to_owned()
}
