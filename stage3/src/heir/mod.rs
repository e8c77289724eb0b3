//! What process 1 becomes when its scanner is told to end: the scanner's `finish`. Ours has one, and s6's; the others know none.
//!
//! It never ends anybody but the scanner, which leaves everybody else as they are.

pub mod again;
pub mod initramfs;

use crate::verb::Verb;
use crate::waiting::events::Events;
use nix::libc::O_NONBLOCK;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::time::Duration;
use supervisor::control::scanner::FINISH;
use supervisor::paths::{run, scan};
use supervisor::sys::descriptor::Descriptor;
use supervisor::sys::event::{EPOLLERR, wait_ready};

/// Where a scanner hears letters, and what it becomes; both know the same letter.
const SCANNERS: [(&str, &str); 2] = [(scan::CONTROL, scan::FINISH), (scan::S6_CONTROL, scan::S6_FINISH)];

/// How long process 1 may take to become what it is told to.
const LIMIT: Duration = Duration::from_secs(10);

/// The place of process 1's next program.
#[derive(Debug)]
pub struct Heir {
    control: File,
    /// The name of the FIFO, to be watched.
    fifo: PathBuf,
    program: PathBuf,
    /// Process 1, and what it was when it was found.
    scanner: u32,
    former: Option<Executable>,
}

impl Heir {
    /// Of the scanner that runs there. An error if it hears no letters.
    pub fn of(run: &Path) -> io::Result<Self> {
        Self::of_process(run, 1)
    }

    fn of_process(run: &Path, scanner: u32) -> io::Result<Self> {
        let place = run.join(run::SCAN);
        let heir = |(control, finish): &(&str, &str)| {
            let (fifo, program) = (place.join(control), place.join(finish));
            Some(Self { control: hears(run, control)?, fifo, program, scanner, former: executable(scanner) })
        };
        SCANNERS.iter().find_map(heir).ok_or_else(|| io::Error::other("process 1's scanner becomes no other program"))
    }

    /// Process 1 is told to become what a link there leads to.
    pub fn linked(&mut self, target: &str) -> io::Result<()> {
        let _ = fs::remove_file(&self.program);
        symlink(target, &self.program)?;
        self.tell()
    }

    /// Process 1 is told to become a script of these words.
    pub fn interpreted(&mut self, words: &str) -> io::Result<()> {
        // It may be a link to a program.
        let _ = fs::remove_file(&self.program);
        fs::write(&self.program, format!("#!{words}\n"))?;
        fs::set_permissions(&self.program, Permissions::from_mode(0o755))?;
        self.tell()
    }

    fn tell(&mut self) -> io::Result<()> {
        self.control.write_all(&[FINISH])
    }

    /// Until process 1 has become it the letter is kept by our end of the FIFO, although a scanner that fails lets go of its own.
    pub fn take_over(self, events: &mut Events) -> io::Result<()> {
        events.add_closing(&self.fifo);
        let has_become = events.until(LIMIT, || self.has_taken_over());
        has_become.then_some(()).ok_or_else(|| io::Error::other("process 1 does not become what it is told to"))
    }

    /// It has read the letter, lets go of the FIFO, and is another program: one that is merely executed again lets go for a moment
    /// too, and one that cannot execute the program has read it all the same.
    fn has_taken_over(&self) -> bool {
        let control = Descriptor(self.control.as_raw_fd());
        control.bytes_waiting() == Ok(0)
            && wait_ready(control, EPOLLERR, Some(0)) == Ok(true)
            && (self.former.is_none() || executable(self.scanner) != self.former)
    }
}

/// What a process executes: device and number of the file.
type Executable = (u64, u64);

/// `None`: nobody may know, and then it counts for nothing.
fn executable(pid: u32) -> Option<Executable> {
    fs::metadata(format!("/proc/{pid}/exe")).ok().map(|file| (file.dev(), file.ino()))
}

/// A soft reboot is for our own scanner: it is refused before anything is stopped where another runs.
pub fn check(verb: Verb, run: &Path) -> Result<(), String> {
    if verb != Verb::SoftReboot || hears(run, scan::CONTROL).is_some() {
        return Ok(());
    }
    Err(format!("unable to {}: process 1 is another suite's scanner", verb.name()))
}

/// The FIFO, if a scanner reads it.
fn hears(run: &Path, control: &str) -> Option<File> {
    OpenOptions::new().write(true).custom_flags(O_NONBLOCK).open(run.join(run::SCAN).join(control)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::Mode;
    use std::io::{BufRead, BufReader, Read};
    use std::process::{Command, Stdio};

    /// Each scanner is told in its own place, and a link to a program is replaced, not written through.
    #[test]
    fn of_each_scanner() {
        for (control, finish) in SCANNERS {
            let directory = tempfile::tempdir().unwrap();
            let place = directory.path().join(run::SCAN);
            fs::create_dir_all(place.join(finish).parent().unwrap()).unwrap();
            assert!(check(Verb::SoftReboot, directory.path()).is_err(), "{control}");
            assert_eq!(check(Verb::Reboot, directory.path()), Ok(()));
            nix::unistd::mkfifo(&place.join(control), Mode::S_IRWXU).unwrap();
            assert!(Heir::of(directory.path()).is_err(), "nobody listens: {control}");
            let mut scanner = OpenOptions::new().read(true).write(true).open(place.join(control)).unwrap();
            assert_eq!(check(Verb::SoftReboot, directory.path()).is_ok(), control == scan::CONTROL);
            let program = directory.path().join("svscan");
            fs::write(&program, "ours").unwrap();
            Heir::of(directory.path()).unwrap().linked("../../svscan").unwrap();
            assert_eq!(fs::read_to_string(place.join(finish)).unwrap(), "ours");
            Heir::of(directory.path()).unwrap().interpreted("/bin/stage3 word").unwrap();
            assert_eq!(fs::read_to_string(place.join(finish)).unwrap(), "#!/bin/stage3 word\n");
            assert_eq!(fs::read_to_string(program).unwrap(), "ours");
            let mut told = [0; 2];
            scanner.read_exact(&mut told).unwrap();
            assert_eq!(told, [FINISH; 2]);
        }
    }

    /// What was told outlives a scanner that fails before it has read it.
    #[test]
    fn is_kept_until_read() {
        let (directory, control) = a_fifo();
        let listen = || OpenOptions::new().read(true).write(true).open(&control).unwrap();
        let failing = listen();
        // Nobody knows what a process executes that is not there.
        let mut heir = Heir::of_process(directory.path(), 0).unwrap();
        heir.tell().unwrap();
        assert!(!heir.has_taken_over());
        drop(failing);
        assert!(!heir.has_taken_over());
        let mut told = [0];
        listen().read_exact(&mut told).unwrap();
        assert!(told == [FINISH] && heir.has_taken_over());
    }

    /// A scanner that has read the letter may be unable to obey it, or be executed again: it has become nothing until it is another
    /// program.
    #[test]
    fn becomes_another_program() {
        const SCANNER: &str = "exec 7<>$0; echo listens; head -c 1 <&7 >/dev/null; echo has read
            read word; exec 7>&-; echo has let go; read word; exec cat";
        let (directory, control) = a_fifo();
        let mut command = Command::new("sh");
        command.args(["-c", SCANNER]).arg(&control).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut scanner = command.spawn().unwrap();
        let (mut tell, mut said) = (scanner.stdin.take().unwrap(), BufReader::new(scanner.stdout.take().unwrap()));
        let mut hear = || {
            let mut line = String::new();
            said.read_line(&mut line).map(|_| line).unwrap()
        };
        assert_eq!(hear(), "listens\n");
        let mut heir = Heir::of_process(directory.path(), scanner.id()).unwrap();
        heir.tell().unwrap();
        assert_eq!(hear(), "has read\n");
        assert!(!heir.has_taken_over());
        tell.write_all(b"let go\n").unwrap();
        assert_eq!(hear(), "has let go\n");
        assert!(!heir.has_taken_over());
        tell.write_all(b"execute\nhere\n").unwrap();
        assert_eq!(hear(), "here\n");
        assert!(heir.has_taken_over());
        drop(tell);
        assert!(scanner.wait().unwrap().success());
    }

    fn a_fifo() -> (tempfile::TempDir, PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let control = directory.path().join(run::SCAN).join(scan::CONTROL);
        fs::create_dir_all(control.parent().unwrap()).unwrap();
        nix::unistd::mkfifo(&control, Mode::S_IRWXU).unwrap();
        (directory, control)
    }
}
