//! What is said of a place that does not work: our sentences, or multilog's with its names of errors.

use core::fmt::{self, Display, Formatter};

use super::directory::{LOCKING, Trouble};
use super::processor::PROCESSING;
use super::script::Dialect;
use crate::sys::error_words::daemontools_word;
use crate::sys::message::{Level, Messages};
use crate::sys::text::Shown;

/// Says what does not work, and what is done about it.
pub fn say(messages: &mut Messages, dialect: Dialect, path: &[u8], level: Level, trouble: Trouble, then: &'static str) {
    let name = if dialect == Dialect::Svlog { path } else { b"" };
    messages.say(name, level, format_args!("{}", Sentence { dialect, path, level, trouble, then }));
}

/// The sentence.
struct Sentence<'a> {
    dialect: Dialect,
    path: &'a [u8],
    level: Level,
    trouble: Trouble,
    /// In brackets after ours; multilog's fatal ones pause for nothing.
    then: &'static str,
}

impl Display for Sentence<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Trouble(what, errno) = self.trouble;
        if self.dialect == Dialect::Multilog {
            return self.multilog(f);
        }
        match errno.0 {
            0 => write!(f, "unable to {what}: the processor failed")?,
            _ => write!(f, "unable to {what}: {errno}")?,
        }
        match self.then {
            "" => Ok(()),
            then => write!(f, " ({then})"),
        }
    }
}

impl Sentence<'_> {
    /// multilog's words, where it has some for what was being done.
    fn multilog(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Trouble(what, errno) = self.trouble;
        let path = Shown(self.path);
        let pausing = if self.level == Level::Fatal { "" } else { ", pausing" };
        if what == PROCESSING && errno.0 == 0 {
            return write!(f, "processor failed in {path}{pausing}");
        }
        match what {
            "create directory" | "open directory" => write!(f, "unable to open directory {path}{pausing}: ")?,
            LOCKING | "open lock" => write!(f, "unable to lock directory {path}{pausing}: ")?,
            "open current" => write!(f, "unable to create {path}/current{pausing}: ")?,
            "write to current" => write!(f, "unable to write to {path}/current{pausing}: ")?,
            "sync current" => write!(f, "unable to write {path}/current to disk{pausing}: ")?,
            "set mode of current" => write!(f, "unable to set mode of {path}/current{pausing}: ")?,
            "rename current" => write!(f, "unable to rename current to previous in directory {path}{pausing}: ")?,
            "create" | "write to" => write!(f, "unable to {what} {path}{pausing}: ")?,
            PROCESSING => write!(f, "unable to fork for processor in {path}{pausing}: ")?,
            what => write!(f, "unable to {what} in {path}{pausing}: ")?,
        }
        match daemontools_word(errno) {
            Some(word) => f.write_str(word),
            None => write!(f, "{errno}"),
        }
    }
}
