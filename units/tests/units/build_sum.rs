//! The sum of what the crate is made of, by which the cache of one build is told from another's.

use std::fs;
use std::path::Path;

#[allow(dead_code, reason = "main is cargo's")]
#[path = "../../build.rs"]
mod build;

/// The sum is another one after a change of anything that units are checked by, the same wherever the sources lie, and
/// there is one of a package that lies by itself.
#[test]
fn whatever_units_are_checked_by_counts() {
    const FILES: [&str; 4] =
        ["units/src/lib.rs", "units/src/unit/check.rs", "supervisor/src/sys/capability.rs", "Cargo.lock"];
    let tree = |files: &[(&str, &str)]| {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        build::sum(&directory.path().join("units")).unwrap()
    };
    let files = FILES.map(|name| (name, "old"));
    let sum = tree(&files);
    assert_eq!(tree(&files), sum);
    for index in 0..files.len() {
        let mut changed = files;
        changed[index].1 = "new";
        assert_ne!(tree(&changed), sum, "{}", FILES[index]);
    }
    assert_ne!(tree(&files[..2]), sum);
    assert_ne!(build::sum(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap(), sum);
}
