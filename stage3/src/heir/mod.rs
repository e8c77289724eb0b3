//! What process 1 becomes when its scanner is told to end: the scanner's `finish`. Ours has one, and s6's; the others know none.
//!
//! It never ends anybody but the scanner, which leaves everybody else as they are.

pub mod again;
pub mod initramfs;

use crate::verb::Verb;
use nix::libc::O_NONBLOCK;
use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::{Duration, Instant};
use supervisor::control::scanner::FINISH;
use supervisor::paths::{run, scan};
use supervisor::sys::descriptor::Descriptor;

/// Where a scanner hears letters, and what it becomes; both know the same letter.
const SCANNERS: [(&str, &str); 2] = [(scan::CONTROL, scan::FINISH), (scan::S6_CONTROL, scan::S6_FINISH)];

/// How long process 1 may take to hear what it is told, and the pause between looks: nobody tells a writer that a FIFO was read.
const LIMIT: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(10);

/// The place of process 1's next program.
#[derive(Debug)]
pub struct Heir {
    control: File,
    program: PathBuf,
}

impl Heir {
    /// Of the scanner that runs there. An error if it hears no letters.
    pub fn of(run: &Path) -> io::Result<Self> {
        let place = run.join(run::SCAN);
        SCANNERS
            .iter()
            .find_map(|(control, finish)| Some(Self { control: hears(run, control)?, program: place.join(finish) }))
            .ok_or_else(|| io::Error::other("process 1's scanner becomes no other program"))
    }

    /// Process 1 becomes what a link there leads to.
    pub fn linked(self, target: &str) -> io::Result<()> {
        let _ = fs::remove_file(&self.program);
        symlink(target, &self.program)?;
        self.take_over()
    }

    /// Process 1 becomes a script of these words.
    pub fn interpreted(self, words: &str) -> io::Result<()> {
        // It may be a link to a program.
        let _ = fs::remove_file(&self.program);
        fs::write(&self.program, format!("#!{words}\n"))?;
        fs::set_permissions(&self.program, Permissions::from_mode(0o755))?;
        self.take_over()
    }

    /// Until process 1 has heard it the letter is kept by our end of the FIFO, although a scanner that fails lets go of its own.
    fn take_over(mut self) -> io::Result<()> {
        self.control.write_all(&[FINISH])?;
        if self.is_heard(LIMIT) { Ok(()) } else { Err(io::Error::other("process 1 does not hear what it is told")) }
    }

    fn is_heard(&self, limit: Duration) -> bool {
        let start = Instant::now();
        loop {
            if Descriptor(self.control.as_raw_fd()).bytes_waiting() == Ok(0) {
                return true;
            }
            if start.elapsed() >= limit {
                return false;
            }
            sleep(PAUSE);
        }
    }
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
    use std::io::Read;
    use std::thread;

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
            let hears = thread::spawn(move || {
                let mut told = [0; 2];
                scanner.read_exact(&mut told).map(|()| told).unwrap()
            });
            Heir::of(directory.path()).unwrap().linked("../../svscan").unwrap();
            assert_eq!(fs::read_to_string(place.join(finish)).unwrap(), "ours");
            Heir::of(directory.path()).unwrap().interpreted("/bin/stage3 word").unwrap();
            assert_eq!(fs::read_to_string(place.join(finish)).unwrap(), "#!/bin/stage3 word\n");
            assert_eq!(fs::read_to_string(program).unwrap(), "ours");
            assert_eq!(hears.join().unwrap(), [FINISH; 2]);
        }
    }

    /// What was told outlives a scanner that fails before it has heard it; nobody takes it for heard.
    #[test]
    fn is_kept_until_heard() {
        let directory = tempfile::tempdir().unwrap();
        let control = directory.path().join(run::SCAN).join(scan::CONTROL);
        fs::create_dir_all(control.parent().unwrap()).unwrap();
        nix::unistd::mkfifo(&control, Mode::S_IRWXU).unwrap();
        let listen = || OpenOptions::new().read(true).write(true).open(&control).unwrap();
        let failing = listen();
        let mut heir = Heir::of(directory.path()).unwrap();
        heir.control.write_all(&[FINISH]).unwrap();
        assert!(!heir.is_heard(Duration::ZERO));
        drop(failing);
        let mut told = [0];
        listen().read_exact(&mut told).unwrap();
        assert!(told == [FINISH] && heir.is_heard(Duration::ZERO));
    }
}
