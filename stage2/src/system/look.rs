//! Looking at a file without waiting for its server.
//!
//! A path may lead to a file server that does not answer, or to a disk that does so after a minute: who looks there sleeps
//! in the kernel. So nothing that others wait for looks itself: it takes a glance, which asks the kernel only for what it
//! has at hand, and leaves gazing to a process of its own where that is not enough.

use std::path::Path;

use nix::errno::Errno;
use nix::fcntl::{AT_FDCWD, OFlag, OpenHow, ResolveFlag, openat2};
use nix::libc::RESOLVE_CACHED;
use nix::unistd::{AccessFlags, access};

/// What is in memory, and answers at once.
const AT_HAND: [&str; 4] = ["/dev", "/proc", "/run", "/sys"];

/// A way to answer a question; `None`: it cannot tell.
pub type Looking = fn(&Path, Question) -> Option<Result<(), Errno>>;

/// What is asked about a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// Is there anything?
    Exists,
    /// Could we execute it?
    Executes,
    /// Is it a directory? A gaze makes it one, if there is nothing.
    Directory,
    /// May it be read for what it holds, however much that is? At a glance nobody can tell.
    Lists,
}

/// Answers, however long that takes.
pub fn gaze(path: &Path, question: Question) -> Option<Result<(), Errno>> {
    Some(look(path, question))
}

/// Answers if the kernel has at hand what leads there.
pub fn glance(path: &Path, question: Question) -> Option<Result<(), Errno>> {
    if question == Question::Lists {
        return None;
    }
    if AT_HAND.iter().any(|place| path.starts_with(place)) {
        return gaze(path, question);
    }
    let cached = ResolveFlag::from_bits_retain(RESOLVE_CACHED);
    let how = OpenHow::new().flags(OFlag::O_PATH | OFlag::O_CLOEXEC).resolve(cached);
    match (openat2(AT_FDCWD, path, how), question) {
        (Err(error), _) if question != Question::Directory && is_about_the_path(error) => Some(Err(error)),
        (Err(_), _) => None,
        (Ok(_), Question::Executes) => gaze(path, question),
        (Ok(_), _) => Some(Ok(())),
    }
}

/// An error that answers what was asked. Any other says why nobody could ask: what leads there is not at hand, we are out of
/// descriptors or memory, the kernel is older than 5.12, a container forbids what is newer than its list.
fn is_about_the_path(error: Errno) -> bool {
    matches!(error, Errno::ENOENT | Errno::ENOTDIR | Errno::EACCES | Errno::ELOOP | Errno::ENAMETOOLONG)
}

fn look(path: &Path, question: Question) -> Result<(), Errno> {
    match question {
        Question::Exists => access(path, AccessFlags::F_OK),
        Question::Executes => {
            access(path, AccessFlags::X_OK)?;
            if path.is_dir() { Err(Errno::EACCES) } else { Ok(()) }
        }
        Question::Directory => {
            std::fs::create_dir_all(path).map_err(|error| Errno::from_raw(error.raw_os_error().unwrap_or_default()))
        }
        Question::Lists => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What was looked at is at hand, and a glance says what a look does. Not every filesystem keeps what it has not.
    #[test]
    fn glances() {
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        std::fs::write(path("file"), "").unwrap();
        for (name, question, answer) in [
            ("file", Question::Exists, Ok(())),
            ("file", Question::Executes, Err(Errno::EACCES)),
            ("", Question::Executes, Err(Errno::EACCES)),
            ("absent", Question::Exists, Err(Errno::ENOENT)),
        ] {
            assert_eq!(look(&path(name), question), answer);
            let seen = glance(&path(name), question);
            assert!(seen == Some(answer) || (seen.is_none() && name == "absent"), "{name}: {seen:?}");
        }
    }

    /// Who could not ask has no answer; who may not look there, or cannot, has one.
    #[test]
    fn answers() {
        let unasked = [Errno::EAGAIN, Errno::EMFILE, Errno::ENFILE, Errno::ENOMEM, Errno::EPERM, Errno::ENOSYS];
        assert!(!unasked.into_iter().any(is_about_the_path));
        assert!([Errno::ENOENT, Errno::ENOTDIR, Errno::EACCES].into_iter().all(is_about_the_path));
        let path = Path::new("/etc/passwd/below");
        assert_eq!(glance(path, Question::Exists).unwrap_or(look(path, Question::Exists)), Err(Errno::ENOTDIR));
    }
}
