//! The root that a step works on: `/`, or a directory in tests; and whether it works there or only says what it would do.

use std::fmt::Display;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::StepError;
use super::error::Trying;
use super::say::say;

/// A root directory.
#[derive(Clone, Debug)]
pub(super) struct Root {
    directory: PathBuf,
    does: Does,
}

/// What a step does of its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    Everything,
    /// But what only a boot may.
    ByHand,
    Nothing,
}

impl Root {
    /// The running system's.
    pub(super) fn system() -> Self {
        Self { directory: PathBuf::from("/"), does: Does::Everything }
    }

    /// The same for a person, who does not expect the machine to restart.
    pub(super) fn by_hand() -> Self {
        Self { does: Does::ByHand, ..Self::system() }
    }

    /// The running system's, where nothing is to change.
    pub(super) fn dry() -> Self {
        Self { does: Does::Nothing, ..Self::system() }
    }

    /// Another one.
    #[cfg(test)]
    pub(super) fn at(path: &Path) -> Self {
        Self { directory: path.to_owned(), does: Does::Everything }
    }

    /// True if that (`mount /home`) is to be done now. Every change asks first; where none is wanted, it is told instead.
    pub(super) fn does(&self, what: impl Display) -> bool {
        if self.is_dry() {
            say(format_args!("would {what}"));
        }
        !self.is_dry()
    }

    /// True where nothing is to change: then nothing is waited for, either.
    pub(super) fn is_dry(&self) -> bool {
        self.does == Does::Nothing
    }

    /// True while the machine boots.
    pub(super) fn is_boot(&self) -> bool {
        self.does == Does::Everything
    }

    /// Where an absolute path of the system is.
    pub(super) fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        self.directory.join(path.strip_prefix("/").unwrap_or(path))
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
