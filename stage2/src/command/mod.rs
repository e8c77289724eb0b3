//! The operator's command, `sunup`: each verb is a file. Verbs ask and report; only the engine acts,
//! but for `step`, which does what a one-shot would, in the process of whoever asks.
//! A verb must never write anything but a request, links of bundles (`enable`), unit sets (`apply`) and its own
//! inhibitor, and never signal a process. Only `boot` and `poweroff` of a person's own tree ([`user`]) do what stages 1 and 3 do for the system.
pub mod against;
pub mod apply;
pub mod ask;
pub mod asked;
pub mod blame;
pub mod boot_log;
pub mod boots;
pub mod chart;
pub mod check;
pub mod completion;
pub mod critical_path;
pub mod diff;
pub mod enable;
pub mod failure;
pub mod follow;
pub mod import;
pub mod inhibit;
pub mod inhibitors;
pub mod json;
pub mod list;
pub mod log;
pub mod metrics;
pub mod plan;
mod progress;
pub mod rollback;
pub mod schema;
pub mod states;
pub mod status;
pub mod step;
pub mod user;
pub mod what_if;
pub mod why;
