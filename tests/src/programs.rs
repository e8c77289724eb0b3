//! Where the programs under test are, and how they get there.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::command;

/// The workspace's directory.
pub fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace around this package")
}

/// The directory that cargo puts the programs of this profile in: the one this test runs from, less `deps`.
pub fn directory() -> PathBuf {
    let program = std::env::current_exe().expect("the path of this program");
    let directory = program.parent().expect("a program in a directory");
    if directory.ends_with("deps") {
        directory.parent().expect("a directory around deps").into()
    } else {
        directory.into()
    }
}

/// Builds every program of the workspace once, in the profile of this test, and gives their directory. Cargo alone builds
/// a test's own package only. `SUNUP_BIN` names a directory of built programs to use instead.
pub fn built() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        if let Some(path) = std::env::var_os("SUNUP_BIN") {
            return PathBuf::from(path);
        }
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--workspace", "--bins", "--quiet"]).current_dir(workspace());
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        command::run(&mut cargo);
        directory()
    })
}
