//! The files that a rehearsal lays over the root: the installed tree if one is given, the units and bundles to try, and
//! blanks for what would reach the machine.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

/// Files that name the machine's devices or ask for a person, each with what stands there instead.
const BLANKS: [(&str, &str); 3] = [
    ("etc/fstab", "# A rehearsal mounts none of the machine's file systems.\n"),
    ("etc/crypttab", "# A rehearsal opens none of the machine's devices.\n"),
    (
        "etc/sunup/stage1/getty-early/run",
        "#!/bin/sh\n# Nobody logs in to a rehearsal: the engine ups this where no getty is, and it goes down again.\nexec ../../bin/svc -d .\n",
    ),
];

/// A tree of files in `WORK/layer`.
#[derive(Debug)]
pub struct Layer<'a> {
    root: &'a Path,
}

impl<'a> Layer<'a> {
    /// Begins an empty layer at `root`.
    pub fn begin(root: &'a Path) -> io::Result<Self> {
        fs::create_dir_all(root)?;
        for (name, text) in BLANKS {
            let path = root.join(name);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent)?;
            }
            fs::write(&path, text)?;
            if text.starts_with("#!") {
                fs::set_permissions(path, fs::Permissions::from_mode(0o755))?;
            }
        }
        Ok(Self { root })
    }

    /// Copies what is in `from` to `to` below the layer, links as links; what is there already stays. A bundle counts
    /// as one thing: links of two with the same name are never mixed.
    pub fn add(&self, from: &Path, to: &str) -> io::Result<()> {
        let mut todo = vec![(from.to_path_buf(), self.root.join(to))];
        while let Some((from, to)) = todo.pop() {
            fs::create_dir_all(&to)?;
            for entry in fs::read_dir(&from)? {
                let entry = entry?;
                let target = to.join(entry.file_name());
                let kind = entry.file_type()?;
                if kind.is_dir() && to.ends_with("etc/sunup/bundles") && target.is_dir() {
                    continue;
                } else if kind.is_dir() {
                    todo.push((entry.path(), target));
                } else if target.symlink_metadata().is_ok() {
                    continue;
                } else if kind.is_symlink() {
                    symlink(fs::read_link(entry.path())?, target)?;
                } else if kind.is_file() {
                    fs::copy(entry.path(), target)?;
                }
            }
        }
        Ok(())
    }

    /// Makes everything readable for the sandbox, whose root is nobody out here.
    pub fn open_up(&self) -> io::Result<()> {
        let mut todo = vec![self.root.to_path_buf()];
        while let Some(path) = todo.pop() {
            let metadata = path.symlink_metadata()?;
            if metadata.is_symlink() {
                continue;
            }
            let mode = metadata.permissions().mode();
            let read = if metadata.is_dir() || mode & 0o100 != 0 { 0o555 } else { 0o444 };
            fs::set_permissions(&path, fs::Permissions::from_mode(mode | read))?;
            if metadata.is_dir() {
                todo.extend(fs::read_dir(&path)?.flatten().map(|entry| entry.path()));
            }
        }
        Ok(())
    }
}
