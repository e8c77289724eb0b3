//! Importers: what other init systems were told → units of ours, with a report on every directive.
//!
//! They read files and run nothing. They never panic and never hang on any input, and they never leave a directive of
//! the source out of the report. What comes out is the text of units that our own parser accepts; what it cannot say is
//! told as dropped, and what somebody must decide as a decision.

#[cfg(test)]
mod documented;
mod inittab;
pub(crate) mod lsb;
mod openrc;
mod report;
mod s6_rc;
mod service_directory;
mod shell;
mod sketch;
pub(crate) mod systemd;
pub(crate) mod world;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

pub use report::{Decision, Directive, Fate, Import, Imported};

use crate::source::{Source, cause};
use crate::{Diagnostic, Place, Severity};

/// The formats that can be imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// LSB scripts, as in /etc/init.d.
    Lsb,
    /// sysvinit's /etc/inittab.
    Inittab,
    /// systemd's unit files.
    Systemd,
    /// OpenRC's init.d scripts.
    Openrc,
    /// runit's service directories.
    Runit,
    /// s6-rc's source directories.
    S6Rc,
    /// daemontools' service directories.
    Daemontools,
}

impl Format {
    /// Every format with its word.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Lsb, "lsb"),
        (Self::Inittab, "inittab"),
        (Self::Systemd, "systemd"),
        (Self::Openrc, "openrc"),
        (Self::Runit, "runit"),
        (Self::S6Rc, "s6-rc"),
        (Self::Daemontools, "daemontools"),
    ];

    /// Its word.
    fn word(self) -> &'static str {
        Self::ALL.iter().find(|(format, _)| *format == self).map_or("", |(_, word)| word)
    }

    /// Whether one source is a directory rather than a file.
    fn is_directory(self) -> bool {
        matches!(self, Self::Runit | Self::S6Rc | Self::Daemontools)
    }
}

/// Imports files, service directories, and directories of them. What is imported together refers to each other by name.
/// With it comes what could not be read.
pub fn import(format: Format, paths: &[PathBuf]) -> (Vec<Import>, Vec<Diagnostic>) {
    let mut unreadable = Vec::new();
    let mut sources: Vec<PathBuf> = paths.iter().flat_map(|path| expand(format, path, &mut unreadable)).collect();
    if format.is_directory() {
        let imports = match format {
            Format::S6Rc => s6_rc::import(&sources, &mut unreadable),
            Format::Runit => service_directory::import(service_directory::Dialect::Runit, &sources, &mut unreadable),
            _ => service_directory::import(service_directory::Dialect::Daemontools, &sources, &mut unreadable),
        };
        return (imports, unreadable);
    }
    if format == Format::Lsb {
        let known: Vec<PathBuf> = sources.iter().flat_map(std::path::absolute).collect();
        let is_known = |file: &PathBuf| std::path::absolute(file).is_ok_and(|file| known.contains(&file));
        sources.extend(lsb::beside(&sources).into_iter().filter(|file| !is_known(file)));
    }
    let read = |path: &PathBuf| read_file(format, path).map_err(|error| unreadable.push(error)).ok();
    let files: Vec<Source> = sources.iter().filter_map(read).collect();
    let imports = match format {
        Format::Lsb => lsb::import(&files),
        Format::Inittab => files.iter().map(inittab::import).collect(),
        Format::Openrc => openrc::import(&files),
        _ => {
            let directories: Vec<PathBuf> = paths.iter().filter(|path| path.is_dir()).cloned().collect();
            systemd::import(&files, &directories, &mut unreadable)
        }
    };
    (imports, unreadable)
}

/// Whether a file is an init script by itself: it has an LSB header, or it is a program in a directory of init scripts.
pub(crate) fn is_init_script(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let has_header = || read_file(Format::Lsb, path).is_ok_and(|source| lsb::has_header(&source));
    is_wanted(Format::Lsb, &name) && ((is_program(path) && lsb::is_in_scripts(path)) || has_header())
}

/// Whether a path is a file that can be executed.
pub(crate) fn is_program(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

/// Imports texts as if they had been read from these paths; for formats whose sources are files.
pub fn import_texts(format: Format, texts: &[(&Path, &[u8])]) -> Vec<Import> {
    let files: Vec<Source> = texts.iter().filter_map(|(path, text)| lenient(path, text.to_vec()).ok()).collect();
    match format {
        Format::Lsb => lsb::import(&files),
        Format::Inittab => files.iter().map(inittab::import).collect(),
        Format::Openrc => openrc::import(&files),
        Format::Systemd => systemd::import(&files, &[], &mut Vec::new()),
        Format::Runit | Format::S6Rc | Format::Daemontools => Vec::new(),
    }
}

/// Imports directories, each with the names in it; what cannot be read is told.
fn directories(
    sources: &[PathBuf],
    unreadable: &mut Vec<Diagnostic>,
    mut one: impl FnMut(&Path, &[String]) -> Import,
) -> Vec<Import> {
    let mut imports = Vec::new();
    for source in sources {
        match crate::reading::read_names(source) {
            Ok(names) => imports.push(one(&fs::canonicalize(source).unwrap_or_else(|_| source.clone()), &names)),
            Err(error) => unreadable.push(cannot_read(source, &error)),
        }
    }
    imports
}

fn cannot_read(path: &Path, error: &std::io::Error) -> Diagnostic {
    Diagnostic::new(Severity::Error, Place::whole(path), format!("unable to read: {}", cause(error)))
}

/// A path is a source itself, or a directory of sources.
fn expand(format: Format, path: &Path, unreadable: &mut Vec<Diagnostic>) -> Vec<PathBuf> {
    let is_source = |path: &Path| match format {
        Format::Runit | Format::Daemontools => path.join("run").exists() || path.join("down").exists(),
        Format::S6Rc => path.join("type").exists(),
        _ => !path.is_dir(),
    };
    if is_source(path) {
        return vec![path.into()];
    }
    match crate::reading::read_names(path) {
        Ok(names) => {
            let inside = names.iter().filter(|name| is_wanted(format, name)).map(|name| path.join(name));
            let sources: Vec<PathBuf> = inside.filter(|path| is_source(path) && !is_other_name(format, path)).collect();
            let has_none = sources.is_empty() && !names.iter().any(|name| name.ends_with(".d"));
            let nothing = || format!("nothing in it is of {}", format.word());
            unreadable.extend(has_none.then(|| Diagnostic::new(Severity::Error, Place::whole(path), nothing())));
            sources
        }
        Err(error) => {
            unreadable.push(cannot_read(path, &error));
            Vec::new()
        }
    }
}

/// Whether a link in a directory of systemd's units is only another name of one: not an instance, and not masked.
fn is_other_name(format: Format, path: &Path) -> bool {
    let target =
        || fs::read_link(path).ok().and_then(|target| Some(target.file_name()?.to_string_lossy().into_owned()));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format == Format::Systemd
        && target().is_some_and(|target| target != name && target != "null" && !target.contains("@."))
}

/// Whether a file in a directory of sources is one by its name: packagers and editors leave others there.
fn is_wanted(format: Format, name: &str) -> bool {
    let is_leftover =
        name.ends_with('~') || [".dpkg-", ".rpm", ".orig", ".bak", ".swp"].iter().any(|end| name.contains(end));
    match format {
        Format::Systemd => systemd::SUFFIXES.iter().any(|suffix| name.ends_with(suffix)),
        _ => !is_leftover && name != "README",
    }
}

fn read_file(format: Format, path: &Path) -> Result<Source, Diagnostic> {
    // systemd takes a link to /dev/null for an empty file.
    if format == Format::Systemd && fs::canonicalize(path).is_ok_and(|target| target == Path::new("/dev/null")) {
        return lenient(path, Vec::new());
    }
    Source::read(path).or_else(|error| match fs::metadata(path) {
        // A script may hold bytes that no unit may; what is imported from it is checked afterwards.
        Ok(metadata) if metadata.is_file() && metadata.len() <= LARGEST => match fs::read(path) {
            Ok(bytes) => lenient(path, bytes),
            Err(_) => Err(error),
        },
        _ => Err(error),
    })
}

/// The largest source in bytes.
const LARGEST: u64 = 1 << 20;

fn lenient(path: &Path, bytes: Vec<u8>) -> Result<Source, Diagnostic> {
    if bytes.len() as u64 > LARGEST {
        return Err(Diagnostic::new(
            Severity::Error,
            Place::whole(path),
            "larger than any source that can be imported",
        ));
    }
    Ok(Source { file: path.into(), text: String::from_utf8_lossy(&bytes).into() })
}
