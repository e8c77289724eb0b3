//! The native steps of one-shots: `do: [mount, hostname, …]`.
//!
//! [`run`] is called in a process of its own that has been forked but has not exec'd; what it prints is captured. Every
//! step is idempotent: an interrupted one runs again. None touches what is the host's from outside the first pid
//! namespace, even as root: swap, filesystem checks, the clock, modules, kernel settings, and whatever namespace we share
//! with it.
//!
//! The formats are those that every distribution has: fstab, sysctl.d, modules-load.d, tmpfiles.d.

pub(crate) mod accounts;
mod device;
mod error;
mod failures;
mod fragments;
mod fstab;
mod glob;
mod guard;
mod kept;
mod mount_options;
mod mount_table;
mod program;
mod progress;
mod root;
mod say;

mod clock;
mod fsck;
mod hostname;
mod loopback;
mod machine_id;
mod modules;
mod mount;
mod random_seed;
mod remount;
mod swap;
mod sysctl;
mod tmpfiles;
mod unmount;
mod utmp;

pub use error::StepError;

use root::Root;
use units::Step;

/// How many lines of an fstab are entries, for those who try it with any text.
pub fn fstab_lines(text: &str) -> usize {
    fstab::parse(text).iter().filter(|line| line.is_ok()).count()
}

/// Does one step on the running system. Takes as long as it takes: a deadline is the caller's.
pub fn run(step: &Step) -> Result<(), StepError> {
    act(step, &Root::system())
}

/// The same for a person: what would end the boot is only told.
pub fn by_hand(step: &Step) -> Result<(), StepError> {
    act(step, &Root::by_hand())
}

/// Says on standard output what the step would do now, a line `would …` each, and does nothing.
pub fn tell(step: &Step) -> Result<(), StepError> {
    act(step, &Root::dry())
}

/// Does one step below a root directory.
fn act(step: &Step, root: &Root) -> Result<(), StepError> {
    match step {
        Step::MachineId => machine_id::run(root),
        Step::Mount => mount::run(root),
        Step::MountNetwork => mount::network(root),
        Step::UnmountNetwork => unmount::run(root),
        Step::Remount => remount::run(root),
        Step::Fsck => fsck::run(root),
        Step::Swapon => swap::on(root),
        Step::Swapoff => swap::off(root),
        Step::Hostname => hostname::run(root),
        Step::Sysctl => sysctl::run(root),
        Step::Modules => modules::run(root),
        Step::Loopback => loopback::run(root),
        Step::Clock => clock::load(root),
        Step::ClockSave => clock::save(root),
        Step::RandomSeed => random_seed::load(root),
        Step::RandomSeedSave => random_seed::save(root),
        Step::Tmpfiles => tmpfiles::run(root),
        Step::Utmp if root.does("write the boot record, unless it is there") => utmp::run(root),
        Step::Utmp => Ok(()),
    }
}
