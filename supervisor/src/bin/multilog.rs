//! multilog: svlog with daemontools' command line and messages. See [`supervisor::log`].
//!
//! Like daemontools' it waits on trouble instead of losing lines, and passes over actions that it does not know.
#![no_std]
#![no_main]

use core::ffi::CStr;

use supervisor::log::logger::{Logger, Settings};
use supervisor::log::script::{Dialect, Script};
use supervisor::log::trouble::say_as_multilog;
use supervisor::sys::descriptor::STDOUT;
use supervisor::sys::exec::Environment;
use supervisor::sys::files;
use supervisor::sys::message::Piece::{Errno as Why, Text as Words};
use supervisor::sys::message::{Level, Messages};
use supervisor::sys::start::Stack;

supervisor::resident!(run);

const HELP: &str = "\
usage: multilog ACTION...
Reads lines from standard input and carries out the actions for each, as daemontools' multilog does.

actions: t  -PATTERN  +PATTERN  e  =FILE  sSIZE  nNUMBER  !COMMAND  DIR; see svlog

exit codes: 0 end of input or TERM, 111 failure

example: multilog t s1000000 n20 '-*debug*' ./main
";

fn run(stack: Stack) -> i32 {
    let text = match (stack.len(), stack.argument(1).map(CStr::to_bytes)) {
        (2, Some(b"--help")) => HELP,
        (2, Some(b"--version")) => concat!("multilog (sunup) ", env!("CARGO_PKG_VERSION"), "\n"),
        _ => return log(&stack),
    };
    if STDOUT.write_all(text.as_bytes()).is_ok() { 0 } else { 111 }
}

fn log(stack: &Stack) -> i32 {
    let mut messages = Messages::new("multilog");
    let actions = (1..stack.len()).filter_map(|at| stack.argument(at));
    let Ok(script) = Script::new(actions, Dialect::Multilog) else {
        let words = [Words("out of memory (at most 64 actions, and 8 places to write to)")];
        messages.tell(b"", Level::Fatal, &words);
        return 111;
    };
    files::set_umask(0o022);
    let environment = Environment::of(stack);
    let (dialect, say) = (Dialect::Multilog, say_as_multilog);
    let settings = Settings { blocks: true, ready: None, longest: 0, dialect, say, program: "multilog", environment };
    match Logger::new(script, settings) {
        Ok(mut logger) => logger.run(),
        Err(errno) => {
            messages.tell(b"", Level::Fatal, &[Words("unable to prepare for signals: "), Why(errno)]);
            111
        }
    }
}
