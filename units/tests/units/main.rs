//! The unit language as its users see it: files and directories in, units and complaints out.

mod build_sum;
mod bundles;
mod diagnostics;
mod files;
mod hints;
mod hostile;
mod import;
mod import_directories;
mod import_hostile;
mod import_order;
mod import_systemd;
mod limits;
mod manual;
mod overlays;
mod print;
#[path = "../../../tests/src/random.rs"]
mod prng;
mod schema;
mod sets;
mod shipped;
