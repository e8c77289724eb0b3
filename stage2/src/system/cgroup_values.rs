//! A unit's `cgroup:` written into its leaf, before anything of the unit is in it.
//!
//! What this kernel or this hierarchy does not have is a warning, because the unit works without; what it has and refuses
//! is a reason to fail, because somebody counts on a limit that is not there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use nix::errno::Errno;

/// Writes each value into its file; answers the warnings. The error is the reason of a unit that must not start.
pub fn write(leaf: &Path, values: &[(String, String)]) -> Result<Vec<String>, String> {
    let mut warnings = Vec::new();
    for (file, value) in values {
        let path = leaf.join(file);
        if !path.exists() {
            hand_down(leaf, file);
        }
        match put(&path, value) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                warnings.push(format!("unable to set {file}: there is no such file in {}", leaf.display()));
            }
            Err(error) => return Err(format!("unable to set {file} to {value}: {}", cause(&error))),
        }
    }
    Ok(warnings)
}

/// Never creates: in a hierarchy a file is there or is not.
fn put(path: &Path, value: &str) -> io::Result<()> {
    OpenOptions::new().write(true).open(path)?.write_all(value.as_bytes())
}

/// Has the groups above hand a file's controller down to the leaf. Where that cannot be, the file is missed next.
fn hand_down(leaf: &Path, file: &str) {
    let controller = file.split('.').next().unwrap_or_default();
    let above: Vec<&Path> = leaf.ancestors().skip(1).take_while(|group| is_group(group)).collect();
    for group in above.into_iter().rev().filter(|group| hands_down(group, controller) == Some(false)) {
        let _ = fs::write(group.join("cgroup.subtree_control"), format!("+{controller}"));
    }
}

/// Whether a group that has a controller hands it down; `None`: it has none.
fn hands_down(group: &Path, controller: &str) -> Option<bool> {
    let has = |file| {
        let text = fs::read_to_string(group.join(file)).unwrap_or_default();
        text.split_ascii_whitespace().any(|name| name == controller)
    };
    has("cgroup.controllers").then(|| has("cgroup.subtree_control"))
}

fn is_group(path: &Path) -> bool {
    path.join("cgroup.controllers").exists()
}

fn cause(error: &io::Error) -> &'static str {
    Errno::from_raw(error.raw_os_error().unwrap_or_default()).desc()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory that is built like a hierarchy: controllers are handed down, and what is missing is told.
    #[test]
    fn controllers_are_handed_down() {
        let root = tempfile::tempdir().unwrap();
        let leaf = root.path().join("units/web");
        fs::create_dir_all(&leaf).unwrap();
        for group in [root.path(), &root.path().join("units")] {
            fs::write(group.join("cgroup.controllers"), "cpu memory").unwrap();
            fs::write(group.join("cgroup.subtree_control"), "cpu").unwrap();
        }
        fs::write(leaf.join("cpu.weight"), "100").unwrap();
        let values = |file: &str, value: &str| [(file.to_owned(), value.to_owned())];
        assert_eq!(write(&leaf, &values("cpu.weight", "50")), Ok(Vec::new()));
        assert_eq!(fs::read_to_string(leaf.join("cpu.weight")).unwrap(), "500"); // A plain file keeps what it had behind.
        let warning = format!("unable to set memory.max: there is no such file in {}", leaf.display());
        assert_eq!(write(&leaf, &values("memory.max", "1M")), Ok(vec![warning]));
        for group in [root.path(), &root.path().join("units")] {
            assert_eq!(fs::read_to_string(group.join("cgroup.subtree_control")).unwrap(), "+memory");
        }
        let warning = format!("unable to set pids.max: there is no such file in {}", leaf.display());
        assert_eq!(write(&leaf, &values("pids.max", "1")), Ok(vec![warning]));
        assert_eq!(fs::read_to_string(root.path().join("cgroup.subtree_control")).unwrap(), "+memory");
    }

    /// What the kernel refuses is the reason to fail.
    #[test]
    fn refusals() {
        let root = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/proc/self/oom_score_adj", root.path().join("pids.max")).unwrap();
        let values = [("pids.max".to_owned(), "many".to_owned())];
        assert_eq!(write(root.path(), &values), Err("unable to set pids.max to many: Invalid argument".into()));
    }
}
