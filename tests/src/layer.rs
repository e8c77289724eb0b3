//! Files that a test lays over the Debian root.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::{cache, command};

/// A directory tree that becomes the upper layer of a root. Removed when dropped.
pub struct Layer {
    directory: TempDir,
}

impl Default for Layer {
    fn default() -> Self {
        Self::new()
    }
}

impl Layer {
    /// An empty layer.
    pub fn new() -> Self {
        let directory = TempDir::with_prefix_in("layer-", cache::directory()).expect("a temporary directory");
        // The layer's top is the guest's /: everyone must be able to enter it.
        fs::set_permissions(directory.path(), fs::Permissions::from_mode(0o755)).expect("the mode of /");
        Self { directory }
    }

    /// Adds a file, mode 0644, or 0755 when it starts with `#!`. `path` is as the guest sees it.
    #[must_use]
    pub fn file(self, path: &str, text: &str) -> Self {
        let target = self.place(path);
        fs::write(&target, text).expect("a file in the layer");
        let mode = if text.starts_with("#!") { 0o755 } else { 0o644 };
        fs::set_permissions(&target, fs::Permissions::from_mode(mode)).expect("the file's mode");
        self
    }

    /// Adds an executable file.
    #[must_use]
    pub fn program(self, path: &str, content: &[u8]) -> Self {
        let target = self.place(path);
        fs::write(&target, content).expect("a program in the layer");
        fs::set_permissions(&target, fs::Permissions::from_mode(0o755)).expect("the program's mode");
        self
    }

    /// Adds a symbolic link.
    #[must_use]
    pub fn link(self, path: &str, target: &str) -> Self {
        symlink(target, self.place(path)).expect("a link in the layer");
        self
    }

    /// Adds all that is in a directory of the host's.
    #[must_use]
    pub fn tree(self, directory: &Path) -> Self {
        command::run(command::words(&["cp", "-a"]).arg(directory.join(".")).arg(self.path()));
        self
    }

    /// Adds a unit of the administrator's and enables it in the bundle `default`.
    #[must_use]
    pub fn unit(self, name: &str, yaml: &str) -> Self {
        let path = format!("/etc/sunup/units/{name}.yaml");
        let link = format!("/etc/sunup/bundles/default/{name}.yaml");
        self.file(&path, yaml).link(&link, &path)
    }

    /// The layer's directory on the host.
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// Where a guest's path is on the host, its parent directories made.
    fn place(&self, path: &str) -> PathBuf {
        let target = self.path().join(path.trim_start_matches('/'));
        fs::create_dir_all(target.parent().expect("a file below /")).expect("directories in the layer");
        target
    }
}
