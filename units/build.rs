//! Tells the crate what it is made of, so that what one build has kept of checked units is nothing to another.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{fs, io};

/// What decides what becomes of a unit: the rules; the names of signals and capabilities; the versions of the parser and
/// of everything else. Where the package lies by itself the last two are not there, and its own version stands for them.
const PARTS: [&str; 3] = ["src", "../supervisor/src", "../Cargo.lock"];

fn main() -> io::Result<()> {
    let package = Path::new("");
    // cargo would take a file that is not there for one that has changed.
    for part in PARTS.iter().filter(|part| package.join(part).exists()) {
        println!("cargo:rerun-if-changed={part}");
    }
    println!("cargo:rustc-env=UNITS_SOURCES={:016x}", sum(package)?);
    Ok(())
}

/// A sum of the names and texts of all files of the parts.
pub(crate) fn sum(package: &Path) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    for part in PARTS {
        let mut files = BTreeMap::new();
        collect(&package.join(part), Path::new(part), &mut files)?;
        files.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// All files at or below a path, if it is there, by the names that they are to have.
fn collect(path: &Path, name: &Path, files: &mut BTreeMap<PathBuf, Vec<u8>>) -> io::Result<()> {
    if path.is_dir() {
        for entry in fs::read_dir(path)? {
            let file = entry?.file_name();
            collect(&path.join(&file), &name.join(&file), files)?;
        }
    } else if path.exists() {
        files.insert(name.into(), fs::read(path)?);
    }
    Ok(())
}
