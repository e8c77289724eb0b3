//! `servicedir`: a service directory of somebody's own, linked in file by file.
//!
//! Not as a whole: `supervise/` must stay where the engine and stage 3 look for it, keep its inode, and lie in a file
//! system that can be written. So each file is a link of its own, and what they say of themselves (`./run`, `./env`)
//! holds; `..` is another directory than in the original.

use std::fs;
use std::io;
use std::path::Path;

use supervisor::paths::service;

use super::directory::ServiceDirectory;

/// Whoever supervises it makes these; `down` would only contradict the bundle that the unit is in.
const LEFT_OUT: [&str; 3] = [service::SUPERVISE, EVENT, service::DOWN];
/// FIFOs of whoever listens.
const EVENT: &str = "event";
/// Directories into which we may have to put something: their files are linked one by one.
const OPENED: [&str; 3] = [service::LOG, "data", "control"];

/// Links to everything in a directory.
pub fn linked(source: &Path) -> io::Result<ServiceDirectory> {
    let mut directory = ServiceDirectory::EMPTY;
    for name in names(source)? {
        let path = source.join(&name);
        if OPENED.contains(&name.as_str()) && path.is_dir() {
            for inner in names(&path)? {
                directory.link(&format!("{name}/{inner}"), path.join(&inner));
            }
        } else {
            directory.link(&name, path);
        }
    }
    Ok(directory)
}

/// The names that are linked, in order. A name that is no text is nothing that a service directory could have.
fn names(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        let Ok(name) = entry?.file_name().into_string() else { continue };
        if !name.starts_with('.') && !LEFT_OUT.contains(&name.as_str()) {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}
