//! `stage2`: the engine. It brings a target up in the foreground, or serves requests under its supervise.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Parser;
use stage2::executor::Config;
use stage2::record::boot_log::BootLog;
use stage2::record::console::Console;
use stage2::record::kernel_log::{KERNEL_LOG, KernelLog};
use stage2::request::target::Sources;
use stage2::serve::standalone::{self, Refusal};
use stage2::serve::supervised::{DEFAULT, Supervised};
use stage2::system::cgroup::CgroupRoot;
use stage2::system::places::Places;
use supervisor::paths::run;
use units::Reading;

/// Usage was wrong, or there is no such target.
const EXIT_USAGE: u8 = 100;
/// The system does not let us.
const EXIT_SYSTEM: u8 = 111;

/// Brings a target up: a bundle, a unit, or a directory of links.
#[derive(Debug, Parser)]
#[command(name = "stage2", version, after_help = AFTER_HELP)]
struct Arguments {
    /// Directory of units, instead of the system's; the first wins by name
    #[arg(long, value_name = "DIR")]
    units: Vec<PathBuf>,
    /// Directory of bundles, instead of the system's; the first wins by name
    #[arg(long, value_name = "DIR")]
    bundles: Vec<PathBuf>,
    /// Scan directory of the scanner that is to run the services; RUN/scan if not given
    #[arg(long, value_name = "DIR")]
    scan: Option<PathBuf>,
    /// Run directory, instead of SUNUP_RUN or /run/sunup
    #[arg(long, value_name = "DIR")]
    run: Option<PathBuf>,
    /// Make units' control groups below this directory; "none": make none
    #[arg(long, value_name = "DIR")]
    cgroup: Option<PathBuf>,
    /// Where the supervised engine shows its lines; /dev/console if not given, a user's on standard error
    #[arg(long, value_name = "FILE")]
    console: Option<PathBuf>,
    /// Look after the units of whoever runs this, not the system's
    #[arg(long)]
    user: bool,
    /// Serve requests under a supervise, with its service directory as working directory
    #[arg(long, conflicts_with = "target")]
    supervised: bool,
    /// A bundle, a unit, or (with a slash) a directory of links
    #[arg(default_value = DEFAULT)]
    target: String,
}

const AFTER_HELP: &str = "Exit codes: 0 everything is up, 1 something failed, 100 usage, 111 system failure.
The environment variables SUNUP_RUN, SUNUP_ETC, SUNUP_LIB, SUNUP_LOG and SUNUP_VAR replace /run/sunup, /etc/sunup, /usr/lib/sunup,
/var/log/sunup and /var/lib/sunup.";

fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { EXIT_USAGE } else { 0 });
        }
    };
    match act(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::from(1),
        Err(refusal) => {
            let (message, code) = match refusal {
                Refusal::Usage(message) => (message, EXIT_USAGE),
                Refusal::System(message) => (message, EXIT_SYSTEM),
            };
            eprintln!("stage2: fatal: {message}");
            ExitCode::from(code)
        }
    }
}

fn act(arguments: &Arguments) -> Result<bool, Refusal> {
    let places = places(arguments)?;
    let sources = sources(arguments, &places)?;
    let cgroups = match &arguments.cgroup {
        Some(directory) if directory.as_os_str() == "none" => None,
        Some(directory) => {
            let text = format!("unable to make control groups in {}", directory.display());
            Some(CgroupRoot::at(&absolute(directory)).ok_or(Refusal::System(text))?)
        }
        // In the foreground, or as a user, the system's control groups are not ours to arrange.
        None if arguments.supervised && !arguments.user => CgroupRoot::find(),
        None => None,
    };
    let config = Config { cgroups, forward_to_error: !arguments.supervised, run_step, places };
    if !arguments.supervised {
        return standalone::run(config, &sources, &arguments.target);
    }
    let device = if arguments.user { "/dev/stderr" } else { "/dev/console" };
    let console = console(arguments.console.as_deref().unwrap_or(device.as_ref()), &config.places);
    let served = Supervised::new(config, console, sources).and_then(|mut engine| engine.serve());
    served.map(|()| true).map_err(|error| Refusal::System(format!("unable to go on: {error}")))
}

/// The console as sunup.yaml wants it. What is wrong with that file costs nothing here; the boot reports it.
fn console(device: &Path, places: &Places) -> Console {
    let wanted = places.settings().0.console;
    let log = BootLog::open(&places.run.join(run::BOOT_LOG)).ok();
    let kernel_log = wanted.kmsg.then(|| KernelLog::open(Path::new(KERNEL_LOG)).ok()).flatten();
    Console::device(device, log, &wanted).with_kernel_log(kernel_log)
}

fn places(arguments: &Arguments) -> Result<Places, Refusal> {
    let mut places = match arguments.user {
        true => Places::of_user().map_err(Refusal::System)?,
        false => Places::from_environment(),
    };
    if let Some(run) = &arguments.run {
        places = places.with_run(&absolute(run));
    }
    if let Some(scan) = &arguments.scan {
        places.scan = absolute(scan);
    }
    Ok(places)
}

/// Links and service directories are read from elsewhere, so paths must not depend on where we are.
fn absolute(path: &PathBuf) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.clone())
}

/// A directory that was named must be there; the system's need not.
fn sources(arguments: &Arguments, places: &Places) -> Result<Sources, Refusal> {
    let missing = arguments.units.iter().chain(&arguments.bundles).find(|directory| !directory.is_dir());
    if let Some(directory) = missing {
        return Err(Refusal::Usage(format!("{} is not a directory", directory.display())));
    }
    let given = |named: &[PathBuf], usual: Vec<PathBuf>| match named.is_empty() {
        true => usual,
        false => named.iter().map(absolute).collect(),
    };
    Ok(Sources {
        units: given(&arguments.units, places.unit_directories()),
        bundles: given(&arguments.bundles, places.bundle_directories()),
        cache: arguments.units.is_empty().then(|| places.units_cache()),
        // The machine's init scripts are no part of a directory that somebody names.
        reading: match arguments.units.is_empty() {
            true => places.reading(),
            false => Reading { init_scripts: None, ..places.reading() },
        },
    })
}

/// Does a native step, in the forked child of a one-shot.
fn run_step(word: &str) -> Result<(), String> {
    let step = units::Step::ALL.iter().find(|(_, known)| *known == word).map(|(step, _)| step);
    let step = step.ok_or_else(|| format!("no step is named {word}"))?;
    stage2::steps::run(step).map_err(|error| error.to_string())
}
