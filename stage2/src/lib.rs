//! Stage 2: units become a [`graph`], the graph is what the pure [`engine`] steps through, and the [`executor`] carries
//! out what the engine asks for. [`supervised`] and [`standalone`] are the two ways to run it; [`command`] is what the
//! operator types.

// Pure: no clock, no files, no processes.
pub mod engine;
pub mod graph;
pub mod plan;

// What is asked for by name, and whether it got there.
pub mod problems;
pub mod request;
pub mod request_queue;
pub mod target;
pub mod verdict;

// The loop that carries actions out, and what it works with.
pub mod cgroup;
pub mod command_lookup;
pub mod compile;
pub mod condition;
pub mod executor;
pub mod oneshot;
pub mod readiness;
pub mod steps;
pub mod supervised_service;

// What is written for people and for the successor.
pub mod boot_log;
pub mod clock;
pub mod console;
pub mod places;
pub mod replace;
pub mod state_file;
pub mod timeline;

// Ways to run it.
pub mod command;
pub mod rehearse;
pub mod standalone;
pub mod supervised;
