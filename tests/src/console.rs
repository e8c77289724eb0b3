//! The guest's console, seen from outside: what it printed, and what is typed into it.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use crate::{cache, root};

/// What stage 3 says last, if nothing is left.
pub const CLEAN_STOP: &str = "clean stop: 0 processes, 0 mounts left";
/// How long an answer may take before the same is typed again.
const AGAIN: Duration = Duration::from_secs(5);

/// What the reading thread and the test share.
#[derive(Default)]
struct Shared {
    text: String,
    ended: bool,
    mirrored: bool,
}

/// The console. A copy of all it prints is written to a transcript as it comes.
pub struct Console {
    shared: Arc<(Mutex<Shared>, Condvar)>,
    input: File,
    cursor: usize,
    commands: usize,
    /// The transcript's path, named after the test.
    pub transcript: PathBuf,
}

/// What a command typed at the guest's shell did.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    /// Its exit code.
    pub code: i32,
    /// What it printed, lines ended by `\n`.
    pub text: String,
}

impl Console {
    /// A console that reads from `output` until its end and types into `input`. `kind` is part of the transcript's name.
    pub fn new(kind: &str, mut output: impl Read + Send + 'static, input: impl Into<OwnedFd>) -> Self {
        let transcript = transcript(kind);
        let mut file = File::create(&transcript).expect("a transcript");
        let shared = Arc::new((Mutex::new(Shared::default()), Condvar::new()));
        let ours = Arc::clone(&shared);
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A pty's master reports EIO, not an end, when nobody has the other side open any more.
            while let Ok(length @ 1..) = output.read(&mut buffer) {
                file.write_all(&buffer[..length]).ok();
                let mut shared = lock(&ours.0);
                shared.text.push_str(&String::from_utf8_lossy(&buffer[..length]));
                if shared.mirrored {
                    show(&buffer[..length]);
                }
                ours.1.notify_all();
            }
            lock(&ours.0).ended = true;
            ours.1.notify_all();
        });
        Self { shared, input: File::from(input.into()), cursor: 0, commands: 0, transcript }
    }

    /// Waits until the text comes, after what was awaited before, and gives what stands before it. Panics at the deadline.
    pub fn expect(&mut self, text: &str, deadline: Duration) -> String {
        self.expect_where(text, deadline, |seen, cursor, text| Some(cursor + seen[cursor..].find(text)?))
    }

    /// The same for stage 3's last line, of a stop that leaves nothing.
    pub fn expect_clean_stop(&mut self, deadline: Duration) -> String {
        self.expect_where(CLEAN_STOP, deadline, find_line)
    }

    fn expect_where(&mut self, text: &str, deadline: Duration, find: fn(&str, usize, &str) -> Option<usize>) -> String {
        let cursor = self.cursor;
        let found = self.wait(deadline, |shared| find(&shared.text, cursor, text));
        let Some(start) = found else {
            panic!("no {text:?} within {deadline:?}; {}", self.tail());
        };
        let before = self.seen()[cursor..start].to_string();
        self.cursor = start + text.len();
        before
    }

    /// Fails unless stage 3 has said by now that its stop leaves nothing.
    pub fn assert_clean_stop(&self) {
        assert!(find_line(&self.seen(), 0, CLEAN_STOP).is_some(), "no {CLEAN_STOP:?}; {}", self.tail());
    }

    /// Waits until the guest's end of the console is closed for good. Panics at the deadline.
    pub fn expect_end(&mut self, deadline: Duration) {
        let ended = self.wait(deadline, |shared| shared.ended.then_some(()));
        assert!(ended.is_some(), "still running after {deadline:?}; {}", self.tail());
    }

    /// Types the text.
    pub fn send(&mut self, text: &str) {
        self.input
            .write_all(text.as_bytes())
            .and_then(|()| self.input.flush())
            .expect("the console takes what is typed");
    }

    /// Types the text until the answer comes: who asks for a password throws away what was typed before the terminal was
    /// ready for it, and a serial line does not show when that is. Panics at the deadline.
    pub fn insist(&mut self, typed: &str, answer: &str, deadline: Duration) {
        let (cursor, end) = (self.cursor, Instant::now() + deadline);
        while Instant::now() < end {
            self.send(typed);
            if self.wait(AGAIN, |shared| shared.text[cursor..].find(answer)).is_some() {
                break;
            }
        }
        self.expect(answer, Duration::ZERO);
    }

    /// Logs root in at the prompt, waited for until the deadline, and leaves a shell that neither prompts nor echoes.
    pub fn login(&mut self, deadline: Duration) {
        self.expect("login: ", deadline);
        self.send("root\n");
        self.expect("Password: ", deadline);
        self.send(&format!("{}\n", root::PASSWORD));
        self.expect("# ", deadline);
        self.send("exec env PS1= PS2= TERM=dumb sh\n");
        // dash prints nothing without PS1: only the answer to the next line shows that it is there.
        self.send("stty -echo; echo shell-is-''ready\n");
        self.expect("shell-is-ready", deadline);
    }

    /// Runs a command in the shell that [`login`](Self::login) left.
    pub fn run(&mut self, command: &str, deadline: Duration) -> Answer {
        self.commands += 1;
        let (begin, end) = (format!("begin-{}:", self.commands), format!("end-{}:", self.commands));
        self.send(&format!("echo {begin}; {{ {command}\n}} 2>&1; echo {end}$?.\n"));
        self.expect(&begin, deadline);
        let text = self.expect(&end, deadline).replace('\r', "");
        let code = self.expect(".", deadline).parse().expect("an exit code");
        Answer { code, text: text.strip_prefix('\n').unwrap_or(&text).to_string() }
    }

    /// Runs a command and fails unless it exits 0 by the deadline.
    pub fn ok(&mut self, command: &str, deadline: Duration) -> String {
        let answer = self.run(command, deadline);
        assert!(answer.code == 0, "{command}: {answer:?}; {}", self.tail());
        answer.text
    }

    /// Shows everything on standard output as well, from the beginning on.
    pub fn mirror(&self) {
        let mut shared = lock(&self.shared.0);
        shared.mirrored = true;
        show(shared.text.as_bytes());
    }

    /// A second way to type, for another thread.
    pub fn keyboard(&self) -> File {
        self.input.try_clone().expect("a second descriptor")
    }

    /// Everything printed so far.
    pub fn seen(&self) -> String {
        lock(&self.shared.0).text.clone()
    }

    /// The last lines printed, and where the rest is.
    pub fn tail(&self) -> String {
        let seen = self.seen();
        let lines: Vec<_> = seen.lines().collect();
        let last = lines[lines.len().saturating_sub(40)..].join("\n");
        format!("transcript {}, its end:\n{last}", self.transcript.display())
    }

    fn wait<T>(&self, deadline: Duration, mut look: impl FnMut(&Shared) -> Option<T>) -> Option<T> {
        let end = Instant::now() + deadline;
        let mut shared = lock(&self.shared.0);
        loop {
            if let Some(found) = look(&shared) {
                return Some(found);
            }
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() || shared.ended {
                return None;
            }
            shared = self.shared.1.wait_timeout(shared, left).expect("no thread has panicked").0;
        }
    }
}

/// Where the line begins that is this and nothing else, from the cursor on, which may stand inside a line.
fn find_line(text: &str, cursor: usize, line: &str) -> Option<usize> {
    let is_whole = |start: usize| {
        let rest = text[start + line.len()..].trim_start_matches('\r');
        (start == 0 || text[..start].ends_with('\n')) && rest.starts_with('\n')
    };
    text[cursor..].match_indices(line).map(|(start, _)| cursor + start).find(|start| is_whole(*start))
}

fn show(bytes: &[u8]) {
    let mut output = std::io::stdout();
    output.write_all(bytes).and_then(|()| output.flush()).ok();
}

fn lock(shared: &Mutex<Shared>) -> MutexGuard<'_, Shared> {
    shared.lock().expect("no thread has panicked")
}

/// `transcripts/TEST-KIND-N.log` in the cache directory, N counting the consoles of this process.
fn transcript(kind: &str) -> PathBuf {
    static CONSOLES: AtomicUsize = AtomicUsize::new(1);
    let directory = cache::directory().join("transcripts");
    fs::create_dir_all(&directory).expect("a directory for transcripts");
    let thread = std::thread::current();
    let test = thread.name().unwrap_or("test").replace("::", "-");
    directory.join(format!("{test}-{kind}-{}.log", CONSOLES.fetch_add(1, Ordering::Relaxed)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Neither what ends as the line does, nor what goes on, nor what is still being printed is the line.
    #[test]
    fn whole_lines() {
        for (text, cursor, expected) in [
            ("clean\r\n", 0, Some(0)),
            ("unclean\r\nclean\r\r\nclean\n", 0, Some(9)),
            ("unclean\r\nclean\r\r\nclean\n", 10, Some(17)),
            ("unclean\r\nclean: all\r\n clean\r\n", 0, None),
            ("unclean\r\n", 2, None),
            ("\nclean", 0, None),
            ("\nclean\r", 0, None),
        ] {
            assert_eq!(find_line(text, cursor, "clean"), expected, "{text:?} from {cursor}");
        }
    }
}
