//! insserv.conf and its fragments: which services a `$facility` is.
//!
//! They lie beside the directory of the scripts. What insserv.conf does not name is as Debian's usual one has it; fragments
//! add to either.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf, absolute};

use super::super::report::{Import, Verdict};
use super::super::sketch::Report;
use super::super::{Format, is_wanted};
use super::batch::Batch;
use super::{Script, facility};
use crate::reading::read_names;
use crate::source::Source;

const FILE: &str = "insserv.conf";
const FRAGMENTS: &str = "insserv.conf.d";
/// The directory of scripts that the files belong to.
const SCRIPTS: &str = "init.d";
/// What stands before the names of scripts that talk to somebody at the console.
const INTERACTIVE: &str = "<interactive>";

/// What all files say together.
#[derive(Default)]
pub(super) struct Conf {
    /// Facilities and what insserv.conf says that each is; both with the `$` of facilities.
    whole: BTreeMap<String, Vec<String>>,
    /// What fragments add to facilities.
    added: BTreeMap<String, Vec<String>>,
}

/// One line of a file: the name, and what it stands for.
struct Line<'a> {
    number: usize,
    name: &'a str,
    words: Vec<&'a str>,
}

/// Whether a file is one of these, and no script.
pub(super) fn is_conf(file: &Path) -> bool {
    file.file_name() == Some(OsStr::new(FILE)) || is_fragment(file)
}

fn is_fragment(file: &Path) -> bool {
    directory(file).is_some_and(|directory| directory.ends_with(FRAGMENTS))
}

/// The directory that a file is in, whole, however the file is named.
fn directory(file: &Path) -> Option<PathBuf> {
    absolute(file).ok()?.parent().map(Path::to_path_buf)
}

/// Whether a file is in a directory of scripts.
pub(in crate::import) fn is_in_scripts(file: &Path) -> bool {
    directory(file).is_some_and(|directory| directory.ends_with(SCRIPTS))
}

/// The files that belong to scripts.
pub(in crate::import) fn beside(scripts: &[PathBuf]) -> Vec<PathBuf> {
    let scripts =
        scripts.iter().filter_map(|script| directory(script)).filter(|directory| directory.ends_with(SCRIPTS));
    let mut files = Vec::new();
    for directory in scripts.filter_map(|scripts| directory(&scripts)).collect::<BTreeSet<_>>() {
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
        for file in files {
            let facilities = if is_fragment(&file.file) { &mut conf.added } else { &mut conf.whole };
            for Line { name, words, .. } in lines(file) {
                facilities.entry(name.to_owned()).or_default().extend(words.into_iter().map(str::to_owned));
            }
        }
        conf
    }

    /// The services that provide a facility where they are there, and the facilities that it takes in.
    pub(super) fn members(&self, name: &str) -> Vec<&str> {
        let usual = || facility::find(name).map_or_else(Vec::new, |usual| usual.members.to_vec());
        let whole = self.whole.get(name).map_or_else(usual, |whole| whole.iter().map(String::as_str).collect());
        let added = self.added.get(name).into_iter().flatten().map(String::as_str);
        whole.into_iter().chain(added).collect()
    }
}

/// What became of a file, now that all edges are drawn.
pub(super) fn report(file: &Source, batch: &Batch, scripts: &[Script]) -> Import {
    let mut report = Report::new(&*file.file);
    for Line { number, name, words } in lines(file) {
        let verdict = match name {
            INTERACTIVE => interactive(scripts.iter().filter(|script| script.is_called(|name| words.contains(&name)))),
            _ if name.starts_with('$') => provided(&batch.units_of(name)),
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
        false => Verdict::dropped(format!("{}: the console is not theirs", names.join(", "))),
    }
}

fn provided(units: &[String]) -> Verdict {
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
