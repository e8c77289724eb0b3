//! What a service tells supervise of itself through the socket that `NOTIFY_SOCKET` names.

use crate::c_path;
use crate::paths::service as names;
use crate::sys::descriptor::Owned;
use crate::sys::error::{Errno, Result};
use crate::sys::event::EPOLLIN;
use crate::sys::files as paths;
use crate::sys::message::Piece::{Errno as Why, Number, Text as Words};
use crate::sys::proc;
use crate::sys::process;
use crate::sys::socket::{self, Address, Received};
use crate::sys::text::Text;
use crate::sys::wait;

use super::context::{Context, Source};
use super::event::Event;
use super::notes::{Note, notes};
use super::runit::replace;
use super::service::Service;
use super::settings;

/// Longest message in bytes; the rest of a longer one is lost.
const LONGEST: usize = 2048;
/// Longest text of `STATUS=` that is kept.
const LONGEST_WORDS: usize = 256;
/// Messages that are taken before anything else has its turn.
const BATCH: usize = 16;
/// Most descriptors that are taken from one message.
const MOST_DESCRIPTORS: usize = 16;
/// How many parents up a sender may stand below the service's own process.
const GENERATIONS: usize = 16;

impl Service {
    /// The service may be heard, so its socket is opened if it is not yet, or was removed. False: it cannot be.
    pub(super) fn open_ear(&mut self, context: &mut Context) -> bool {
        if !self.files.has(c_path!(names::NOTIFY)) && !self.files.has(c_path!(names::WATCHDOG)) {
            self.ear = None;
            return false;
        }
        let _ = paths::remove_at(*self.directory.service, c_path!(names::STATUS_TEXT));
        self.keep_ear(context);
        self.ear.is_some()
    }

    /// Opens the socket, unless it is open and still where messages are sent to.
    pub(super) fn keep_ear(&mut self, context: &mut Context) {
        let found = paths::link_status_at(*self.directory.service, c_path!(names::NOTIFY_SOCKET));
        if self.ear.is_some() && found.is_ok_and(|status| status.is_socket()) {
            return;
        }
        self.ear = None;
        match self.try_open_ear(context) {
            Ok(ear) => self.ear = Some(ear),
            Err(errno) => {
                let pieces = [Words("unable to open "), Words(names::NOTIFY_SOCKET), Words(": "), Why(errno)];
                context.warn(self.shown.bytes(), &pieces);
            }
        }
    }

    fn try_open_ear(&self, context: &Context) -> Result<Owned> {
        let at = *self.directory.service;
        match paths::remove_at(at, c_path!(names::NOTIFY_SOCKET)) {
            Ok(()) | Err(Errno::ENOENT) => (),
            Err(errno) => return Err(errno),
        }
        // The kernel takes a path here and no directory.
        let mut path = Text::<64>::new();
        path.push(b"/proc/self/fd/");
        path.push_number(at.0 as u64);
        path.push(b"/");
        path.push(names::NOTIFY_SOCKET.as_bytes());
        let address = Address::of_path(path.bytes()).ok_or(Errno::ENAMETOOLONG)?;
        // Whoever the service runs as may write to it; who did is checked.
        let mask = paths::set_umask(0);
        let opened = socket::open_told(&address);
        paths::set_umask(mask);
        let ear = opened?;
        context.epoll.add(*ear, EPOLLIN, Source::Ear(self.index()).token())?;
        Ok(ear)
    }

    /// Messages may have come.
    pub fn hear(&mut self, context: &mut Context) -> bool {
        self.ear.is_none() || self.hear_messages(context)
    }

    /// Apart, because its buffers would make every service's stack larger.
    #[inline(never)]
    fn hear_messages(&mut self, context: &mut Context) -> bool {
        for _ in 0..BATCH {
            let Some(ear) = &self.ear else { return true };
            let mut message = [0; LONGEST];
            let mut descriptors = [const { None }; MOST_DESCRIPTORS];
            let Ok(received) = socket::receive(**ear, &mut message, &mut descriptors) else { return true };
            if !self.may_speak(received.pid) {
                self.refuse(&received, context);
            } else if !self.take_notes(message.get(..received.size).unwrap_or_default(), &mut descriptors, context) {
                return false;
            }
        }
        true
    }

    /// Says so, once a run: anybody can send anything.
    fn refuse(&mut self, received: &Received, context: &mut Context) {
        if !core::mem::replace(&mut self.has_refused, true) {
            let pid = Number(u64::from(received.pid));
            let pieces = [Words("refused a notification of process "), pid, Words(", which is not to send any")];
            context.warn(self.shown.bytes(), &pieces);
        }
    }

    fn may_speak(&self, pid: u32) -> bool {
        let Some(main) = self.machine.main_pid() else { return false };
        pid == main || (self.files.says(c_path!(names::NOTIFY), b"all") && self.is_of_service(pid, main))
    }

    /// A process is the service's: in its session, below its process, or in its control group.
    fn is_of_service(&self, pid: u32, main: u32) -> bool {
        if pid < 2 {
            return false;
        }
        let is_in_session = process::session_of(pid).is_ok_and(|session| process::session_of(main) == Ok(session));
        if is_in_session || self.is_in_leaf(pid) {
            return true;
        }
        let mut ancestor = pid;
        (0..GENERATIONS).any(|_| {
            ancestor = proc::parent_of(ancestor).unwrap_or(0);
            ancestor == main
        })
    }

    fn is_in_leaf(&self, pid: u32) -> bool {
        settings::leaf(*self.directory.service).is_some_and(|leaf| super::group::has(&leaf, pid))
    }

    fn take_notes(&mut self, message: &[u8], descriptors: &mut [Option<Owned>], context: &mut Context) -> bool {
        let named = notes(message).find_map(|note| if let Note::Name(name) = note { Some(name) } else { None });
        let named = named.unwrap_or_default();
        notes(message).all(|note| match note {
            Note::Ready => self.handle(Event::Ready, context),
            Note::Reloading => self.handle(Event::Reloading, context),
            Note::Stopping => self.handle(Event::Stopping, context),
            Note::Alive => self.handle(Event::Alive, context),
            Note::Unwell => self.handle(Event::Unwell, context),
            Note::Watchdog(interval) => self.handle(Event::Watchdog(interval), context),
            Note::Main(pid) => self.move_to(pid, context),
            Note::Words(words) => self.keep_words(words, context),
            Note::Store => {
                self.store(descriptors, named, context);
                true
            }
            Note::Unstore => {
                self.unstore(named);
                true
            }
            Note::Name(_) => true,
        })
    }

    /// The service goes on in another process, which must be one of its own.
    fn move_to(&mut self, pid: u32, context: &mut Context) -> bool {
        let main = self.machine.main_pid();
        if !main.is_some_and(|main| main != pid && self.is_of_service(pid, main)) {
            return true;
        }
        let Some(ticks) = proc::start_ticks(pid) else { return true };
        if wait::is_child(pid) {
            self.followed = None;
        } else if self.follow(pid, context).is_err() {
            return true;
        }
        self.ended_by = None;
        self.handle(Event::Moved(pid, ticks), context)
    }

    fn keep_words(&mut self, words: &[u8], context: &mut Context) -> bool {
        let mut text = Text::<LONGEST_WORDS>::new();
        text.push_shown(words);
        let at = *self.directory.service;
        let kept = replace(at, c_path!(names::STATUS_TEXT_NEW), c_path!(names::STATUS_TEXT), text.bytes());
        if let Err(errno) = kept {
            let pieces = [Words("unable to write "), Words(names::STATUS_TEXT), Words(": "), Why(errno)];
            context.warn(self.shown.bytes(), &pieces);
        }
        true
    }
}
