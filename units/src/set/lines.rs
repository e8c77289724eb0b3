//! Source lines by their numbers. A file is gone through once, however much is told of it.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use crate::Place;
use crate::source::{Source, fit};

/// The lines of the files that something was told of; clones share them.
#[derive(Clone, Debug, Default)]
pub(super) struct Lines(Arc<Mutex<HashMap<Arc<Path>, Option<Indexed>>>>);

/// A text with the bytes at which its lines begin.
#[derive(Debug)]
struct Indexed {
    source: Source,
    begins: Vec<usize>,
}

impl Lines {
    /// The line of a place; `source` gives the file where it is not known yet.
    pub(super) fn snippet(&self, place: &Place, source: impl FnOnce() -> Option<Source>) -> Option<String> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let indexed = known.entry(place.file.clone()).or_insert_with(|| source().map(Indexed::new));
        indexed.as_ref()?.snippet(place.line)
    }
}

impl Indexed {
    fn new(source: Source) -> Self {
        let later = source.text.match_indices('\n').map(|(at, _)| at + 1);
        Self { begins: [0].into_iter().chain(later).collect(), source }
    }

    fn snippet(&self, line: u32) -> Option<String> {
        let begin = *self.begins.get(line.checked_sub(1)? as usize)?;
        fit(self.source.text[begin..].lines().next()?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each line is the one that the text has there, and the file is asked for once, also where it is not there.
    #[test]
    fn a_file_is_asked_for_once() {
        let (lines, mut asked) = (Lines::default(), 0);
        let file: Arc<Path> = Path::new("a.yaml").into();
        for (line, expected) in
            [(1, Some("one")), (2, Some("")), (3, Some("thr ee")), (4, Some("four")), (5, None), (0, None)]
        {
            let place = Place { file: file.clone(), line, column: 1 };
            let source = || {
                asked += 1;
                Source::from_bytes(file.clone(), b"one\r\n\nthr\tee\nfour".to_vec()).ok()
            };
            assert_eq!(lines.snippet(&place, source).as_deref(), expected, "{line}");
        }
        let absent = Place { file: Path::new("absent.yaml").into(), line: 1, column: 1 };
        for _ in 0..2 {
            let source = || {
                asked += 1;
                None
            };
            assert_eq!(lines.snippet(&absent, source), None);
        }
        assert_eq!(asked, 2);
    }
}
