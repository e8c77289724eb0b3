//! Stage 2: units become a [`graph`], the graph a [`plan`], and the [`engine`] brings it up or takes it down.

pub mod graph;

pub mod plan;

pub mod engine;

pub mod boot_log;
pub mod clock;
pub mod console;
pub mod places;
pub mod replace;
pub mod request;
pub mod request_queue;
pub mod state_file;
pub mod timeline;
pub mod cgroup;
pub mod command_lookup;
pub mod compile;
pub mod condition;
pub mod oneshot;
pub mod steps;
pub mod command;
pub mod rehearse;
pub mod executor;
pub mod readiness;
pub mod supervised_service;
pub mod target;
pub mod problems;
pub mod standalone;
pub mod supervised;
pub mod verdict;
