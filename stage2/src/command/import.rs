//! `sunup import`: units from what another init system was told, each directive rated.

use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use units::Diagnostic;
use units::import::{Directive, Fate, Format, Import, Imported, import};

use super::failure::{Failure, Outcome};

/// What its help says beside the options.
pub const EXAMPLES: &str = "Examples:
  sunup import lsb /etc/init.d/ssh                 the unit, and what became of each line of the header
  sunup import lsb /etc/init.d -o /etc/sunup/units units of all scripts, with links for their bundles
  sunup import systemd -o units /etc/systemd/system /lib/systemd/system
                                                   the first of two files with one name counts
  sunup import runit /etc/sv --json | jq '.imports[].decisions'

Exit codes: 0 every unit can be used as it is, 1 somebody must decide something, or not everything
was read or written, 100 usage or no such path, 111 system failure. What is dropped of a unit is in
the report and changes no exit code.";

/// What is asked.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The format's word.
    pub format: String,
    /// Files, service directories, and directories of them.
    pub paths: Vec<PathBuf>,
    /// Where the units go; none: standard output.
    pub output: Option<PathBuf>,
    /// The report as JSON.
    pub json: bool,
}

/// Imports, and writes units and report. Exit 1 if somebody must decide something, or something was not imported.
pub fn run(asked: &Asked, out: &mut dyn Write) -> Outcome {
    let format = Format::ALL.iter().find(|(_, word)| *word == asked.format);
    let Some((format, _)) = format else { return Err(Failure::usage(format!("no format {}", asked.format))) };
    if let Some(absent) = asked.paths.iter().find(|path| !path.exists()) {
        return Err(Failure::usage(format!("{} does not exist", absent.display())));
    }
    let (imports, unreadable) = import(*format, &asked.paths);
    let units: Vec<&Imported> = imports.iter().flat_map(|import| &import.units).collect();
    let mut untouched = Vec::new();
    if let Some(directory) = &asked.output {
        untouched = write_units(directory, &units).map_err(|(what, e)| Failure::unable(what, e))?;
    }
    let report = match asked.json {
        true => format!("{:#}\n", json_report(&imports, &unreadable, &untouched)),
        false => text_report(&imports, &unreadable, &untouched),
    };
    write_report(asked, &units, &report, out).map_err(|e| Failure::unable("write", e))?;
    let is_open = imports.iter().any(|import| !import.decisions.is_empty());
    Ok(u8::from(is_open || !unreadable.is_empty() || !untouched.is_empty()))
}

/// The report is what is asked for, unless the units themselves go to standard output.
fn write_report(asked: &Asked, units: &[&Imported], report: &str, out: &mut dyn Write) -> io::Result<()> {
    if asked.output.is_some() || asked.json {
        return out.write_all(report.as_bytes());
    }
    let documents: Vec<String> = units.iter().map(|unit| format!("name: \"{}\"\n{}", unit.name, unit.text)).collect();
    out.write_all(documents.join("---\n").as_bytes())?;
    io::stderr().write_all(report.as_bytes())
}

/// Writes `NAME.yaml` and the links of `bundles/`; what is there and differs stays as it is, and comes back.
fn write_units(directory: &Path, units: &[&Imported]) -> Result<Vec<PathBuf>, (String, io::Error)> {
    let at = |path: &Path| {
        let what = format!("write {}", path.display());
        move |error| (what, error)
    };
    fs::create_dir_all(directory).map_err(at(directory))?;
    let mut untouched = Vec::new();
    for unit in units {
        let path = directory.join(format!("{}.yaml", unit.name));
        match fs::read(&path) {
            Ok(old) if old != unit.text.as_bytes() => untouched.push(path.clone()),
            Ok(_) => {}
            Err(_) => {
                let mut file = fs::File::create_new(&path).map_err(at(&path))?;
                file.write_all(unit.text.as_bytes()).map_err(at(&path))?;
            }
        }
        for bundle in &unit.bundles {
            let link = directory.join("bundles").join(bundle).join(format!("{}.yaml", unit.name));
            add_link(&link, Path::new(&format!("../../{}.yaml", unit.name))).map_err(at(&link))?;
        }
    }
    Ok(untouched)
}

fn add_link(link: &Path, target: &Path) -> io::Result<()> {
    fs::create_dir_all(link.parent().unwrap_or(Path::new(".")))?;
    match symlink(target, link) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        outcome => outcome,
    }
}

fn text_report(imports: &[Import], unreadable: &[Diagnostic], untouched: &[PathBuf]) -> String {
    let mut text = String::new();
    for import in imports {
        let units: Vec<&str> = import.units.iter().map(|unit| unit.name.as_str()).collect();
        let units = if units.is_empty() { "no unit".into() } else { units.join(", ") };
        text += &format!("{}: {units}\n", import.source.display());
        for Directive { name, place, fate, reason } in &import.directives {
            text += &format!("  {fate:12}  {name}: {reason} ({place})\n");
        }
        for decision in &import.decisions {
            text += &format!("  {:12}  {} ({})\n", "decide", decision.text, decision.place);
        }
    }
    for diagnostic in unreadable {
        text += &format!("{diagnostic}\n");
    }
    for path in untouched {
        text += &format!("{}: is there and differs: left as it is\n", path.display());
    }
    let count =
        |fate: Fate| imports.iter().flat_map(|import| &import.directives).filter(|one| one.fate == fate).count();
    let decisions: usize = imports.iter().map(|import| import.decisions.len()).sum();
    let units: usize = imports.iter().map(|import| import.units.len()).sum();
    text += &format!(
        "{} sources, {units} units; {} directives kept, {} approximated, {} dropped; {decisions} to decide\n",
        imports.len(),
        count(Fate::Kept),
        count(Fate::Approximated),
        count(Fate::Dropped),
    );
    text
}

fn json_report(imports: &[Import], unreadable: &[Diagnostic], untouched: &[PathBuf]) -> Value {
    let imports: Vec<Value> = imports
        .iter()
        .map(|import| {
            let units = import.units.iter().map(|unit| {
                json!({"unit": unit.name.as_str(), "text": unit.text, "sound": unit.unit.is_some(), "bundles": unit.bundles})
            });
            let directives = import.directives.iter().map(|one| {
                json!({"name": one.name, "place": one.place.to_string(), "fate": one.fate.to_string(), "reason": one.reason})
            });
            let decisions = import.decisions.iter().map(|one| json!({"place": one.place.to_string(), "text": one.text}));
            json!({"source": import.source.display().to_string(), "units": units.collect::<Vec<_>>(),
                   "directives": directives.collect::<Vec<_>>(), "decisions": decisions.collect::<Vec<_>>()})
        })
        .collect();
    let unreadable: Vec<String> = unreadable.iter().map(Diagnostic::summary).collect();
    let untouched: Vec<String> = untouched.iter().map(|path| path.display().to_string()).collect();
    json!({"v": 1, "imports": imports, "unreadable": unreadable, "untouched": untouched})
}
