//! svscan: a supervise for every service directory that a directory links to; good as process 1.
//!
//! It scans, spawns and reaps. It must never exit as process 1, never block and never allocate: the table of entries
//! grows in pages of its own, and an entry that finds no room is tried again.

mod adopt;
mod children;
mod directory;
mod entry;
mod followed;
mod names;
mod obey;
mod options;
mod orders;
mod record;
pub mod run;
mod table;
