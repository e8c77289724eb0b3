//! svscan: the scanner, good as process 1. See `supervisor::scanner`.
#![no_std]
#![no_main]

supervisor::resident!(supervisor::scanner::run::run);
