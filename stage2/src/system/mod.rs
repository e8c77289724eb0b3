//! The machine as it is found: clocks, directories, files, control groups, commands. Nothing here knows of the engine.

pub mod cgroup;
pub mod cgroup_values;
pub mod clock;
pub mod command_lookup;
pub mod condition;
pub mod descriptors;
pub mod execution;
pub mod look;
pub mod places;
pub mod processors;
pub mod replace;
pub mod scout;
