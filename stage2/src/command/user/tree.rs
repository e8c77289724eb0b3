//! The files of a user tree: made before svscan runs in it, as stage 1 makes the system's.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use nix::fcntl::{Flock, FlockArg};
use nix::sys::stat::Mode;
use nix::unistd::{Uid, mkfifo};
use supervisor::paths::requests::BOOT;
use supervisor::paths::{run, scan, service};
use supervisor::sys::descriptor::Descriptor;

use crate::command::ask::ENGINE;
use crate::command::failure::Failure;
use crate::request::{Request, Verb};
use crate::serve::supervised::DEFAULT;
use crate::service::{SupervisedService, quote};
use crate::system::command_lookup::beside;
use crate::system::places::Places;
use crate::system::replace::{replace, replace_link};

/// Programs that are found by name in the run directory.
const PROGRAMS: [&str; 2] = ["supervise", "svlog"];
/// Signals to svscan that end the tree in order.
const ENDING: [&str; 3] = ["TERM", "INT", "HUP"];
/// The service that reads what is written by what has no log of its own.
const CATCH_ALL: &str = "catch-all";
/// How long engine and catch-all may rest when they loop, in ms.
const LONGEST_REST: &str = "1000";
/// Nobody else looks in.
const PRIVATE: u32 = 0o700;

/// Whether an svscan has the tree.
pub(super) fn is_running(places: &Places) -> bool {
    let lock = File::open(places.scan.join(scan::LOCK));
    lock.is_ok_and(|lock| Descriptor(lock.as_raw_fd()).is_locked().unwrap_or(true))
}

/// Waits until no svscan has the tree.
pub(super) fn await_end(places: &Places) -> io::Result<()> {
    let lock = File::open(places.scan.join(scan::LOCK))?;
    Flock::lock(lock, FlockArg::LockExclusive).map(drop).map_err(|(_, errno)| errno.into())
}

/// Makes everything that svscan and the engine need. `has_catch_all`: what has no log of its own is not shown but kept.
pub(super) fn prepare(places: &Places, has_catch_all: bool) -> Result<(), Failure> {
    if is_running(places) {
        let message = format!("unable to boot: the tree in {} runs already", places.run.display());
        return Err(Failure { message, code: 1 });
    }
    own(&places.run)?;
    let make = || -> io::Result<()> {
        clear(places)?;
        make_directories(places)?;
        let id = fs::read("/proc/sys/kernel/random/uuid")?;
        replace(&places.run.join(run::BOOT_ID), &id, 0o600)?;
        for name in PROGRAMS {
            replace_link(&places.run.join(run::BIN).join(name), &program(name))?;
        }
        make_handlers(places)?;
        make_engine(places)?;
        if has_catch_all {
            make_catch_all(places)?;
        }
        let request = serde_json::to_vec(&Request::new(Verb::Boot, vec![DEFAULT.to_owned()]))?;
        replace(&places.requests().join(BOOT), &request, 0o600)
    };
    make().map_err(|error| Failure::unable(format_args!("prepare {}", places.run.display()), error))
}

/// A program that came with this one.
pub(super) fn program(name: &str) -> PathBuf {
    beside(name).unwrap_or_else(|| name.into())
}

/// Makes the run directory, or sees to it that it is nobody else's: who could write there would run as us.
fn own(run: &Path) -> Result<(), Failure> {
    let made = DirBuilder::new().recursive(true).mode(PRIVATE).create(run);
    made.map_err(|error| Failure::unable(format_args!("make {}", run.display()), error))?;
    let is_ours = fs::symlink_metadata(run)
        .is_ok_and(|found| found.is_dir() && found.uid() == Uid::current().as_raw() && found.mode() & 0o022 == 0);
    match is_ours {
        true => Ok(()),
        false => Err(Failure::unable(format_args!("use {}", run.display()), "others may write there")),
    }
}

/// Removes what an earlier tree has left. Services that it has left running stay, and are taken over.
fn clear(places: &Places) -> io::Result<()> {
    let mut leftovers = vec![places.requests(), places.run.join(run::BOOT_LOG), places.run.join(run::TIMELINE)];
    if !is_supervised(places) {
        leftovers.extend([places.services(), places.scan.clone(), places.states(), places.engine()]);
    }
    for path in leftovers {
        let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
        removed.or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
    }
    Ok(())
}

/// Any service has a supervise.
fn is_supervised(places: &Places) -> bool {
    let mut services = fs::read_dir(places.services()).into_iter().flatten().flatten();
    services.any(|service| SupervisedService::new(service.path()).is_supervised())
}

/// A tree whose bundle nobody has made yet is an empty one.
fn make_directories(places: &Places) -> io::Result<()> {
    let bundles = places.bundle_directories();
    if !bundles.iter().any(|directory| directory.join(DEFAULT).is_dir()) {
        fs::create_dir_all(places.etc.join("bundles").join(DEFAULT))?;
    }
    let names = [run::BIN, run::SERVICE, run::STATE, run::REQUESTS, run::LOG].map(|name| places.run.join(name));
    let svscan = places.scan.join(scan::SVSCAN);
    names.iter().chain([&places.log, &places.var, &svscan]).try_for_each(fs::create_dir_all)
}

fn make_handlers(places: &Places) -> io::Result<()> {
    let sunup = quote(&program("sunup").display().to_string());
    let text = format!("#!/bin/sh\nexec {sunup} --user poweroff --quiet\n");
    ENDING.iter().try_for_each(|signal| {
        let path = places.scan.join(format!("{}{signal}", scan::HANDLER));
        executable(&path, &text)
    })
}

/// It begins as soon as it is supervised: the boot's request is there.
fn make_engine(places: &Places) -> io::Result<()> {
    let stage2 = quote(&program("stage2").display().to_string());
    make_service(places, ENGINE, &format!("#!/bin/sh\nexec {stage2} --supervised --user\n"), &[])
}

fn make_catch_all(places: &Places) -> io::Result<()> {
    let fifo = log_fifo(places);
    match mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR) {
        Ok(()) | Err(nix::Error::EEXIST) => {}
        Err(error) => return Err(error.into()),
    }
    let files = [(service::STDIN_FIFO, "../../log.fifo"), (service::NOTIFICATION_FD, "3")];
    let run = "#!/bin/sh\nexec ../../bin/svlog -d 3 t s262144 n4 ../../log\n";
    make_service(places, CATCH_ALL, run, &files)
}

fn make_service(places: &Places, name: &str, run: &str, files: &[(&str, &str)]) -> io::Result<()> {
    let directory = places.service(name);
    fs::create_dir_all(&directory)?;
    for (file, text) in files.iter().chain(&[(service::LONGEST_REST, LONGEST_REST)]) {
        replace(&directory.join(file), format!("{text}\n").as_bytes(), 0o600)?;
    }
    executable(&directory.join(service::RUN), run)?;
    replace_link(&places.scan.join(name), &Path::new("..").join(run::SERVICE).join(name))
}

fn executable(path: &Path, text: &str) -> io::Result<()> {
    replace(path, text.as_bytes(), PRIVATE)?;
    fs::set_permissions(path, Permissions::from_mode(PRIVATE))
}

/// The catch-all's FIFO.
pub(super) fn log_fifo(places: &Places) -> PathBuf {
    places.run.join(run::LOG_FIFO)
}
