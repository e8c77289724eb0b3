//! What we keep on disk from boot to boot is whole, whenever the power goes.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::root;

/// Bytes of a random seed.
const SEED: usize = 512;

/// Fails unless each file below VAR, and the boot counter if there is one, is either not there or whole. Drafts, which
/// have dot names, may be anything; so may the cache of units, which has checksums, and the clock's stamp, which is empty.
pub fn assert_whole(var: &Path, boot_state: &Path) {
    if let Ok(text) = fs::read_to_string(boot_state) {
        assert_json(boot_state, &text);
    }
    for path in files(var) {
        let name = path.strip_prefix(var).expect("a path below VAR").to_string_lossy().into_owned();
        let content = fs::read(&path).unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = String::from_utf8_lossy(&content);
        match name.split('/').next().unwrap_or_default() {
            "durations" => assert_json(&path, &text),
            "boots" => {
                assert!(text.ends_with('\n'), "{name}: no whole line at its end: {text:?}");
                text.lines().for_each(|line| assert_json(&path, line));
            }
            "generations" => assert_unit(&path, &content),
            "random-seed" | "random-seed.weak" => assert_eq!(content.len(), SEED, "{name}"),
            "clock" | "units.cache" => {}
            _ => panic!("nobody has said what {name} is to be"),
        }
    }
}

fn assert_json(path: &Path, text: &str) {
    let parsed: Result<Value, _> = serde_json::from_str(text);
    assert!(parsed.is_ok(), "{}: {parsed:?} in {text:?}", path.display());
}

/// A unit kept in a generation is the one that was installed, or has a text at least.
fn assert_unit(path: &Path, content: &[u8]) {
    let name = path.file_name().expect("a file's name");
    assert!(!content.is_empty(), "{}: empty", path.display());
    if let Ok(installed) = fs::read(root::installed().join("usr/lib/sunup/units").join(name)) {
        assert!(content == installed, "{}: not as it was installed", path.display());
    }
}

/// Every file below a directory whose path has no dot name in it. Links are none.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(directory) = waiting.pop() {
        for entry in fs::read_dir(&directory).into_iter().flatten().filter_map(Result::ok) {
            let kind = entry.file_type().expect("the kind of a file");
            match entry.file_name().as_encoded_bytes() {
                [b'.', ..] => {}
                _ if kind.is_dir() => waiting.push(entry.path()),
                _ if kind.is_file() => files.push(entry.path()),
                _ => {}
            }
        }
    }
    files
}
