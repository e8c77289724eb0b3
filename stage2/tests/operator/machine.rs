//! A machine's files, and `sunup` run on them.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// ETC, LIB, RUN, VAR in one directory.
pub struct Machine(TempDir);

impl Machine {
    /// A machine with these units of the distribution's, and an empty default bundle.
    pub fn new(units: &[(&str, &str)]) -> Self {
        let machine = Self(tempfile::tempdir().unwrap());
        for directory in ["etc/units", "etc/bundles/default", "lib/units", "lib/bundles", "run", "var"] {
            fs::create_dir_all(machine.path(directory)).unwrap();
        }
        units.iter().for_each(|(name, text)| machine.write(&format!("lib/units/{name}.yaml"), text));
        machine
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn write(&self, name: &str, text: &str) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), text).unwrap();
    }

    /// Links units into a bundle.
    pub fn link(&self, bundle: &str, units: &[&str]) {
        let directory = self.path("etc/bundles").join(bundle);
        fs::create_dir_all(&directory).unwrap();
        for unit in units {
            let target = self.path(&format!("lib/units/{unit}.yaml"));
            symlink(target, directory.join(format!("{unit}.yaml"))).unwrap();
        }
    }

    /// The names in a directory.
    pub fn names(&self, directory: &str) -> Vec<String> {
        let entries = fs::read_dir(self.path(directory)).unwrap();
        let mut names: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// A program on this machine.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.0.path());
        for (variable, directory) in [
            ("SUNUP_ETC", "etc"),
            ("SUNUP_LIB", "lib"),
            ("SUNUP_RUN", "run"),
            ("SUNUP_VAR", "var"),
            ("SUNUP_LOG", "log"),
        ] {
            command.env(variable, self.path(directory));
        }
        command
    }

    /// Exit code, standard output and standard error of `sunup`, without this directory's own path.
    pub fn sunup(&self, words: &[&str]) -> (i32, String, String) {
        let output = self.command(env!("CARGO_BIN_EXE_sunup")).args(words).output().unwrap();
        let text = |bytes: &[u8]| self.shorten(&String::from_utf8_lossy(bytes));
        (output.status.code().unwrap_or(-1), text(&output.stdout), text(&output.stderr))
    }

    fn shorten(&self, text: &str) -> String {
        text.replace(&format!("{}/", Path::new(self.0.path()).display()), "")
    }
}
