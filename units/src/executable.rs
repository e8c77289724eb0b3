//! Whether the commands of units are there to be run, below any root directory.

use std::cell::RefCell;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Component, Path, PathBuf};

use crate::accounts::Accounts;
use crate::name::QuickMap;
use crate::text::quoted;
use crate::{Command, Condition, Diagnostic, Kind, Longrun, Program, Readiness, Severity, Unit, UnitSet};

/// Where a command without a slash is looked for: the PATH that services get where nobody says otherwise.
const SEARCH: [&str; 6] = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/// So many links are followed on the way to a file, as the kernel does.
const MOST_LINKS: usize = 40;

impl UnitSet {
    /// Commands that cannot be run below `root`, and users and groups that are not there. An absolute path is an error,
    /// a bare word a warning, because the PATH may be another. A unit that its `path` conditions would skip there is
    /// left out.
    pub fn check_commands(&self, root: &Path) -> Vec<Diagnostic> {
        let root = &Root { root, programs: RefCell::default(), paths: RefCell::default() };
        let units = self.legible().filter(|unit| unit.conditions.iter().all(|condition| root.may_hold(condition)));
        let accounts = Accounts::read(root.root);
        let missing = |unit| [self.check_unit_commands(unit, root), accounts.missing(unit, self)].concat();
        units.flat_map(missing).collect()
    }

    fn check_unit_commands<'a>(&self, unit: &'a Unit, root: &Root<'a>) -> Vec<Diagnostic> {
        let commands = match &unit.kind {
            Kind::Longrun(longrun) => [
                ("run", main_program(&longrun.program)),
                ("ready", ready_program(longrun.ready.as_ref())),
                ("reload", longrun.reload.as_ref().and_then(program)),
            ],
            Kind::Oneshot(oneshot) => [
                ("start", oneshot.start.as_ref().and_then(program)),
                ("stop", oneshot.stop.as_ref().and_then(program)),
                ("reload", oneshot.reload.as_ref().and_then(program)),
            ],
            Kind::Milestone => [("", None); 3],
        };
        let present = commands.iter().filter_map(|(key, program)| Some((*key, (*program)?)));
        let is_relative = |program: &str| program.contains('/') && !program.starts_with('/');
        let missing = present.filter_map(|(key, program)| match is_relative(program) {
            true => self.check_relative(unit, key, program, root),
            false => self.check_program(unit, key, program, root),
        });
        missing.chain(self.check_directory(unit, root)).collect()
    }

    /// A service directory must have a `run` that can be executed.
    fn check_directory(&self, unit: &Unit, root: &Root) -> Option<Diagnostic> {
        let Kind::Longrun(Longrun { program: Program::ServiceDirectory(directory), .. }) = &unit.kind else {
            return None;
        };
        // What is no path has been told already.
        let run = Some(directory).filter(|directory| directory.is_absolute())?.join("run");
        let cause = not_executable(&run, root.root)?;
        Some(self.cannot_run(unit, "servicedir", Severity::Error, &quoted(&run.to_string_lossy()), cause))
    }

    fn check_program<'a>(&self, unit: &Unit, key: &str, program: &'a str, root: &Root<'a>) -> Option<Diagnostic> {
        let (severity, cause) = root.missing(program)?;
        Some(self.cannot_run(unit, key, severity, &quoted(program), cause))
    }

    /// A path that counts from the working directory: there is nothing in a service directory but what sunup puts there.
    fn check_relative(&self, unit: &Unit, key: &str, program: &str, root: &Root) -> Option<Diagnostic> {
        let (shown, cause) = match working_directory(unit, key) {
            Some(directory) => {
                let program: PathBuf = directory.join(program).components().collect();
                (quoted(&program.to_string_lossy()), not_executable(&program, root.root)?)
            }
            // One that is no path has been told already.
            None if self.is_placed(unit, "directory") => return None,
            None => (quoted(program), "this path counts from \"directory\", which is not given"),
        };
        Some(self.cannot_run(unit, key, Severity::Error, &shown, cause))
    }

    fn cannot_run(&self, unit: &Unit, key: &str, severity: Severity, program: &str, cause: &str) -> Diagnostic {
        let place = self.place_of(unit, key);
        let message = format!("unable to run {program}: {cause}");
        Diagnostic { snippet: self.snippet(place), ..Diagnostic::new(severity, place.clone(), message) }
    }
}

/// The working directory of the command that a key of a unit has, if something can be in it.
fn working_directory<'a>(unit: &'a Unit, key: &str) -> Option<&'a Path> {
    // The engine asks by itself, outside of the unit's context.
    if key == "ready" {
        return Some(Path::new("/"));
    }
    let given = unit.kind.context().and_then(|context| context.directory.as_deref());
    given.or(match &unit.kind {
        Kind::Oneshot(_) => Some(Path::new("/")),
        Kind::Longrun(Longrun { program: Program::ServiceDirectory(directory), .. }) => Some(directory),
        Kind::Longrun(_) | Kind::Milestone => None,
    })
}

/// A root directory, and what has been looked up below it: many units have one command and one condition.
struct Root<'a> {
    root: &'a Path,
    programs: RefCell<QuickMap<&'a str, Option<(Severity, &'static str)>>>,
    paths: RefCell<QuickMap<&'a OsStr, bool>>,
}

impl<'a> Root<'a> {
    /// Whether a condition may hold; what only a running system knows may.
    fn may_hold(&self, condition: &'a Condition) -> bool {
        match condition {
            Condition::Path { path, absent } => {
                let is_there = || resolve(self.root, path).is_some();
                *self.paths.borrow_mut().entry(path.as_os_str()).or_insert_with(is_there) != *absent
            }
            Condition::Container(_) | Condition::Cmdline { .. } | Condition::User(_) => true,
        }
    }

    /// Why a program cannot be run, and how bad that is.
    fn missing(&self, program: &'a str) -> Option<(Severity, &'static str)> {
        *self.programs.borrow_mut().entry(program).or_insert_with(|| missing(program, self.root))
    }
}

/// The program of a command, or the interpreter that a script names.
fn program(command: &Command) -> Option<&str> {
    match command {
        Command::Argv(argv) => argv.first().map(String::as_str),
        Command::Script(script) => {
            Some(script.strip_prefix("#!").map_or("/bin/sh", |line| line.split_whitespace().next().unwrap_or_default()))
        }
    }
}

/// The program of a command; that of a service directory is looked at by itself.
fn main_program(main: &Program) -> Option<&str> {
    match main {
        Program::Command(command) => program(command),
        Program::ServiceDirectory(_) => None,
    }
}

fn ready_program(ready: Option<&Readiness>) -> Option<&str> {
    match ready {
        Some(Readiness::Exec { argv, .. }) => argv.first().map(String::as_str),
        _ => None,
    }
}

/// Why a program cannot be run, and how bad that is.
fn missing(program: &str, root: &Path) -> Option<(Severity, &'static str)> {
    if program.contains('/') {
        return not_executable(Path::new(program), root).map(|cause| (Severity::Error, cause));
    }
    let is_there = |directory: &&str| not_executable(&Path::new(directory).join(program), root).is_none();
    (!SEARCH.iter().any(is_there)).then_some((Severity::Warning, "not found in the PATH"))
}

fn not_executable(program: &Path, root: &Path) -> Option<&'static str> {
    let Some(file) = resolve(root, program) else { return Some("No such file or directory") };
    match fs::metadata(file) {
        Err(_) => Some("No such file or directory"),
        Ok(metadata) if !metadata.is_file() => Some("not a file"),
        Ok(metadata) if metadata.permissions().mode() & 0o111 == 0 => Some("Permission denied"),
        Ok(_) => None,
    }
}

/// The file that an absolute path means below a root, where links that begin with / begin at the root as well. `None`:
/// there is none.
fn resolve(root: &Path, path: &Path) -> Option<PathBuf> {
    let mut rest: Vec<std::ffi::OsString> = components(path);
    let mut inside = PathBuf::new();
    let mut links = 0;
    while let Some(component) = rest.pop() {
        if component == ".." {
            inside.pop();
            continue;
        }
        let here = inside.join(&component);
        match fs::read_link(root.join(&here)) {
            Err(_) => inside = here,
            Ok(target) => {
                links += 1;
                if target.has_root() {
                    inside.clear();
                }
                rest.extend(components(&target));
            }
        }
        if links > MOST_LINKS {
            return None;
        }
    }
    let file = root.join(inside);
    fs::symlink_metadata(&file).is_ok().then_some(file)
}

/// The names in a path, the last one first.
fn components(path: &Path) -> Vec<std::ffi::OsString> {
    let named = path.components().filter(|component| matches!(component, Component::Normal(_) | Component::ParentDir));
    named.map(|component| component.as_os_str().to_owned()).rev().collect()
}
