//! The ground floor of sunup: what the resident programs and everyone who talks to them share.
//!
//! Three things live here. The *contract*: names of files, the status record, control letters. The *system-call
//! layer* [`sys`], the only place in the project with `unsafe`. And the *machines* of the resident programs, pure
//! where that is possible.
//!
//! The library is `no_std` and never allocates, because process 1 links it. It imports nothing else of ours.
#![cfg_attr(not(test), no_std)]

pub mod control;
pub mod ended;
pub mod help;
pub mod json;
pub mod line;
pub mod log;
pub mod login;
pub mod namespace;
pub mod octal;
pub mod paths;
pub mod restart;
pub mod scanner;
pub mod settings;
pub mod state;
pub mod status;
pub mod supervise;
pub mod sys;
pub mod tai;
