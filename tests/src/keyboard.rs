//! What a guest needs to change the meaning of keys on Linux' own consoles.

use std::fs;

use crate::root::remove_older;
use crate::{cache, packages};

/// The program `loadkeys`, which needs the library of all and no other. Fetched once a day.
pub fn loadkeys() -> Vec<u8> {
    let directory = cache::once(&format!("keyboard-{}", cache::today()), |path| {
        remove_older("keyboard-");
        fs::create_dir(path).expect("a directory for the program");
        packages::unpack(&["kbd".to_owned()], path);
    });
    fs::read(directory.join("bin/loadkeys")).expect("loadkeys")
}
