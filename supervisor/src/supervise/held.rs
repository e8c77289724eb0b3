//! Descriptors that supervise keeps for a service across its restarts: its sockets, and what it left in the store.

use crate::c_path;
use crate::paths::service as names;
use crate::sys::descriptor::{Descriptor, HERE, Owned};
use crate::sys::error::Errno;
use crate::sys::files as paths;
use crate::sys::message::Piece::{Errno as Why, Name, Text as Words};
use crate::sys::pidfd;
use crate::sys::socket;
use crate::sys::table::Table;
use crate::sys::text::Text;

use super::address::Line;
use super::context::Context;
use super::service::Service;

/// Most descriptors that a service is given.
pub const MOST: usize = 64;
/// Longest file `sockets` in bytes.
const LONGEST: usize = 4096;
/// Descriptors of a running service that are looked through for its sockets.
const LOOKED_THROUGH: i32 = 256;

/// One of them.
#[derive(Debug)]
struct Held {
    descriptor: Owned,
    /// The line of `sockets` that it was opened for, less the name; empty: from the store.
    line: Text<128>,
    /// What the service is told.
    name: Text<64>,
    /// It is still listed.
    is_wanted: bool,
}

/// All of a service, in the order in which it gets them.
#[derive(Debug, Default)]
pub struct Keep {
    list: Table<Held>,
}

impl Drop for Keep {
    fn drop(&mut self) {
        while self.list.swap_remove(0).is_some() {}
    }
}

impl Keep {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Puts the descriptors into `places`, and their names, with colons between, behind `names`.
    pub fn hand_out(&self, places: &mut [Descriptor], names: &mut Text<1024>) -> usize {
        let mut colon: &[u8] = b"";
        for (place, held) in places.iter_mut().zip(self.list.iter()) {
            *place = *held.descriptor;
            names.push(colon);
            names.push(held.name.bytes());
            colon = b":";
        }
        self.list.len().min(places.len())
    }

    /// Takes a descriptor into the store.
    fn store(&mut self, descriptor: Owned, name: &[u8]) -> Result<(), Errno> {
        self.insert(Held { descriptor, line: Text::new(), name: text(name), is_wanted: true })
    }

    fn insert(&mut self, held: Held) -> Result<(), Errno> {
        if self.list.len() < MOST { self.list.push(held) } else { Err(Errno::EMFILE) }
    }

    /// How many are in the store.
    fn stored(&self) -> usize {
        self.list.iter().filter(|held| held.line.bytes().is_empty()).count()
    }

    /// Closes what a condition picks; the others keep their order.
    fn close(&mut self, is_picked: impl Fn(&Held) -> bool) {
        let mut at = 0;
        while let Some(held) = self.list.get(at) {
            if is_picked(held) {
                self.list.get_mut(at..).unwrap_or_default().rotate_left(1);
                drop(self.list.swap_remove(self.list.len() - 1));
            } else {
                at += 1;
            }
        }
    }
}

fn text<const SIZE: usize>(bytes: &[u8]) -> Text<SIZE> {
    let mut text = Text::new();
    text.push(bytes);
    text
}

impl Service {
    /// Opens the sockets that the file lists and closes those that it lists no more. One that cannot be opened costs a message
    /// and is tried again at the next start. `running`: a process of a predecessor's that has them perhaps.
    pub(super) fn open_sockets(&mut self, running: Option<u32>, context: &mut Context) {
        if self.keep.len() > 0 || self.files.has(c_path!(names::SOCKETS)) {
            self.reopen_sockets(running, context);
        }
    }

    /// Apart, because its buffers would make every service's stack larger.
    #[cold]
    #[inline(never)]
    fn reopen_sockets(&mut self, running: Option<u32>, context: &mut Context) {
        let mut buffer = [0; LONGEST];
        let lines = paths::read_at(*self.directory.service, c_path!(names::SOCKETS), &mut buffer).unwrap_or_default();
        self.keep.list.iter_mut().for_each(|held| held.is_wanted = held.line.bytes().is_empty());
        let running = running.and_then(|pid| pidfd::open(pid).ok());
        let lines = lines.split(|&byte| byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
        for line in lines {
            if let Err(errno) = self.open_socket(line, running.as_ref()) {
                let pieces = [Words("unable to listen at "), Name(line), Words(": "), Why(errno)];
                context.warn(self.shown.bytes(), &pieces);
            }
        }
        self.keep.close(|held| !held.is_wanted);
    }

    fn open_socket(&mut self, line: &[u8], running: Option<&Owned>) -> Result<(), Errno> {
        let line = Line::parse(line).ok_or(Errno::EINVAL)?;
        if let Some(held) = self.keep.list.iter_mut().find(|held| held.line.bytes() == line.text) {
            held.is_wanted = true;
            return Ok(());
        }
        let found = running.and_then(|running| find(**running, &line));
        let descriptor = match found {
            Some(descriptor) => descriptor,
            None => open(&line)?,
        };
        let name = if line.name.is_empty() { self.name.to_bytes() } else { line.name };
        self.keep.insert(Held { descriptor, line: text(line.text), name: text(name), is_wanted: true })
    }

    /// Takes descriptors into the store, as far as the directory allows.
    pub(super) fn store(&mut self, descriptors: &mut [Option<Owned>], name: &[u8], context: &mut Context) {
        let allowed = self.files.number(c_path!(names::DESCRIPTOR_STORE)).unwrap_or(0);
        let name = if name.is_empty() { b"stored" } else { name };
        for descriptor in descriptors.iter_mut().filter_map(Option::take) {
            let stored = if (self.keep.stored() as u64) < allowed {
                self.keep.store(descriptor, name)
            } else {
                Err(Errno::EMFILE)
            };
            if let Err(errno) = stored {
                let pieces = [Words("unable to keep descriptor "), Name(name), Words(": "), Why(errno)];
                context.warn(self.shown.bytes(), &pieces);
            }
        }
    }

    /// Closes the stored descriptors of a name.
    pub(super) fn unstore(&mut self, name: &[u8]) {
        self.keep.close(|held| held.line.bytes().is_empty() && held.name.bytes() == name);
    }
}

/// A socket that nobody has yet. A path that nobody listens at any more is in its way.
fn open(line: &Line<'_>) -> Result<Owned, Errno> {
    let Some(path) = line.path else { return socket::open(line.kind, &line.address) };
    let path = text::<128>(path);
    if let Some(path) = path.c_str()
        && paths::status_at(HERE, path).is_ok_and(|status| status.is_socket())
    {
        let _ = paths::remove_at(HERE, path);
    }
    // Whoever may reach the directory may connect, as with a port.
    let mask = paths::set_umask(0);
    let opened = socket::open(line.kind, &line.address);
    paths::set_umask(mask);
    opened
}

/// The same socket in a running process of the service.
fn find(process: Descriptor, line: &Line<'_>) -> Option<Owned> {
    (3..LOOKED_THROUGH)
        .filter_map(|number| socket::take_from(process, number).ok())
        .find(|descriptor| socket::is(**descriptor, line.kind, &line.address))
}
