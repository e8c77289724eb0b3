//! A stop that was asked for and is still to come: one file, `RUN/shutdown`. Removing it calls the stop off.
//!
//! A moment that was given as a length of time is kept on the clock that nobody sets; a time of day on the one that people
//! set.

use super::Aim;
use super::check::Check;
use super::fulfil_aim;
use super::warnings::Volume;
use crate::json::{number, text};
use nix::time::{ClockId, clock_gettime};
use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use supervisor::json::Quoted;
use supervisor::paths::{self, run};

/// When it is to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Seconds of CLOCK_BOOTTIME.
    SinceBoot(u64),
    /// Seconds since the epoch.
    OfDay(u64),
}

impl Moment {
    /// What is left until then.
    pub fn left(self) -> Duration {
        let (moment, now) = match self {
            Self::SinceBoot(moment) => (moment, since_boot()),
            Self::OfDay(moment) => (moment, SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()),
        };
        Duration::from_secs(moment).saturating_sub(now)
    }
}

/// CLOCK_BOOTTIME.
pub fn since_boot() -> Duration {
    clock_gettime(ClockId::CLOCK_BOOTTIME).map_or(Duration::ZERO, Duration::from)
}

/// The stop that is to come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    /// What is to happen.
    pub aim: Aim,
    /// And when.
    pub moment: Moment,
    /// How often everyone is warned.
    pub volume: Volume,
    /// What the next boot is told.
    pub check: Check,
    /// What everyone is told besides.
    pub message: String,
}

impl Schedule {
    /// Writes it in the place of an earlier one, and gives the file.
    pub fn write(&self, directory: &Path) -> Result<File, String> {
        let (new, path) = (directory.join(run::SHUTDOWN_NEW), directory.join(run::SHUTDOWN));
        fs::write(&new, self.pack())
            .and_then(|()| fs::set_permissions(&new, fs::Permissions::from_mode(0o644)))
            .and_then(|()| File::open(&new))
            .and_then(|file| fs::rename(&new, &path).map(|()| file))
            .map_err(|error| format!("unable to write '{}': {error}", path.display()))
    }

    /// Reads one that is open.
    pub fn read(mut file: &File) -> Option<Self> {
        let mut bytes = String::new();
        file.read_to_string(&mut bytes).ok()?;
        Self::unpack(&bytes)
    }

    /// The moment has come. What the next boot is not told costs nothing but a warning.
    pub fn fulfil(&self, run: &Path) -> Result<(), String> {
        if let Err(error) = self.check.leave(Path::new("/")) {
            let _ = writeln!(std::io::stderr(), "shutdown: warning: unable to leave word for fsck on /: {error}");
        }
        fulfil_aim(self.aim, &self.message, run)
    }

    fn pack(&self) -> String {
        let (key, moment) = match self.moment {
            Moment::SinceBoot(moment) => ("boot_s", moment),
            Moment::OfDay(moment) => ("at_s", moment),
        };
        let (aim, message) = (Quoted(self.aim.name()), Quoted(&self.message));
        format!(
            "{{\"v\":1,\"verb\":{aim},\"{key}\":{moment},\"quiet\":{},\"fsck\":\"{}\",\"message\":{message}}}\n",
            self.volume.number(),
            self.check.name()
        )
    }

    fn unpack(json: &str) -> Option<Self> {
        let since_boot = number(json, "boot_s").map(Moment::SinceBoot);
        Some(Self {
            aim: Aim::from_name(&text(json, "verb")?)?,
            moment: since_boot.or_else(|| number(json, "at_s").map(Moment::OfDay))?,
            volume: Volume::from_number(number(json, "quiet")?),
            check: Check::from_name(&text(json, "fsck")?)?,
            message: text(json, "message")?,
        })
    }
}

/// The file is still the one that holds.
pub fn is_current(file: &File, directory: &Path) -> bool {
    let (Ok(ours), Ok(now)) = (file.metadata(), fs::metadata(directory.join(run::SHUTDOWN))) else { return false };
    (ours.dev(), ours.ino()) == (now.dev(), now.ino())
}

/// Calls it off. False: there was none.
pub fn cancel(directory: &Path) -> bool {
    let found = fs::remove_file(directory.join(run::SHUTDOWN)).is_ok();
    if found {
        let _ = fs::remove_file(paths::NOLOGIN);
    }
    found
}

/// Keeps everyone but root from logging in.
pub fn refuse_logins(text: &str) {
    let _ = File::create(paths::NOLOGIN).and_then(|mut file| writeln!(file, "{text}"));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verb::Verb;

    fn schedule(moment: Moment) -> Schedule {
        let message = "say \"good\\night\"\n".to_owned();
        Schedule { aim: Aim::Stop(Verb::Reboot), moment, volume: Volume::Quiet, check: Check::Forced, message }
    }

    /// What is written is what is read, and a later one takes the place of an earlier one.
    #[test]
    fn the_latest_holds() {
        let run = tempfile::tempdir().unwrap();
        let (first, second) = (schedule(Moment::OfDay(7)), schedule(Moment::SinceBoot(u64::MAX)));
        let file = first.write(run.path()).unwrap();
        assert!(is_current(&file, run.path()));
        let newer = second.write(run.path()).unwrap();
        assert!(!is_current(&file, run.path()));
        assert!(is_current(&newer, run.path()));
        assert_eq!((Schedule::read(&file), Schedule::read(&newer)), (Some(first), Some(second)));
        let other = schedule(Moment::OfDay(7)).pack().replace("reboot", "dance");
        assert_eq!(Schedule::unpack(&other), None);
    }

    /// A moment that has passed is now.
    #[test]
    fn what_is_left() {
        assert_eq!(Moment::OfDay(7).left(), Duration::ZERO);
        let left = Moment::SinceBoot(since_boot().as_secs() + 600).left();
        assert!(left > Duration::from_secs(500) && left <= Duration::from_secs(600), "{left:?}");
    }
}
