//! What /proc tells of processes: who is there, since when, and whose child.

use super::descriptor::Descriptor;
use super::error::{Errno, Result};
use super::text::Text;

/// Start time of a process in clock ticks since boot (`/proc/PID/stat`, field 22); `None` when it is gone, ended
/// already, or /proc is not there; or when that cannot be told, for which there is [`birth_of`].
pub fn start_ticks(pid: u32) -> Option<u64> {
    birth_of(pid).ok().flatten()
}

/// Start time of a process as [`start_ticks`] gives it; an error when nobody can tell whether it is there.
#[inline(never)]
pub fn birth_of(pid: u32) -> Result<Option<u64>> {
    stat_field(pid, 22)
}

/// The parent of a process that has not ended.
pub fn parent_of(pid: u32) -> Option<u32> {
    stat_field(pid, 4).ok().flatten().map(|pid| pid as u32)
}

/// A process has a signal below 32 blocked; false too where that cannot be told.
pub fn blocks(pid: u32, signal: u32) -> bool {
    let blocked = stat_field(pid, 32).ok().flatten().unwrap_or(0);
    signal.checked_sub(1).is_some_and(|bit| blocked.checked_shr(bit).unwrap_or(0) & 1 == 1)
}

/// A field of `/proc/PID/stat` after the third, counted from 1; `None` also for a process that has ended.
#[cold]
#[inline(never)]
fn stat_field(pid: u32, field: usize) -> Result<Option<u64>> {
    let mut path = Text::<32>::new();
    path.push(b"/proc/");
    path.push_number(u64::from(pid));
    path.push(b"/stat");
    let mut buffer = [0; 512];
    let path = path.c_str().ok_or(Errno::ENAMETOOLONG)?;
    match super::files::read_at(Descriptor(-100), path, &mut buffer) {
        // The second: it went between open and read.
        Err(Errno::ENOENT | Errno::ESRCH) => Ok(None),
        text => Ok(field_of(text?, field)),
    }
}

/// A field of the text of `/proc/PID/stat`.
fn field_of(text: &[u8], field: usize) -> Option<u64> {
    // The command's name may hold anything, so we count from the last parenthesis.
    let end = text.iter().rposition(|&byte| byte == b')')?;
    let mut fields = text.get(end + 2..)?.split(|&byte| byte == b' ');
    let state = fields.next()?;
    let number = super::text::parse_number(fields.nth(field.checked_sub(4)?)?)?;
    (!matches!(state, b"Z" | b"X")).then_some(number)
}

/// The first child of ours that has not ended and that a condition picks, and how many of them there are.
pub fn first_child(is_picked: impl Fn(u32) -> bool) -> Option<(u32, usize)> {
    let list = super::files::open(c"/proc/thread-self/children", super::files::O_RDONLY, 0).ok()?;
    let (mut first, mut count, mut pid) = (None, 0, 0);
    let mut buffer = [0; 512];
    loop {
        // Each number is followed by a blank, the last one too.
        let size = list.read(&mut buffer).ok()?;
        if size == 0 {
            return first.map(|first| (first, count));
        }
        for &byte in buffer.get(..size)? {
            if byte.is_ascii_digit() {
                pid = pid * 10 + u32::from(byte - b'0');
                continue;
            }
            if is_picked(pid) && start_ticks(pid).is_some() {
                first = first.or(Some(pid));
                count += 1;
            }
            pid = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::{Child, Command};

    /// However many children there are, all are met.
    #[test]
    fn many_children() {
        let mut children: Vec<Child> = (0..600).map(|_| Command::new("sleep").arg("1000").spawn().unwrap()).collect();
        let last = children.last().unwrap().id();
        let found = (first_child(|pid| pid == last), first_child(|_| true).map(|(_, count)| count));
        children.iter_mut().for_each(|child| child.kill().and_then(|()| child.wait().map(drop)).unwrap());
        assert_eq!(found, (Some((last, 1)), Some(600)));
        assert_eq!(first_child(|_| true), None);
    }
}
