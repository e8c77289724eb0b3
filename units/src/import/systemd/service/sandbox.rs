//! What a service sees of the file system.

use super::{is_false, is_true};
use crate::import::report::Fate;
use crate::import::sketch::Sketch;
use crate::import::systemd::file::Setting;
use crate::yaml::Yaml;

/// The paths that the service cannot write, cannot see, or has of its own.
#[derive(Default)]
pub(super) struct Sandbox {
    /// What has to stay writable.
    writable: Vec<String>,
    read_only: Vec<String>,
    hidden: Vec<String>,
    private_tmp: bool,
}

impl Sandbox {
    pub(super) fn new(settings: &[Setting]) -> Self {
        let of = |key: &'static str| {
            let lines = settings.iter().filter(move |one| one.section == "Service" && one.key == key);
            lines.flat_map(|one| one.value.split_whitespace())
        };
        let written = of("ReadWritePaths").chain(of("ReadWriteDirectories")).map(plain_path);
        let configured = of("ConfigurationDirectory").map(|name| format!("/etc/{name}"));
        Self { writable: written.map(Into::into).chain(configured).collect(), ..Self::default() }
    }

    /// Takes a setting of the sandbox.
    pub(super) fn take(&mut self, key: &str, value: &str) -> Option<(Fate, String)> {
        let is_switch =
            ["Protect", "Private", "Restrict", "Lock", "MemoryDeny"].iter().any(|begin| key.starts_with(begin));
        if is_switch && is_false(value) {
            return Some((Fate::Kept, "it is off".into()));
        }
        match (key, value) {
            ("PrivateTmp", _) => {
                self.private_tmp = true;
                Some((Fate::Kept, "as private-tmp".into()))
            }
            ("ProtectSystem", "full" | "strict") => {
                let (fate, reason) = self.protect(&["/usr", "/boot", "/etc"]);
                let loss = if value == "strict" { "; what lies elsewhere can be written" } else { "" };
                Some((if loss.is_empty() { fate } else { fate.max(Fate::Approximated) }, reason + loss))
            }
            ("ProtectSystem", value) if is_true(value) => Some(self.protect(&["/usr", "/boot"])),
            ("ProtectHome", "read-only") => Some(self.protect(&["/home", "/root"])),
            ("ProtectHome", value) if is_true(value) || value == "tmpfs" => {
                self.hidden.extend(["/home".into(), "/root".into()]);
                Some((Fate::Approximated, "as hide: /home and /root; it sees /run/user".into()))
            }
            ("ProtectKernelTunables", value) if is_true(value) => {
                let (fate, reason) = self.protect(&["/proc/sys", "/sys"]);
                Some((fate.max(Fate::Approximated), reason))
            }
            ("ProtectControlGroups", _) => Some(self.protect(&["/sys/fs/cgroup"])),
            ("ReadOnlyPaths" | "ReadOnlyDirectories", _) => Some(self.paths(value, Self::protect)),
            ("InaccessiblePaths" | "InaccessibleDirectories", _) => Some(self.paths(value, Self::hide)),
            ("TemporaryFileSystem", _) => {
                let paths: Vec<&str> = value.split_whitespace().filter_map(|one| one.split(':').next()).collect();
                let (fate, reason) = self.paths(&paths.join(" "), Self::hide);
                Some((fate.max(Fate::Approximated), format!("{reason}; nothing can be written there")))
            }
            ("ReadWritePaths" | "ReadWriteDirectories", _) => Some((Fate::Kept, "it can be written".into())),
            _ => None,
        }
    }

    /// Paths of a line. Those that may be absent cannot be said.
    fn paths(&mut self, value: &str, add: fn(&mut Self, &[&str]) -> (Fate, String)) -> (Fate, String) {
        let all: Vec<&str> = value.split_whitespace().collect();
        let must_be: Vec<&str> = all
            .iter()
            .filter(|path| !path.trim_start_matches('+').starts_with('-'))
            .map(|path| plain_path(path))
            .collect();
        match (must_be.len() == all.len(), must_be.is_empty()) {
            (true, true) => (Fate::Kept, "none".into()),
            (true, false) => add(self, &must_be),
            (false, true) => (Fate::Dropped, "a path that may be absent".into()),
            (false, false) => {
                let (fate, reason) = add(self, &must_be);
                (fate.max(Fate::Approximated), format!("{reason}; not those that may be absent"))
            }
        }
    }

    /// Makes paths read-only, unless something in them must be writable.
    fn protect(&mut self, paths: &[&str]) -> (Fate, String) {
        let is_open = |path: &&str| self.writable.iter().any(|inner| is_below(inner, path));
        let (open, closed): (Vec<&str>, Vec<&str>) = paths.iter().partition(|path| is_open(path));
        self.read_only.extend(closed.iter().map(|path| (*path).to_owned()));
        match (open.is_empty(), closed.is_empty()) {
            (true, _) => (Fate::Kept, "as read-only".into()),
            (false, false) => {
                (Fate::Approximated, format!("as read-only, but {}, where something is to be written", open.join(" ")))
            }
            (false, true) => (Fate::Dropped, format!("something is to be written in {}", open.join(" "))),
        }
    }

    fn hide(&mut self, paths: &[&str]) -> (Fate, String) {
        self.hidden.extend(paths.iter().map(|path| (*path).to_owned()));
        (Fate::Kept, "as hide".into())
    }

    /// Writes the keys; what lies in a path that is there already needs no word.
    pub(super) fn write(&self, sketch: &mut Sketch) {
        if self.private_tmp {
            sketch.set_text("private-tmp", "true");
        }
        for (key, paths) in [("read-only", &self.read_only), ("hide", &self.hidden)] {
            let mut outer: Vec<&str> = Vec::new();
            for path in paths {
                let is_covered = paths.iter().any(|other| other != path && is_below(path, other));
                if !is_covered && !outer.contains(&path.as_str()) {
                    outer.push(path);
                }
            }
            if !outer.is_empty() {
                sketch.set(key, Yaml::texts(outer));
            }
        }
    }
}

fn plain_path(path: &str) -> &str {
    path.trim_start_matches(['-', '+'])
}

/// Whether a path is another one or lies in it.
fn is_below(path: &str, other: &str) -> bool {
    std::path::Path::new(path).starts_with(other)
}
