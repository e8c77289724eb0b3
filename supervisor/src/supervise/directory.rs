//! `supervise/` inside a service directory: lock, FIFOs, record.

use core::ffi::CStr;

use crate::c_path;
use crate::paths::service;
use crate::status::{SIZE, Status};
use crate::sys::descriptor::{Descriptor, HERE, Owned};
use crate::sys::error::{Errno, Result};
use crate::sys::files::{self, O_CREAT, O_DIRECTORY, O_NONBLOCK, O_PATH, O_RDONLY, O_RDWR, O_TRUNC, O_WRONLY};

/// Bytes of the kernel's boot id.
const BOOT_ID: usize = 36;

/// What could not be done, for the message.
#[derive(Clone, Copy, Debug)]
pub struct Fault {
    /// The verb and what stands between it and the directory's name.
    pub what: &'static str,
    /// The file, below the directory.
    pub file: &'static str,
    /// Why.
    pub errno: Errno,
}

/// The open files that make a service supervised.
#[derive(Debug)]
pub struct Directory {
    /// The service directory.
    pub service: Owned,
    /// Both ends of the control FIFO, so that it never ends.
    pub control: Owned,
    /// There was no `supervise/`, and so there is no `death_tally` of former times.
    pub is_new: bool,
    /// Its content is this boot's id while a supervise looks after the service, nothing after an orderly end.
    lock: Owned,
    /// Whoever can open the FIFO for writing knows that we are here.
    _ok: Owned,
}

impl Directory {
    /// Opens, makes and locks everything.
    pub fn open(path: &CStr) -> core::result::Result<Self, Fault> {
        let fault = |what, file| move |errno| Fault { what, file, errno };
        let service = files::open(path, O_PATH | O_DIRECTORY, 0).map_err(fault("unable to chdir to ", ""))?;
        let mask = files::set_umask(0);
        let opened = Self::open_inside(service);
        files::set_umask(mask);
        opened
    }

    fn open_inside(service: Owned) -> core::result::Result<Self, Fault> {
        let fault = |what, file| move |errno| Fault { what, file, errno };
        let at = *service;
        let is_new = match files::make_directory_at(at, c_path!(service::SUPERVISE), 0o755) {
            Err(Errno::EEXIST) => false,
            made => made.map(|()| true).map_err(fault("unable to create ", service::SUPERVISE))?,
        };
        let lock = open_lock(at)?;
        let (control, ok) = open_fifos(at)?;
        Ok(Self { service, control, is_new, lock, _ok: ok })
    }

    /// Makes anew what others reach us by, if it was removed or replaced while we ran. True: it was.
    pub fn mend(&mut self) -> core::result::Result<bool, Fault> {
        let is_heard = |path| files::is_heard_at(*self.service, path);
        if is_heard(c_path!(service::CONTROL)) && is_heard(c_path!(service::OK)) {
            return Ok(false);
        }
        let mask = files::set_umask(0);
        let mended = self.mend_inside();
        files::set_umask(mask);
        mended.map(|()| true)
    }

    fn mend_inside(&mut self) -> core::result::Result<(), Fault> {
        let at = *self.service;
        let _ = files::make_directory_at(at, c_path!(service::SUPERVISE), 0o755);
        let found = files::status_at(at, c_path!(service::LOCK)).map(|status| status.identity());
        if found.is_err() || found != files::status_of(*self.lock).map(|status| status.identity()) {
            self.lock = open_lock(at)?;
            let _ = self.mark();
        }
        (self.control, self._ok) = open_fifos(at)?;
        Ok(())
    }

    /// Puts the boot id into the lock file, and gives the record of a predecessor that died during this boot: the id was there
    /// already. Where it cannot be written (a full disk), a successor starts afresh. An error: nobody can tell whether there was
    /// one, and so nothing may be started.
    pub fn mark(&self) -> Result<Option<Status>> {
        let mut id = [0; BOOT_ID];
        let known = Errno::known(files::read_at(HERE, c"/proc/sys/kernel/random/boot_id", &mut id))?;
        let known = known.is_some_and(|id| id.len() == BOOT_ID);
        let mut old = [0; BOOT_ID];
        let size = self.lock.read_full(&mut old).unwrap_or(0);
        if known && size == BOOT_ID && old == id {
            return self.record();
        }
        if !known {
            return Ok(None);
        }
        if size == 0 || self.lock.truncate(0).is_ok() {
            // The offset is behind what was read; a file that begins with zeros would be nobody's id.
            let _ = self.lock.write_from_start(&id);
        }
        Ok(None)
    }

    /// An orderly end: the next supervise begins afresh.
    pub fn unmark(&self) {
        let _ = self.lock.truncate(0);
    }

    /// The last record, if it is one of ours.
    fn record(&self) -> Result<Option<Status>> {
        let mut buffer = [0; SIZE];
        let record = Errno::known(files::read_at(*self.service, c_path!(service::STATUS), &mut buffer))?;
        Ok(record.and_then(Status::unpack))
    }

    /// Replaces the record. On a full disk it is written in place: its page is there already.
    pub fn publish(&self, record: &[u8; SIZE]) -> Result<()> {
        let at = *self.service;
        let new = files::open_at(at, c_path!(service::STATUS_NEW), O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK, 0o644)
            .and_then(|file| file.write_all(record))
            .and_then(|()| files::rename_at(at, c_path!(service::STATUS_NEW), c_path!(service::STATUS)));
        new.inspect_err(|_| {
            let _ = files::write_at(at, c_path!(service::STATUS), record);
        })
    }

    /// There is no `down` file.
    pub fn is_normally_up(&self) -> bool {
        files::status_at(*self.service, c_path!(service::DOWN)) == Err(Errno::ENOENT)
    }

    /// Creates or removes the `down` file.
    pub fn set_normally_up(&self, up: bool) -> Result<()> {
        let (at, path) = (*self.service, c_path!(service::DOWN));
        if up {
            match files::remove_at(at, path) {
                Err(Errno::ENOENT) => Ok(()),
                other => other,
            }
        } else {
            files::open_at(at, path, O_WRONLY | O_CREAT | O_NONBLOCK, 0o644).map(drop)
        }
    }
}

fn open_lock(at: Descriptor) -> core::result::Result<Owned, Fault> {
    let fault = |what| move |errno| Fault { what, file: service::LOCK, errno };
    let flags = O_RDWR | O_CREAT | O_NONBLOCK;
    let lock = files::open_at(at, c_path!(service::LOCK), flags, 0o644).map_err(fault("unable to open "))?;
    lock.lock().map_err(fault("unable to acquire "))?;
    Ok(lock)
}

/// The FIFOs `control` and `ok`.
fn open_fifos(at: Descriptor) -> core::result::Result<(Owned, Owned), Fault> {
    let fault = |file| move |errno| Fault { what: "unable to open ", file, errno };
    let control = files::open_fifo_at(at, c_path!(service::CONTROL), O_RDWR, 0o600).map_err(fault(service::CONTROL))?;
    let ok = files::open_fifo_at(at, c_path!(service::OK), O_RDONLY, 0o600).map_err(fault(service::OK))?;
    Ok((control, ok))
}
