//! What a service sees of the file system.

use crate::import::report::Verdict;
use crate::import::sketch::Sketch;
use crate::import::systemd::file::{Setting, words};
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
        let of = |key| words(settings, "Service", key);
        let written = of("ReadWritePaths").chain(of("ReadWriteDirectories")).map(plain_path);
        let configured = of("ConfigurationDirectory").map(|name| format!("/etc/{name}"));
        Self { writable: written.map(Into::into).chain(configured).collect(), ..Self::default() }
    }

    /// Takes a setting of the sandbox.
    pub(super) fn take(&mut self, setting: &Setting) -> Option<Verdict> {
        let is_on = setting.is_true();
        match (setting.key.as_str(), setting.value.as_str()) {
            ("PrivateTmp", _) if !setting.is_false() => {
                self.private_tmp = true;
                Some(Verdict::kept("as private-tmp"))
            }
            ("ProtectSystem", "full") => Some(self.protect(&["/usr", "/boot", "/etc"])),
            ("ProtectSystem", "strict") => {
                Some(self.protect(&["/usr", "/boot", "/etc"]).but("what lies elsewhere can be written"))
            }
            ("ProtectSystem", _) if is_on => Some(self.protect(&["/usr", "/boot"])),
            ("ProtectHome", "read-only") => Some(self.protect(&["/home", "/root"]).but("/run/user can be written")),
            ("ProtectHome", "tmpfs") => Some(self.hide(&["/home", "/root"]).but("nothing can be written there")),
            ("ProtectHome", _) if is_on => Some(self.hide(&["/home", "/root"]).but("it sees /run/user")),
            ("ProtectKernelTunables", _) if is_on => {
                Some(self.protect(&["/proc/sys", "/sys"]).but("what else of /proc can be written stays so"))
            }
            ("ProtectControlGroups", _) if !setting.is_false() => Some(self.protect(&["/sys/fs/cgroup"])),
            ("ReadOnlyPaths" | "ReadOnlyDirectories", value) => Some(self.paths(value, Self::protect)),
            ("InaccessiblePaths" | "InaccessibleDirectories", value) => Some(self.paths(value, Self::hide)),
            ("TemporaryFileSystem", value) => {
                let paths: Vec<&str> = value.split_whitespace().filter_map(|one| one.split(':').next()).collect();
                Some(self.paths(&paths.join(" "), Self::hide).but("nothing can be written there"))
            }
            ("ReadWritePaths" | "ReadWriteDirectories", _) => Some(Verdict::kept("it can be written")),
            _ => None,
        }
    }

    /// Paths of a line. Those that may be absent cannot be said.
    fn paths(&mut self, value: &str, add: fn(&mut Self, &[&str]) -> Verdict) -> Verdict {
        let all: Vec<&str> = value.split_whitespace().collect();
        let is_sure = |path: &&&str| !path.trim_start_matches('+').starts_with('-');
        let sure: Vec<&str> = all.iter().filter(is_sure).map(|path| plain_path(path)).collect();
        match (sure.len() == all.len(), sure.is_empty()) {
            (true, true) => Verdict::kept("none"),
            (true, false) => add(self, &sure),
            (false, true) => Verdict::dropped("a path that may be absent"),
            (false, false) => add(self, &sure).but("not those that may be absent"),
        }
    }

    /// Makes paths read-only, unless something in them must be writable.
    fn protect(&mut self, paths: &[&str]) -> Verdict {
        let is_open = |path: &&str| self.writable.iter().any(|inner| is_below(inner, path));
        let (open, closed): (Vec<&str>, Vec<&str>) = paths.iter().partition(|path| is_open(path));
        self.read_only.extend(closed.iter().map(|path| (*path).to_owned()));
        let loss = format!("something is to be written in {}", open.join(" "));
        match (open.is_empty(), closed.is_empty()) {
            (true, _) => Verdict::kept("as read-only"),
            (false, false) => Verdict::kept("as read-only").but(loss),
            (false, true) => Verdict::dropped(loss),
        }
    }

    fn hide(&mut self, paths: &[&str]) -> Verdict {
        self.hidden.extend(paths.iter().map(|path| (*path).to_owned()));
        Verdict::kept("as hide")
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
