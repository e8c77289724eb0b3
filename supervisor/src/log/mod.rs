//! svlog: reads lines and appends the selected ones to rotated logs, as multilog does.
//!
//! It never allocates and never loses a line in a rotation. Without `-b` it never holds up who writes to it, either: on
//! trouble with a disk it drops lines and says how many.

pub mod directory;
pub mod input;
pub mod logger;
pub mod old_files;
pub mod orders;
pub mod output;
pub mod pattern;
pub mod processor;
pub mod script;
pub mod sink;
pub mod status_file;
pub mod trouble;
