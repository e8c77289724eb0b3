//! supervise: keeps services running. See `supervisor::supervise`.
#![no_std]
#![no_main]

supervisor::resident!(supervisor::supervise::run::run);
