//! The operator's command, `sunup`: each verb is a file. Verbs ask and report; only the engine acts.
//! A verb must never write anything but a request, and never signal a process.
pub mod against;
pub mod ask;
pub mod boot_log;
pub mod check;
pub mod critical_path;
pub mod enable;
pub mod failure;
pub mod follow;
pub mod import;
pub mod list;
pub mod plan;
mod progress;
pub mod schema;
pub mod states;
pub mod status;
