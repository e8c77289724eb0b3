//! insserv.conf and its fragments: which services a `$facility` is, and which scripts talk to somebody at the console.
//!
//! They lie beside the directory of the scripts. Fragments add to what insserv.conf says; what none of them names is as
//! Debian's usual ones have it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::super::report::{Import, Verdict};
use super::super::sketch::Report;
use super::super::{Format, is_wanted};
use super::Script;
use super::batch::Batch;
use crate::reading::read_names;
use crate::source::Source;

const FILE: &str = "insserv.conf";
const FRAGMENTS: &str = "insserv.conf.d";
/// The directory of scripts that the files belong to.
const SCRIPTS: &str = "init.d";
/// What stands before the names of scripts that talk to somebody.
const INTERACTIVE: &str = "<interactive>";

/// What all files say together.
#[derive(Default)]
pub(super) struct Conf {
    /// Facilities and what each is; both with the `$` of facilities.
    facilities: BTreeMap<String, Vec<String>>,
    interactive: BTreeSet<String>,
}

/// One line of a file: the name, and what it stands for.
struct Line<'a> {
    number: usize,
    name: &'a str,
    words: Vec<&'a str>,
}

/// Whether a file is one of these, and no script.
pub(super) fn is_conf(file: &Path) -> bool {
    let directory = file.parent().and_then(Path::file_name);
    file.file_name() == Some(OsStr::new(FILE)) || directory == Some(OsStr::new(FRAGMENTS))
}

/// The files that belong to scripts.
pub(in crate::import) fn beside(scripts: &[PathBuf]) -> Vec<PathBuf> {
    let directory = |script: &PathBuf| {
        let named = script.parent().filter(|directory| !directory.as_os_str().is_empty());
        let directory = named.map(Path::to_path_buf).or_else(|| std::env::current_dir().ok())?;
        (directory.file_name() == Some(OsStr::new(SCRIPTS))).then(|| directory.parent().map(Path::to_path_buf))?
    };
    let mut files = Vec::new();
    for directory in scripts.iter().filter_map(directory).collect::<BTreeSet<_>>() {
        let fragments = directory.join(FRAGMENTS);
        let names = read_names(&fragments).unwrap_or_default();
        let wanted = names.iter().filter(|name| is_wanted(Format::Lsb, name)).map(|name| fragments.join(name));
        files.extend([directory.join(FILE)].into_iter().chain(wanted).filter(|file| file.is_file()));
    }
    files
}

impl Conf {
    pub(super) fn read(files: &[&Source]) -> Self {
        let mut conf = Self::default();
        for Line { name, words, .. } in files.iter().flat_map(|file| lines(file)) {
            let words = words.into_iter().map(str::to_owned);
            match name {
                INTERACTIVE => conf.interactive.extend(words),
                _ => conf.facilities.entry(name.to_owned()).or_default().extend(words),
            }
        }
        conf
    }

    /// What a facility is, if anything is said of it.
    pub(super) fn facility(&self, name: &str) -> Option<&[String]> {
        self.facilities.get(name).map(Vec::as_slice)
    }

    /// Whether a script talks to somebody.
    pub(super) fn is_interactive(&self, script: &Script) -> bool {
        script.is_called(|name| self.interactive.contains(name))
    }
}

/// What became of a file, now that all edges are drawn.
pub(super) fn report(file: &Source, batch: &Batch, scripts: &[Script]) -> Import {
    let mut report = Report::new(&*file.file);
    for Line { number, name, words } in lines(file) {
        let verdict = match name {
            INTERACTIVE => interactive(scripts.iter().filter(|script| script.is_called(|name| words.contains(&name)))),
            _ if name.starts_with('$') => facility(&batch.units_of(name)),
            _ => Verdict::dropped("no facility"),
        };
        report.tell(name, report.place(number), verdict);
    }
    report.finish(Vec::new())
}

fn interactive<'a>(scripts: impl Iterator<Item = &'a Script>) -> Verdict {
    let names: Vec<&str> = scripts.map(|script| script.name.as_str()).collect();
    match names.is_empty() {
        true => Verdict::dropped("none of them is here"),
        false => Verdict::approximated(format!("{}: no deadline, but the console is not theirs", names.join(", "))),
    }
}

fn facility(units: &[String]) -> Verdict {
    match units.is_empty() {
        true => Verdict::dropped("nothing of it is here"),
        false => Verdict::kept(format!("it is {}", units.join(", "))),
    }
}

/// The lines that say something. A `+` marks what need not be there, which is so with everything here.
fn lines(file: &Source) -> Vec<Line<'_>> {
    let mut lines = Vec::new();
    for (number, text) in (1..).zip(file.text.lines()) {
        let text = text.split('#').next().unwrap_or_default();
        let mut words = text.split_whitespace().map(|word| word.trim_start_matches('+'));
        lines.extend(words.next().map(|name| Line { number, name, words: words.collect() }));
    }
    lines
}
