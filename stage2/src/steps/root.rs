//! The root that a step works on: `/`, or a directory in tests.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::StepError;
use super::error::Trying;

/// A root directory.
#[derive(Clone, Debug)]
pub(super) struct Root(PathBuf);

impl Root {
    /// The running system's.
    pub(super) fn system() -> Self {
        Self(PathBuf::from("/"))
    }

    /// Another one.
    #[cfg(test)]
    pub(super) fn at(path: &Path) -> Self {
        Self(path.to_owned())
    }

    /// Where an absolute path of the system is.
    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.0.join(path.strip_prefix("/").unwrap_or(path))
    }

    /// A text file's content; `None` where there is none.
    pub(super) fn read(&self, path: &str) -> Result<Option<String>, StepError> {
        match fs::read(self.path(path)) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).trying(format_args!("read {path}")),
        }
    }

    /// True if something is there.
    pub(super) fn has(&self, path: &str) -> bool {
        self.path(path).exists()
    }
}
