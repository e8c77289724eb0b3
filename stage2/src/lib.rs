//! Stage 2: units become a [`graph`], the graph is what the pure [`engine`] steps through, and the [`executor`] carries
//! out what the engine asks for. [`serve`] has the two ways to run it; [`command`] is what the operator types.

// Pure: no clock, no files, no processes.
pub mod engine;
pub mod graph;
pub mod plan;

// What is asked for, and the two ways to run the engine for it.
pub mod generation;
pub mod request;
pub mod serve;

// The loop that carries actions out, and what it starts: one-shots, their native steps, services, probes.
pub mod executor;
pub mod oneshot;
pub mod readiness;
pub mod service;
pub mod steps;

// What is written, what it tells afterwards, and where everything is.
pub mod record;
pub mod system;
pub mod timeline;

// The operator's side.
pub mod command;
pub mod rehearse;
