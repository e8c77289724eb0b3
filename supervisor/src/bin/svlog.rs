//! svlog: the logger. See [`supervisor::log`].
#![no_std]
#![no_main]

use core::ffi::CStr;

use supervisor::log::logger::{Logger, Settings};
use supervisor::log::script::{Dialect, Refusal, Script};
use supervisor::log::trouble::say_as_svlog;
use supervisor::sys::descriptor::{Owned, STDOUT};
use supervisor::sys::exec::Environment;
use supervisor::sys::files;
use supervisor::sys::message::Piece::{Errno as Why, Name, Text as Words};
use supervisor::sys::message::{Level, Messages};
use supervisor::sys::start::Stack;
use supervisor::sys::text::parse_number;

supervisor::resident!(run);

const HELP: &str = "\
usage: svlog [-b] [-d FD] [-l LENGTH] SCRIPT...
Reads lines from standard input and carries out the script's actions for each.

  -b         wait while a disk is full or fails, instead of dropping lines and counting them
  -d FD      write a newline to descriptor FD once every directory is open
  -l LENGTH  break lines longer than LENGTH bytes

actions: t         put a TAI64N label before each line (first action only)
         -PATTERN  deselect lines that match      +PATTERN  select lines that match
         sSIZE     largest file in bytes (99999)          nNUMBER   most files (10)
         STOTAL    most bytes of finished files           RSECONDS  oldest age of a file that is written
         !COMMAND  what finished files go through         =FILE     replace FILE by the selected line, 1001 bytes
                   (s n S R ! are for the directories after them)
         DIR       append selected lines to DIR/current; DIR begins with . or /
         e         show the first 200 bytes of selected lines on standard error

signals: TERM finish the line and exit, ALRM rotate
exit codes: 0 end of input or TERM, 100 usage, 111 failure, or lines were lost at the end

example: svlog -b t s1000000 n20 '-*debug*' /var/log/sshd
";

/// What the command line asks for.
enum Asked {
    Help,
    Version,
    Work(Settings, usize),
}

fn run(stack: Stack) -> i32 {
    let mut messages = Messages::new("svlog");
    let (settings, first) = match options(&stack) {
        Some(Asked::Work(settings, first)) => (settings, first),
        Some(Asked::Help) => return print(HELP),
        Some(Asked::Version) => return print(concat!("svlog (sunup) ", env!("CARGO_PKG_VERSION"), "\n")),
        None => {
            messages.tell(b"", Level::Fatal, &[Words("usage: svlog [-b] [-d fd] [-l length] script...")]);
            return 100;
        }
    };
    let script = match Script::new((first..stack.len()).filter_map(|at| stack.argument(at)), Dialect::Svlog) {
        Ok(script) => script,
        Err(refusal) => return refuse(refusal, &mut messages),
    };
    files::set_umask(0o022);
    match Logger::new(script, settings) {
        Ok(mut logger) => logger.run(),
        Err(errno) => {
            messages.tell(b"", Level::Fatal, &[Words("unable to prepare for signals: "), Why(errno)]);
            111
        }
    }
}

fn print(text: &str) -> i32 {
    if STDOUT.write_all(text.as_bytes()).is_ok() { 0 } else { 111 }
}

/// Reads the options; gives where the script begins.
fn options(stack: &Stack) -> Option<Asked> {
    let mut settings = Settings {
        blocks: false,
        ready: None,
        longest: 0,
        dialect: Dialect::Svlog,
        say: say_as_svlog,
        program: "svlog",
        environment: Environment::of(stack),
    };
    let mut at = 1;
    while let Some(text) = stack.argument(at).map(CStr::to_bytes) {
        let (option, value) = match text {
            b"--help" => return Some(Asked::Help),
            b"--version" => return Some(Asked::Version),
            b"--" => return Some(Asked::Work(settings, at + 1)),
            b"-b" => {
                settings.blocks = true;
                at += 1;
                continue;
            }
            [b'-', option @ (b'd' | b'l'), value @ ..] => (option, value),
            _ => break,
        };
        let number = match parse_number(value) {
            Some(number) => number,
            // `-d*` and the like are patterns.
            None if !value.is_empty() => break,
            None => {
                at += 1;
                parse_number(stack.argument(at)?.to_bytes())?
            }
        };
        at += 1;
        match option {
            b'd' => settings.ready = Some(Owned::adopt(i32::try_from(number).ok()?)),
            _ => settings.longest = usize::try_from(number).ok()?,
        }
    }
    Some(Asked::Work(settings, at))
}

/// Says what is wrong with the script.
fn refuse(refusal: Refusal, messages: &mut Messages) -> i32 {
    let (words, action) = match refusal {
        Refusal::NothingToDo => ("the script writes nothing (name a directory, or e)", None),
        Refusal::TooManyActions => ("the script has more than 64 actions", None),
        Refusal::TooManySinks => ("the script writes to more than 8 places", None),
        Refusal::LateLabel => ("t must be the first action", None),
        Refusal::Unknown(action) => ("unknown action '", Some(action)),
        Refusal::BadNumber(action) => ("wrong number in action '", Some(action)),
    };
    let quote = if action.is_some() { "'" } else { "" };
    messages.tell(b"", Level::Fatal, &[Words(words), Name(action.unwrap_or_default()), Words(quote)]);
    100
}
