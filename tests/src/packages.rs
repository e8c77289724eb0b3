//! Debian packages, downloaded and unpacked, never installed: on the host nothing of them is run.
//! An archive that does not answer is asked again.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::{cache, command};

/// Unpacks packages of the host's release below a directory; what depends on what is the caller's to know.
pub fn unpack(packages: &[String], path: &Path) {
    let archives = path.join("archives");
    fs::create_dir_all(&archives).expect("a directory for the archives");
    if !download(packages, &archives) {
        update();
        assert!(download(packages, &archives), "unable to download {packages:?}");
    }
    for entry in fs::read_dir(&archives).expect("the archives").filter_map(Result::ok) {
        command::run(command::words(&["dpkg", "-x"]).arg(entry.path()).arg(path));
    }
    fs::remove_dir_all(&archives).expect("the archives removed");
}

/// The package that a meta package stands for now.
pub fn meant_by(meta: &str) -> String {
    let depends = || {
        let (_, text) = command::output(&mut command::words(&["apt-cache", "depends", meta]));
        text.lines().find_map(|line| line.trim().strip_prefix("Depends: ")).map(str::to_owned)
    };
    let package = depends().or_else(|| {
        update();
        depends()
    });
    package.unwrap_or_else(|| panic!("{meta} stands for no package"))
}

/// Fetches the package lists. One test at a time: a second one would find them locked.
fn update() {
    let _lock = cache::lock("packages");
    command::run(apt_get().args(["update", "-q"]));
}

/// False if the package lists are too old.
fn download(packages: &[String], path: &Path) -> bool {
    command::output(apt_get().args(["download", "-q"]).args(packages).current_dir(path)).0 == Some(0)
}

fn apt_get() -> Command {
    command::words(&["apt-get", "-o", "Acquire::Retries=3", "-o", "APT::Sandbox::User=root"])
}

/// The command that makes a small Debian; the release, where to, and what else belongs to it are the caller's to say.
pub fn bootstrap() -> Command {
    command::words(&["mmdebstrap", "--quiet", "--variant=minbase", "--aptopt=Acquire::Retries \"3\""])
}
