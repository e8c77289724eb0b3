//! The small files of a service directory that supervise reads at every start.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::service;
use crate::sys::descriptor::Descriptor;
use crate::sys::files;
use crate::sys::signal;
use crate::sys::text::{Text, first_line, parse_line};

use super::event::{Restart, SECOND, Settings};

/// ns in a millisecond, the unit of the files.
const MILLISECOND: u64 = SECOND / 1000;

/// The path of a control-group leaf.
pub type Leaf = Text<256>;

/// Reads what the machine wants to know. A file that makes no sense counts as absent.
pub fn read(directory: Descriptor) -> Settings {
    let none = Settings::DEFAULT;
    let milliseconds = |path| number(directory, path).map(|ms| ms.saturating_mul(MILLISECOND));
    Settings {
        down_signal: signal_in(directory, c_path!(service::DOWN_SIGNAL)).unwrap_or(none.down_signal),
        reload_signal: signal_in(directory, c_path!(service::RELOAD_SIGNAL)).unwrap_or(none.reload_signal),
        kill_after: milliseconds(c_path!(service::TIMEOUT_KILL)).unwrap_or(none.kill_after),
        finish_limit: milliseconds(c_path!(service::TIMEOUT_FINISH)).unwrap_or(none.finish_limit),
        kill_all: line(directory, c_path!(service::KILL_MODE), |mode| mode == b"cgroup"),
        restart: restart(directory),
    }
}

/// The descriptor on which the service says that it is ready.
pub fn notification(directory: Descriptor) -> Option<i32> {
    number(directory, c_path!(service::NOTIFICATION_FD)).filter(|&fd| fd < 1024).map(|fd| fd as i32)
}

/// The control-group leaf of the service.
pub fn leaf(directory: Descriptor) -> Option<Leaf> {
    text(directory, c_path!(service::CGROUP)).filter(|leaf: &Leaf| leaf.bytes().starts_with(b"/"))
}

/// The first line of a file as a path; `None` when there is no file, or nothing in it.
pub fn text<const SIZE: usize>(directory: Descriptor, path: &CStr) -> Option<Text<SIZE>> {
    let mut buffer = [0; SIZE];
    let mut text = Text::new();
    text.push(first_line(files::read_at(directory, path, &mut buffer).ok()?));
    (!text.bytes().is_empty()).then_some(text)
}

fn restart(directory: Descriptor) -> Restart {
    match text::<32>(directory, c_path!(service::RESTART)).as_ref().map(Text::bytes) {
        Some(b"never") => Restart::Never,
        Some(b"on-failure") => Restart::OnFailure,
        _ => Restart::Always,
    }
}

fn line(directory: Descriptor, path: &CStr, is: fn(&[u8]) -> bool) -> bool {
    text::<32>(directory, path).is_some_and(|line| is(line.bytes()))
}

fn number(directory: Descriptor, path: &CStr) -> Option<u64> {
    parse_line(text::<32>(directory, path)?.bytes())
}

fn signal_in(directory: Descriptor, path: &CStr) -> Option<u32> {
    signal::parse(text::<32>(directory, path)?.bytes())
}
