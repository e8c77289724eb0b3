//! What every step knows: where things are, what we were told, and whether the machine is ours.

use std::ffi::OsString;
use std::fs;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use supervisor::namespace;
use supervisor::paths;

use crate::cmdline::{self, Options};
use crate::report::Report;
use crate::settings::Settings;

/// What PATH is where nobody set it; the kernel does not.
const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// The boot under way.
#[derive(Debug)]
pub struct Boot {
    /// The run directory.
    pub run: PathBuf,
    /// Where our programs are installed.
    pub lib: PathBuf,
    /// The administrator's configuration.
    pub etc: PathBuf,
    /// PATH as services get it.
    pub path: OsString,
    /// The limits of open files, soft and hard, that we were started with.
    pub open_files: Option<(u64, u64)>,
    /// Where we were started.
    pub directory: PathBuf,
    /// The main service's command; empty: there is none.
    pub command: Vec<OsString>,
    /// What process 1 keeps open for the main service: standard input, output and error as they came.
    pub streams: Vec<OwnedFd>,
    /// What sunup.yaml says.
    pub settings: Settings,
    /// Where everything is said.
    pub report: Report,
    words: Vec<String>,
}

impl Boot {
    /// From our arguments and environment.
    pub fn new(words: &[String], command: Vec<OsString>) -> Self {
        Self {
            run: directory(paths::RUN_VARIABLE, paths::RUN),
            lib: directory(paths::LIB_VARIABLE, paths::LIB),
            etc: directory(paths::ETC_VARIABLE, paths::ETC),
            path: std::env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into()),
            open_files: None,
            directory: std::env::current_dir().unwrap_or_else(|_| "/".into()),
            command,
            streams: Vec::new(),
            settings: Settings::default(),
            report: Report::new(),
            words: words.to_vec(),
        }
    }

    /// What we were told: by the kernel's command line where the kernel is ours, and by our arguments. (The kernel passes
    /// words as arguments too, but keeps `sunup.bundle=` for itself, because of the dot; an initramfs or a shell that
    /// becomes us may have arguments of its own.)
    pub fn options(&self) -> Options {
        let text = if is_first() { fs::read_to_string("/proc/cmdline").unwrap_or_default() } else { String::new() };
        let words = all_words(cmdline::words(&text), &self.words);
        Options::from_words(words.iter().map(String::as_str))
    }

    /// A path below the run directory.
    pub fn below_run(&self, name: impl AsRef<Path>) -> PathBuf {
        self.run.join(name)
    }
}

/// True if we are in the first pid namespace, so that kernel, devices and clock are ours. Where /proc does not work
/// nobody can know, and they are taken to be someone else's.
pub fn is_first() -> bool {
    namespace::is_machine() == Some(true)
}

/// The command line's words, and those arguments that are not among them.
fn all_words(mut words: Vec<String>, arguments: &[String]) -> Vec<String> {
    let own: Vec<String> = arguments.iter().filter(|word| !words.contains(word)).cloned().collect();
    words.extend(own);
    words
}

/// The path in an environment variable, or else `default`.
pub fn directory(variable: &str, default: &str) -> PathBuf {
    std::env::var_os(variable).filter(|value| !value.is_empty()).map_or_else(|| default.into(), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An argument that the kernel passed on has its place in the command line; one of somebody else's comes last.
    #[test]
    fn words() {
        let all = |line: &str, arguments: &[&str]| {
            let arguments: Vec<String> = arguments.iter().map(|&word| word.to_owned()).collect();
            all_words(cmdline::words(line), &arguments).join(" ")
        };
        assert_eq!(all("ro single sunup.bundle=lab", &["single"]), "ro single sunup.bundle=lab");
        assert_eq!(all("ro quiet", &["rescue"]), "ro quiet rescue");
        assert_eq!(all("", &["single"]), "single");
    }
}
