//! Units that say something, and what they said.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::system::{System, until};

/// What ends the words of a script that goes on.
const END: &str = "end of words";

/// A longrun that runs a script with these keys, and then sleeps. What it says is in a log of its own.
pub fn longrun(keys: &str, script: &str) -> String {
    format!("kind: longrun\nrun: |\n{}  echo {END}\n  exec sleep 1000\nlog: {{size: 64K}}\n{keys}", indented(script))
}

/// The same as a one-shot, whose words are in ROOT/out/NAME.
pub fn oneshot(name: &str, keys: &str, script: &str) -> String {
    format!("kind: oneshot\nstart: |\n  exec >ROOT/out/{name}\n{}{keys}", indented(script))
}

fn indented(script: &str) -> String {
    script.lines().map(|line| format!("  {line}\n")).collect()
}

/// A system with a directory that everybody may write to.
pub fn system(units: &[(&str, String)]) -> System {
    let units: Vec<(&str, &str)> = units.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let system = System::new(&units);
    fs::create_dir(system.path("out")).unwrap();
    fs::set_permissions(system.path("out"), fs::Permissions::from_mode(0o777)).unwrap();
    system
}

/// Brings everything up.
pub fn boot(system: &System) {
    let result = system.stage2("default");
    let told = format!("{}{}", String::from_utf8_lossy(&result.stdout), String::from_utf8_lossy(&result.stderr));
    assert_eq!(result.status.code(), Some(0), "{told}");
}

/// The lines of a longrun's log, without their times.
pub fn logged(system: &System, unit: &str) -> Vec<String> {
    let log = system.lines(&format!("log/{unit}/current"));
    log.iter().filter_map(|line| line.split_once(' ')).map(|(_, text)| text.to_owned()).collect()
}

/// What a longrun of [`longrun`] has said, once it is all there.
pub fn words(system: &System, unit: &str) -> String {
    until(&format!("the words of {unit}"), || logged(system, unit).iter().any(|line| line == END));
    logged(system, unit).into_iter().take_while(|line| line != END).collect::<Vec<_>>().join("\n")
}

/// Only root can ask for what this test is about; others skip it loudly.
pub fn is_root() -> bool {
    let is_root = nix::unistd::Uid::effective().is_root();
    if !is_root {
        crate::skip::skip("needs root");
    }
    is_root
}
