//! What is wrong with a unit, a bundle or a graph, and where.

use std::fmt::{self, Display, Formatter};
use std::path::Path;
use std::sync::Arc;

/// A place in a file. Lines and columns count from 1; 0 means the file as a whole.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The file, or the directory or link that is meant.
    pub file: Arc<Path>,
    /// Line from 1, 0: the whole file.
    pub line: u32,
    /// Column in characters from 1, 0: the whole line.
    pub column: u32,
}

impl Place {
    /// A file, directory or link as a whole.
    pub fn whole(file: impl Into<Arc<Path>>) -> Self {
        Self { file: file.into(), line: 0, column: 0 }
    }
}

impl Display for Place {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.file.display())?;
        if self.line > 0 {
            write!(f, ":{}", self.line)?;
        }
        if self.column > 0 {
            write!(f, ":{}", self.column)?;
        }
        Ok(())
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The unit cannot be used.
    Error,
    /// It can, but probably not as it was meant.
    Warning,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// How bad.
    pub severity: Severity,
    /// Where.
    pub place: Place,
    /// What: lower case, no full stop, ends with a suggestion where there is one.
    pub message: String,
    /// The source line itself, if there is one.
    pub snippet: Option<String>,
    /// Further places that belong to it (the other edges of a cycle, the first of two definitions), each with a word.
    pub related: Vec<(Place, String)>,
}

impl Diagnostic {
    /// A diagnostic without snippet and related places.
    pub fn new(severity: Severity, place: Place, message: impl Into<String>) -> Self {
        Self { severity, place, message: message.into(), snippet: None, related: Vec::new() }
    }

    /// Whether what it is about cannot be used.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// Its first line: place and message.
    pub fn summary(&self) -> String {
        match self.severity {
            Severity::Error => format!("{}: {}", self.place, self.message),
            Severity::Warning => format!("{}: warning: {}", self.place, self.message),
        }
    }
}

/// `units/sshd.yaml:12:3: unknown key "need" (did you mean "needs"?)` and below it the line and a caret.
impl Display for Diagnostic {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary())?;
        if let Some(line) = &self.snippet {
            write!(f, "\n    {}", line.trim_end())?;
            if self.place.column > 0 {
                write!(f, "\n    {:>width$}", '^', width = self.place.column as usize)?;
            }
        }
        self.related.iter().try_for_each(|(place, word)| write!(f, "\n    {place}: {word}"))
    }
}
