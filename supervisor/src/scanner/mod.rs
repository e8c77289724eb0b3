//! svscan: a supervise for every service directory that a directory links to; good as process 1.
//!
//! It scans, spawns and reaps. It must never exit as process 1, never block and never allocate: the table of entries
//! grows in pages of its own, and an entry that finds no room is tried again.

mod adopt;
mod batch;
mod children;
mod directory;
mod entry;
mod followed;
mod group;
mod launch;
mod limits;
mod obey;
mod options;
mod orders;
mod orphans;
mod reach;
mod recent;
mod record;
mod report;
pub mod run;
mod stop;
mod stray;
mod table;
mod takeover;
mod turn;
mod visit;
mod walk;
