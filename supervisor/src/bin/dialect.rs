//! The commands of s6 and runit, each by the name that a link gives: what scripts call, in front of our own programs.
//!
//! Words and exit codes are those of s6 2.15 and runit 2.1. Each command either becomes one of our programs, its options
//! translated, or speaks to a supervise or scanner by the same code as svc, svstat, svwait and svscanctl.
#![cfg_attr(not(test), no_main)]

#[allow(dead_code, reason = "each of these is whole; what only our own commands say is not said here")]
mod client {
    pub mod account;
    pub mod announces;
    pub mod calendar;
    pub mod chain;
    pub mod command_line;
    pub mod environment_directory;
    pub mod error_text;
    pub mod fifo;
    pub mod file_lock;
    pub mod getopt;
    pub mod goal;
    pub mod group;
    pub mod limit;
    pub mod multicall;
    pub mod native;
    pub mod ok;
    pub mod options;
    pub mod record;
    pub mod report;
    pub mod scan_control;
    pub mod signal_letter;
    pub mod variable;
    pub mod wait;
    pub mod zone;
    pub mod zone_rule;
}
mod log {
    pub mod directory;
    pub mod expression;
    pub mod expression_syntax;
    pub mod source;
    pub mod stamp;
}
mod runit {
    pub mod chpst;
    pub mod chpst_names;
    pub mod pair;
    pub mod runsv;
    pub mod runsvdir;
    pub mod svlogd;
    pub mod svlogd_config;
}
mod s6 {
    pub mod become_program;
    pub mod envdir;
    pub mod line;
    pub mod log;
    pub mod log_script;
    pub mod say;
    pub mod setuidgid;
    pub mod supervise;
    pub mod svc;
    pub mod svok;
    pub mod svscan;
    pub mod svscanctl;
    pub mod svstat;
    pub mod svwait;
}

use client::multicall::{self, Command};
use std::ffi::OsString;

const HELP: &str = "\
usage: dialect COMMAND [ARGUMENT...]
Does what COMMAND of s6 or runit does. By a link named COMMAND it does so without the word.

commands: s6-svscan s6-supervise s6-svc s6-svstat s6-svwait s6-svscanctl s6-svok s6-log s6-setuidgid s6-envdir
          runsv pair runsvdir chpst svlogd; as chpst by another name: setuidgid envuidgid envdir pgrphack setlock softlimit

exit codes: the command's; 100 no such command

example: ln -s dialect s6-svc; ./s6-svc -wD -d /run/sunup/scan/sshd
";

const COMMANDS: [(&str, Command); 15] = [
    (s6::svscan::NAME, s6::svscan::run),
    (s6::supervise::NAME, s6::supervise::run),
    (s6::svc::NAME, s6::svc::run),
    (s6::svstat::NAME, s6::svstat::run),
    (s6::svwait::NAME, s6::svwait::run),
    (s6::svscanctl::NAME, s6::svscanctl::run),
    (s6::svok::NAME, s6::svok::run),
    (s6::log::NAME, s6::log::run),
    (s6::setuidgid::NAME, s6::setuidgid::run),
    (s6::envdir::NAME, s6::envdir::run),
    (runit::runsv::NAME, runit::runsv::run),
    (runit::pair::NAME, runit::pair::run),
    (runit::runsvdir::NAME, runit::runsvdir::run),
    (runit::chpst::NAME, runit::chpst::run),
    (runit::svlogd::NAME, runit::svlogd::run),
];

#[cfg(not(test))]
supervisor::bare_main!(run);

#[cfg_attr(test, allow(dead_code))]
fn run() -> i32 {
    let words: Vec<OsString> = std::env::args_os().collect();
    let commands = [&COMMANDS[..], &runit::chpst_names::COMMANDS].concat();
    multicall::run("dialect", HELP, &commands, &words)
}
