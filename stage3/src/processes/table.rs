//! The process table, read from /proc.
//!
//! A process may end between two reads: what cannot be read is left out, never an error.

use crate::waiting::bounded::Task;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;
use supervisor::line::Clean;
use supervisor::sys::error::Errno;
use supervisor::sys::process::kill as signal;

/// Bit of /proc/PID/stat's flags field: a kernel thread.
const KERNEL_THREAD: u64 = 0x0020_0000;
/// How long a process that hangs in the kernel may keep us from looking at it.
const PATIENCE: Duration = Duration::from_secs(1);
/// And any other, which may begin to hang, or has a busy machine around it.
const LONG: Duration = Duration::from_secs(5);
/// Characters of a command line that are shown.
const SHOWN: usize = 80;

/// What a supervise is called: ours, the wrapper, daemontools' and s6's; runit's.
const SUPERVISES: [&str; 3] = ["supervise", "s6-supervise", "runsv"];

/// A process for good: its number, which may be another's later, and its birth.
pub type Life = (u32, u64);

/// One line of the table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its parent's number; 0: started from outside this pid namespace, or process 1.
    pub parent: u32,
    /// The letter of its state: R, S, D, T, Z…
    pub state: char,
    /// It has a controlling terminal.
    pub terminal: bool,
    /// It is the kernel's own.
    pub kernel: bool,
    /// Nothing of it runs any more: it waits for its parent to notice.
    pub zombie: bool,
    /// When it was born, in clock ticks since the boot.
    pub birth: u64,
    /// Process 1 has begun it, and it is called as a supervise is.
    pub is_scanners: bool,
}

impl Process {
    /// Reads one process.
    pub fn of(pid: u32) -> Option<Self> {
        Self::at(pid, format!("/proc/{pid}/stat").as_ref())
    }

    /// Of a process, or a thread of it.
    fn at(pid: u32, stat: &Path) -> Option<Self> {
        // The name need not be text.
        Self::parse(pid, &String::from_utf8_lossy(&fs::read(stat).ok()?))
    }

    /// Takes /proc/PID/stat apart. The name in parentheses may hold anything, parentheses included.
    fn parse(pid: u32, stat: &str) -> Option<Self> {
        let (name, rest) = stat.rsplit_once(')')?;
        let (_, name) = name.split_once('(')?;
        let mut fields = rest.split_ascii_whitespace();
        let state = fields.next()?.chars().next()?;
        let parent = fields.next()?.parse().ok()?;
        let terminal = fields.nth(2)? != "0";
        let flags: u64 = fields.nth(1)?.parse().ok()?;
        let threads: u32 = fields.nth(10)?.parse().ok()?;
        // The first thread may have ended while others run.
        let zombie = matches!(state, 'Z' | 'X') && threads <= 1;
        let birth = fields.nth(1)?.parse().ok()?;
        let is_scanners = parent == 1 && SUPERVISES.contains(&name);
        Some(Self { pid, parent, state, terminal, kernel: flags & KERNEL_THREAD != 0, zombie, birth, is_scanners })
    }

    /// The process, and no other that has its number later.
    pub fn life(&self) -> Life {
        (self.pid, self.birth)
    }
}

/// Whether it still runs. `None`: nobody can tell, as there is no descriptor left to look with, or no table.
pub fn lives((pid, birth): Life) -> Option<bool> {
    match Process::of(pid) {
        Some(process) => Some(process.birth == birth && !process.zombie),
        None => (signal(pid, 0) == Err(Errno::ESRCH)).then_some(false),
    }
}

/// A thread of it is in uninterruptible sleep.
pub fn hangs(pid: u32) -> bool {
    is_one_hanging(format!("/proc/{pid}/task").as_ref())
}

fn is_one_hanging(threads: &Path) -> bool {
    let Ok(entries) = fs::read_dir(threads) else { return false };
    let mut states = entries.flatten().filter_map(|entry| Process::at(0, &entry.path().join("stat")));
    states.any(|thread| thread.state == 'D')
}

/// Every process that can be seen.
pub fn all() -> Vec<Process> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(Process::of).collect()
}

/// Every living process but process 1, ourselves and the kernel's.
pub fn others() -> Vec<Process> {
    let own = std::process::id();
    let mut table = all();
    table.retain(|process| process.pid > 1 && process.pid != own && !process.kernel && !process.zombie);
    table
}

/// The process and everything below it.
pub fn tree(table: &[Process], root: u32) -> Vec<u32> {
    let mut found = vec![root];
    let mut at = 0;
    while let Some(&parent) = found.get(at) {
        found.extend(table.iter().filter(|process| process.parent == parent).map(|process| process.pid));
        at += 1;
    }
    found
}

/// A file about the process's memory; empty if it cannot be had. Reading it takes the memory's lock, which a thread that
/// hangs in the kernel may keep for ever, also one that begins to just now: so a thread of ours reads it, and we wait a
/// moment, and not longer.
pub fn read(pid: u32, name: &str) -> Vec<u8> {
    let path = format!("/proc/{pid}/{name}");
    let reading = Task::start(move || fs::read(path).unwrap_or_default());
    let read = reading.result(PATIENCE);
    // Who hangs is looked for only when it matters: nearly every process answers at once.
    let wait_on = || if hangs(pid) { None } else { reading.result(LONG - PATIENCE) };
    read.or_else(wait_on).unwrap_or_default()
}

/// The command line for people, shortened; the name in brackets when there is none.
pub fn command(pid: u32) -> String {
    let text = String::from_utf8_lossy(&read(pid, "cmdline")).replace('\0', " ");
    let text = text.trim();
    if text.is_empty() {
        let name = fs::read(format!("/proc/{pid}/comm")).unwrap_or_default();
        return format!("[{}]", String::from_utf8_lossy(&name).trim());
    }
    format!("{:.SHOWN$}", Clean(text))
}

/// Its `argv[0]` begins with `@`: the root's storage depends on it, so it is to be killed last.
pub fn is_storage_daemon(pid: u32) -> bool {
    read(pid, "cmdline").first() == Some(&b'@')
}

/// The function of the kernel in which the process sleeps; empty: it runs, or only root may know.
pub fn waits_in(pid: u32) -> String {
    let text = fs::read_to_string(format!("/proc/{pid}/wchan")).unwrap_or_default();
    if text == "0" { String::new() } else { text }
}

/// Numbers of the mounts on which the process has files open.
pub fn open_mounts(pid: u32) -> Vec<u32> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fdinfo")) else { return Vec::new() };
    let texts = entries.flatten().filter_map(|entry| fs::read_to_string(entry.path()).ok());
    let number = |text: &str| text.lines().find_map(|line| line.strip_prefix("mnt_id:"))?.trim().parse().ok();
    let mut mounts: Vec<_> = texts.filter_map(|text| number(&text)).collect();
    mounts.sort_unstable();
    mounts.dedup();
    mounts
}

/// What a process has open, each once, without what is no file (sockets, pipes) and without devices.
pub fn open_files(pid: u32) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(format!("/proc/{pid}/fd")) else { return Vec::new() };
    let links = entries.flatten().filter_map(|entry| fs::read_link(entry.path()).ok());
    let is_file = |path: &PathBuf| path.is_absolute() && !path.starts_with("/dev") && !path.starts_with("/proc");
    let mut files: Vec<_> = links.filter(is_file).collect();
    files.sort();
    files.dedup();
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields are found behind a name that imitates them.
    #[test]
    fn parses_a_hostile_name() {
        let stat = "7 (a) Z 1 (b) S 3 4 5 34816 4 2097216 0 0 0 0 0 0 0 0 20 0 1 0 99 0";
        let expected =
            Process { pid: 7, parent: 3, state: 'S', terminal: true, kernel: true, birth: 99, ..Process::default() };
        assert_eq!(Process::parse(7, stat), Some(expected));
        assert_eq!(Process::parse(7, "7 (a) S x"), None);
    }

    /// A process whose first thread has ended lives on while another runs.
    #[test]
    fn tells_zombies() {
        let zombie = |state, threads| {
            let stat = format!("7 (a) {state} 3 4 5 0 4 64 0 0 0 0 0 0 0 0 20 0 {threads} 0 99 0");
            Process::parse(7, &stat).unwrap().zombie
        };
        assert!(zombie('Z', 1) && zombie('X', 0));
        assert!(!zombie('Z', 2) && !zombie('S', 1));
    }

    /// A process hangs with any of its threads.
    #[test]
    fn tells_who_hangs() {
        let directory = tempfile::tempdir().unwrap();
        assert!(!is_one_hanging(directory.path()));
        for (thread, state, hangs) in [("7", 'S', false), ("8", 'R', false), ("9", 'D', true)] {
            let stat = format!("{thread} (a) {state} 3 4 5 0 4 64 0 0 0 0 0 0 0 0 20 0 3 0 99 0");
            fs::create_dir(directory.path().join(thread)).unwrap();
            fs::write(directory.path().join(thread).join("stat"), stat).unwrap();
            assert_eq!(is_one_hanging(directory.path()), hangs, "{thread}");
        }
    }

    /// Who has ended is told from who lives on, and from one that has his number.
    #[test]
    fn tells_who_lives() {
        let own = Process::of(std::process::id()).unwrap().life();
        assert_eq!(lives(own), Some(true));
        assert_eq!(lives((own.0, own.1 + 1)), Some(false));
        assert_eq!(lives((i32::MAX as u32, 0)), Some(false));
    }

    /// A supervise is the scanner's where process 1 is its parent.
    #[test]
    fn tells_what_the_scanner_begins() {
        let is_scanners = |name: &str, parent: u32| {
            let stat = format!("7 ({name}) S {parent} 4 5 0 4 64 0 0 0 0 0 0 0 0 20 0 1 0 99 0");
            Process::parse(7, &stat).unwrap().is_scanners
        };
        assert!(is_scanners("supervise", 1) && is_scanners("runsv", 1));
        assert!(!is_scanners("supervise", 2) && !is_scanners("sh", 1));
    }

    /// A tree is the root and all its descendants, and nobody else.
    #[test]
    fn trees() {
        let line = |pid, parent| Process { pid, parent, ..Process::default() };
        let table = [line(1, 0), line(2, 1), line(3, 2), line(4, 1), line(5, 3)];
        assert_eq!(tree(&table, 2), [2, 3, 5]);
    }

    /// This very process is in the table, under the name it was started with.
    #[test]
    fn finds_itself() {
        let own = std::process::id();
        assert!(all().iter().any(|process| process.pid == own && !process.kernel && !process.zombie));
        assert!(command(own).contains("shutdown"), "{}", command(own));
    }
}
