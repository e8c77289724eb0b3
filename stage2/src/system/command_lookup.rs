//! Whether a command can be run, found out before it is tried: the error's text is the reason on the console.

use std::env;
use std::path::{Path, PathBuf};

use nix::errno::Errno;

use super::look::{Looking, Question};

/// Where commands are looked up when the environment has no PATH.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// A program that came with this one.
pub fn beside(name: &str) -> Option<PathBuf> {
    let program = env::current_exe().ok()?.with_file_name(name);
    program.exists().then_some(program)
}

/// Looks a command up as execvp would; the error is the reason: `unable to run CMD: CAUSE`. Nothing at all where looking
/// does not tell.
pub fn look_up(command: &str, looking: Looking) -> Option<Result<(), String>> {
    let path = env::var("PATH").unwrap_or_else(|_| DEFAULT_PATH.into());
    look_up_in(command, &path, looking)
}

/// As [`look_up`], in another PATH.
pub fn look_up_in(command: &str, path: &str, looking: Looking) -> Option<Result<(), String>> {
    Some(find(command, path, looking)?.map_err(|errno| unable_to_run(command, errno)))
}

/// The reason of a command that could not be executed.
pub fn unable_to_run(command: &str, errno: Errno) -> String {
    format!("unable to run {command}: {}", errno.desc())
}

fn find(command: &str, path: &str, looking: Looking) -> Option<Result<(), Errno>> {
    if command.contains('/') {
        return looking(Path::new(command), Question::Executes);
    }
    let mut error = Errno::ENOENT;
    for directory in path.split(':') {
        match looking(&Path::new(directory).join(command), Question::Executes)? {
            Ok(()) => return Some(Ok(())),
            // One that is there but denied is the better reason, if no other is found.
            Err(Errno::EACCES) => error = Errno::EACCES,
            Err(_) => {}
        }
    }
    Some(Err(error))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::system::look::gaze;

    /// What exec would say is said before.
    #[test]
    fn reasons() {
        let look_up = |command| look_up(command, gaze).unwrap();
        assert_eq!(look_up("/no/such"), Err("unable to run /no/such: No such file or directory".into()));
        assert_eq!(look_up("/usr"), Err("unable to run /usr: Permission denied".into()));
        assert_eq!(look_up("/etc/passwd"), Err("unable to run /etc/passwd: Permission denied".into()));
        assert_eq!(find("sh", "/no:/bin", gaze), Some(Ok(())));
        assert_eq!(find("no-such-command", "/bin", gaze), Some(Err(Errno::ENOENT)));
        assert_eq!(find("sh", "/no:/bin", |_, _| None), None);
    }
}
