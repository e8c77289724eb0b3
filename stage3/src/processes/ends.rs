//! The ends of processes, to be waited for with [`Events::until_ended`](crate::waiting::events::Events::until_ended).
//!
//! A process is known by a descriptor of its own, which is had before its birth is compared, so that no other is meant that
//! gets its number. Of many, some are watched, and the others once those have ended: this program needs descriptors for more
//! than this. Where one cannot be watched at all it is looked for in the table again and again.

use crate::processes::{self, Life, Process};
use std::time::Duration;
use supervisor::sys::descriptor::{Descriptor, Owned};
use supervisor::sys::event::{EPOLLIN, wait_ready};
use supervisor::sys::pidfd;

/// How often those are looked for that cannot be watched.
const AGAIN: Duration = Duration::from_millis(100);
/// How many are watched at a time.
const WATCHED: usize = 256;

/// Those that have not ended yet.
#[derive(Debug, Default)]
pub struct Ends {
    watched: Vec<Owned>,
    unwatched: Vec<Life>,
}

impl Ends {
    /// Of these processes.
    pub fn of(lives: impl IntoIterator<Item = Life>) -> Self {
        Self { unwatched: lives.into_iter().collect(), ..Self::default() }
    }

    /// Of a child that nobody has waited for, whose number is no other's until then: it is watched where there is no table.
    pub fn of_child(pid: u32) -> Self {
        match pidfd::open(pid) {
            Ok(child) => Self { watched: vec![child], ..Self::default() },
            Err(_) => Self::of([Process::of(pid).map_or((pid, 0), |child| child.life())]),
        }
    }

    /// All have ended.
    pub fn are_over(&mut self) -> bool {
        self.watched.retain(|process| wait_ready(**process, EPOLLIN, Some(0)) != Ok(true));
        if self.watched.is_empty() {
            self.watch();
        }
        self.watched.is_empty() && self.unwatched.is_empty()
    }

    /// Watches as many as may be, and leaves out who has ended.
    fn watch(&mut self) {
        let Self { watched, unwatched } = self;
        unwatched.retain(|life| {
            watched.len() >= WATCHED
                || match (pidfd::open(life.0), processes::lives(*life)) {
                    (Ok(process), Some(true)) => {
                        watched.push(process);
                        false
                    }
                    (_, is_alive) => is_alive != Some(false),
                }
        });
    }

    /// What becomes readable when one ends.
    pub fn descriptors(&self) -> Vec<Descriptor> {
        self.watched.iter().map(|process| **process).collect()
    }

    /// How much of this time may pass until the next look.
    pub fn nap(&self, time: Duration) -> Duration {
        if self.watched.is_empty() { time.min(AGAIN) } else { time }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::waiting::events::Events;
    use std::fs::File;
    use std::io::pipe;
    use std::path::Path;
    use std::process::{Child, Command, Stdio};

    const LONG: Duration = Duration::from_secs(60);
    /// Says to a test's own child with how many processes it is to be done.
    const COUNT: &str = "SUNUP_TEST_COUNT";

    /// Ends when its input does.
    fn reader(input: impl Into<Stdio>) -> Child {
        Command::new("cat").stdin(input).spawn().unwrap()
    }

    /// The end of a process is seen, and one that goes on is not taken for ended, nor one that has another's number for it.
    #[test]
    fn sees_processes_end() {
        let mut events = Events::watch(Path::new("/nonexistent"));
        let mut child = reader(Stdio::piped());
        let life = Process::of(child.id()).unwrap().life();
        let both = || [Ends::of([life]), Ends::of_child(life.0)];
        assert_eq!(Ends::of_child(life.0).descriptors().len(), 1, "before anybody looks at the table");
        for ends in both() {
            assert!(!events.until_ended(ends, Duration::from_millis(20)));
        }
        assert!(Ends::of([(life.0, life.1 + 1)]).are_over());
        drop(child.stdin.take());
        for ends in both() {
            assert!(events.until_ended(ends, LONG));
        }
        child.wait().unwrap();
        assert!(Ends::of([life]).are_over());
    }

    /// Of more processes than can be watched each is waited for, also where there are fewer descriptors than usual: each time in a
    /// process with a limit of its own.
    #[test]
    fn waits_for_many() {
        if let Ok(count) = std::env::var(COUNT) {
            return many(count.parse().unwrap());
        }
        let (_, module) = module_path!().split_once("::").unwrap();
        let name = format!("{module}::waits_for_many");
        for (descriptors, count) in [(1024, WATCHED + 1), (20, 40)] {
            let mut test = Command::new("sh");
            test.args(["-c", "ulimit -n $0; exec \"$@\"", &descriptors.to_string()]);
            test.arg(std::env::current_exe().unwrap()).args(["--exact", &name]);
            let output = test.env(COUNT, count.to_string()).output().unwrap();
            let text = String::from_utf8_lossy(&output.stdout);
            assert!(output.status.success() && text.contains("1 passed"), "{descriptors}: {text}");
        }
    }

    /// Whom nobody can watch or look at is not taken for ended.
    fn goes_on_unseen(life: Life) {
        let all_descriptors: Vec<_> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
        let mut ends = Ends::of([life]);
        assert!(!ends.are_over());
        assert_eq!(ends.nap(Duration::MAX), AGAIN);
        drop(all_descriptors);
        assert!(!ends.are_over());
        assert_eq!(ends.nap(Duration::MAX), Duration::MAX);
    }

    /// The last one ends after all others.
    fn many(count: usize) {
        let mut events = Events::watch(Path::new("/nonexistent"));
        let (input, end) = pipe().unwrap();
        let mut children: Vec<_> = (1..count).map(|_| reader(input.try_clone().unwrap())).collect();
        let (input, last_end) = pipe().unwrap();
        children.push(reader(input));
        goes_on_unseen(Process::of(children[0].id()).unwrap().life());
        let mut ends = Ends::of(children.iter().map(|child| Process::of(child.id()).unwrap().life()));
        assert!(!ends.are_over());
        drop(end);
        children.iter_mut().take(count - 1).for_each(|child| assert!(child.wait().unwrap().success()));
        assert!(!ends.are_over());
        drop(last_end);
        assert!(events.until_ended(ends, LONG));
        children.iter_mut().for_each(|child| assert!(child.wait().unwrap().success()));
    }
}
