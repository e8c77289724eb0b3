//! Directories of configuration fragments: a file of the administrator's hides the distribution's of the same name, and
//! all that remain are read in the order of their names, wherever they are.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use super::root::Root;

/// Where fragments are, the strongest first.
const PLACES: [&str; 5] = ["/etc", "/run", "/usr/local/lib", "/usr/lib", "/lib"];

/// The `*.conf` files of `NAME` (`sysctl.d`) to read, in order.
pub(super) fn list(root: &Root, name: &str) -> Vec<PathBuf> {
    let mut found = BTreeMap::new();
    for place in PLACES {
        let Ok(entries) = fs::read_dir(root.path(format!("{place}/{name}"))) else { continue };
        for entry in entries.flatten() {
            let path = entry.path();
            if path.extension().is_some_and(|extension| extension == "conf") {
                found.entry(entry.file_name()).or_insert(path);
            }
        }
    }
    found.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Names decide about order and hiding, places only about who hides whom.
    #[test]
    fn order() {
        let directory = tempfile::tempdir().unwrap();
        let root = Root::at(directory.path());
        for file in [
            "etc/x.d/20-b.conf",
            "usr/lib/x.d/20-b.conf",
            "usr/lib/x.d/10-a.conf",
            "run/x.d/30-c.conf",
            "etc/x.d/README",
        ] {
            let path = root.path(file);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let expected = ["usr/lib/x.d/10-a.conf", "etc/x.d/20-b.conf", "run/x.d/30-c.conf"].map(|f| root.path(f));
        assert_eq!(list(&root, "x.d"), expected);
    }
}
