//! `modules`: what modules-load.d and /etc/modules name.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::error::Trying;
use super::failures::Failures;
use super::root::Root;
use super::{StepError, fragments, guard, program};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Module {
    /// `FILE:LINE`.
    place: String,
    /// Its name, and options perhaps.
    words: Vec<String>,
}

pub(super) fn run(root: &Root) -> Result<(), StepError> {
    guard::machine()?;
    let mut files: Vec<PathBuf> = vec![root.path("/etc/modules")];
    files.extend(fragments::list(root, "modules-load.d"));
    let mut failures = Failures::default();
    let mut modules = Vec::new();
    for file in files {
        match fs::read(&file) {
            Ok(bytes) => parse(&mut modules, &file.display().to_string(), &String::from_utf8_lossy(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => failures.note::<()>(Err(error).trying(format_args!("read {}", file.display()))),
        }
    }
    modules.retain(|module| root.does(format_args!("load the module {}", module.words.join(" "))));
    load(&modules, &mut failures, |words| program::run_well("modprobe", words));
    failures.finish()
}

/// All that need no options at once; if that fails, one by one, so that it is known which. Blacklisted modules are not
/// loaded.
fn load(modules: &[Module], failures: &mut Failures, modprobe: impl Fn(&[&str]) -> Result<(), StepError>) {
    let plain: Vec<&str> = modules.iter().filter(|m| m.words.len() == 1).flat_map(Module::words).collect();
    let are_loaded = plain.is_empty() || modprobe(&[&["-a", "-b", "-q"], &plain[..]].concat()).is_ok();
    for module in modules.iter().filter(|module| !are_loaded || module.words.len() > 1) {
        let words: Vec<&str> = ["-b", "-q"].into_iter().chain(module.words()).collect();
        failures.note(modprobe(&words).map_err(|error| error.at(&module.place)));
    }
}

impl Module {
    fn words(&self) -> impl Iterator<Item = &str> {
        self.words.iter().map(String::as_str)
    }
}

/// Adds a file's modules, one a line, with options perhaps; each once.
fn parse(modules: &mut Vec<Module>, file: &str, text: &str) {
    for (at, line) in text.lines().map(str::trim).enumerate() {
        let words: Vec<String> = line.split_ascii_whitespace().map(str::to_owned).collect();
        if !line.is_empty() && !line.starts_with(['#', ';']) && modules.iter().all(|module| module.words != words) {
            modules.push(Module { place: format!("{file}:{}", at + 1), words });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    /// Comments are left out, options stay with their module, and of the same line the first counts.
    #[test]
    fn lines() {
        let mut modules = Vec::new();
        parse(&mut modules, "a", "# no\n;no\n loop \n\nlp debug=1\nloop\n");
        parse(&mut modules, "b", "loop\nvfat\n");
        let found: Vec<String> = modules.iter().map(|m| format!("{} {}", m.place, m.words.join(" "))).collect();
        assert_eq!(found, ["a:3 loop", "a:5 lp debug=1", "b:2 vfat"]);
    }

    /// What is good costs one call; of what is not the line is named.
    #[test]
    fn loading() {
        let calls = RefCell::new(Vec::new());
        let modprobe = |words: &[&str]| {
            calls.borrow_mut().push(words.join(" "));
            if words.contains(&"bad") { Err(StepError::plain("no")) } else { Ok(()) }
        };
        let check = |text: &str, expected: &[&str]| {
            let (mut modules, mut failures) = (Vec::new(), Failures::default());
            parse(&mut modules, "f", text);
            load(&modules, &mut failures, modprobe);
            assert_eq!(calls.take(), expected);
            failures.finish().map_err(|error| error.to_string())
        };
        assert_eq!(check("a\nb x=1\nc\n", &["-a -b -q a c", "-b -q b x=1"]), Ok(()));
        assert_eq!(check("a\nbad\n", &["-a -b -q a bad", "-b -q a", "-b -q bad"]), Err("f:2: no".to_owned()));
    }
}
