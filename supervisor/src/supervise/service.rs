//! One service: carries out what its machine asks for, and tells the machine what happened.

use core::ffi::CStr;

use crate::c_path;
use crate::control::supervise::{DOWN, EXIT, REAPED};
use crate::paths::service as names;
use crate::status::{LastExit, SIZE, Status};
use crate::sys::descriptor::Owned;
use crate::sys::error::Errno;
use crate::sys::event::EPOLLIN;
use crate::sys::files as paths;
use crate::sys::message::Level;
use crate::sys::message::Piece::{Errno as Why, Name, Number, Text as Words};
use crate::sys::text::Text;

use super::action::Action;
use super::aide::Custom;
use super::check::Check;
use super::context::{Context, Source};
use super::directory::{Directory, Fault};
use super::event::Event;
use super::files::Files;
use super::held::Keep;
use super::machine::Machine;
use super::settings;
use super::tally;

/// `run`, as it is executed.
pub(super) const RUN: &CStr = c"./run";
/// `finish`, as it is executed.
pub(super) const FINISH: &CStr = c"./finish";

/// What a service is started with by whoever starts supervise.
#[derive(Debug, Default)]
pub struct Inherited {
    /// Descriptor 0 of `run`, if not supervise's own.
    pub input: Option<Owned>,
    /// Descriptor 1 of `run`, if not supervise's own.
    pub output: Option<Owned>,
}

/// One service and its open files.
#[derive(Debug)]
pub struct Service {
    /// Its number in the table.
    index: usize,
    /// What `run` is told as its name: the directory's name.
    pub(super) name: &'static CStr,
    /// Its name in messages.
    pub(super) shown: Text<64>,
    pub(super) directory: Directory,
    /// Which files there were at the last start.
    pub(super) files: Files,
    /// They were looked at just now.
    pub(super) has_looked: bool,
    pub(super) machine: Machine,
    /// The record on disk.
    pub(super) published: [u8; SIZE],
    /// Why the record of a new process could not be written.
    pub(super) unrecorded: Option<Errno>,
    /// The program that could not be run.
    pub(super) not_run: Option<(&'static CStr, Errno)>,
    /// Kept across restarts, so that a FIFO never is without a reader.
    pub(super) input: Option<Owned>,
    pub(super) output: Option<Owned>,
    /// Reading end of the readiness pipe.
    pub(super) notify: Option<Owned>,
    /// The socket of its notifications.
    pub(super) ear: Option<Owned>,
    /// A notification of somebody else was refused in this run.
    pub(super) has_refused: bool,
    /// Descriptors that it gets from 3 on.
    pub(super) keep: Keep,
    /// Asks whether it is ready.
    pub(super) check: Option<Check>,
    /// The process that is followed without being our child.
    pub(super) followed: Option<Owned>,
    /// It has ended; until then (monotonic ns) somebody may say how.
    pub(super) ended_by: Option<u64>,
    /// The program that runs instead of a signal.
    pub(super) custom: Option<Custom>,
    /// What comes before a start has been done.
    pub(super) prepared: bool,
    /// It only reads what is left, and its input stays non-blocking, so that "nothing there" looks like an end to it.
    drains: bool,
}

impl Service {
    /// Takes a service over. The machine has not begun yet: see [`Service::begin`].
    #[inline(never)]
    pub fn open(
        index: usize,
        path: &'static CStr,
        inherited: Inherited,
        drains: bool,
        context: &Context,
    ) -> Result<Self, Fault> {
        let directory = Directory::open(path)?;
        let unable = |what, file| move |errno| Fault { what, file, errno };
        let files = Files::look(*directory.service).map_err(unable("unable to read ", ""))?;
        let watched = context.epoll.add(*directory.control, EPOLLIN, Source::Control(index).token());
        watched.map_err(unable("unable to watch ", names::CONTROL))?;
        // At last: whoever gives up before this has changed nothing.
        let left = directory.mark().map_err(unable("unable to look for the predecessor of ", ""))?;
        let normally_up = !files.has(c_path!(names::DOWN)) || directory.is_normally_up();
        let machine = match left {
            Some(status) => Machine::from_status(Status { normally_up, ..status }),
            None => Machine::new(normally_up),
        };
        if left.is_none() && !directory.is_new {
            let _ = tally::clear(*directory.service);
        }
        let name = last_part(path);
        Ok(Self {
            index,
            name,
            shown: shown(name, path),
            files,
            has_looked: true,
            directory,
            machine,
            published: [0; SIZE],
            unrecorded: None,
            not_run: None,
            input: inherited.input,
            output: inherited.output,
            notify: None,
            ear: None,
            has_refused: false,
            keep: Keep::default(),
            check: None,
            followed: None,
            ended_by: None,
            custom: None,
            prepared: false,
            drains,
        })
    }

    /// Adopts the predecessor's process, or starts. An error: whether that is alive cannot be told, so that it is left, with its
    /// record, to the next supervise.
    pub fn begin(&mut self, context: &mut Context) -> Result<bool, Errno> {
        let goes_on = self.adopt_or_start(context);
        self.has_looked = false;
        goes_on
    }

    #[inline(never)]
    fn adopt_or_start(&mut self, context: &mut Context) -> Result<bool, Errno> {
        self.open_input(context);
        self.follow_orphans(false, context);
        let status = *self.machine.status();
        let is_followed = self.follow_left(context)?;
        if status.pid == 0 || (self.drains && !is_followed) {
            let begin = if self.drains { Event::Drain } else { Event::Begin };
            if status.pid > 0 {
                self.machine = Machine::new(status.normally_up);
            }
            return Ok(self.handle(begin, context));
        }
        let settings = settings::read(&self.files, context.is_runit);
        if is_followed {
            let pieces = [Words("going on with pid "), Number(u64::from(status.pid))];
            context.messages.tell(self.shown.bytes(), Level::Info, &pieces);
            self.open_ear(context);
            self.open_sockets(Some(status.pid), context);
            self.check = Check::of(&self.files, context.now.monotonic).filter(|_| !status.ready);
        }
        Ok(self.handle(Event::Adopted(settings), context)
            && (!self.drains || self.handle(Event::Drain, context))
            // It ended unseen: the same as if it had been followed and had ended then.
            && (is_followed || self.ended_elsewhere(context)))
    }

    /// When this service wants to be told the time (monotonic ns).
    pub fn deadline(&self) -> Option<u64> {
        let custom = self.custom.map(|custom| custom.aide.kill_at);
        let check = self.check.map(|check| check.deadline());
        [self.machine.deadline(), self.ended_by, custom, check].into_iter().flatten().min()
    }

    /// A deadline may have passed.
    pub fn tell_time(&mut self, context: &mut Context) -> bool {
        let now = context.now.monotonic;
        if let Some(custom) = self.custom.as_mut().filter(|custom| custom.aide.kill_at <= now) {
            custom.aide.kill();
        }
        self.look_at_check(context);
        if self.ended_by.is_some_and(|at| at <= now) {
            self.ended_by = None;
            let pid = self.machine.status().pid;
            return self.ended(pid, LastExit::Unknown, context);
        }
        self.machine.deadline().is_none_or(|at| at > now) || self.handle(Event::Time, context)
    }

    /// Tells the machine an event and does what it asks for, until nothing more follows. False: the service is left.
    pub fn handle(&mut self, event: Event, context: &mut Context) -> bool {
        let mut next = Some(event);
        while let Some(event) = next.take() {
            let actions = self.machine.step(event, &context.now);
            self.warn_not_run(context);
            for action in actions.iter() {
                if action == Action::Leave {
                    self.publish(context);
                    self.directory.unmark();
                    return false;
                }
                next = self.perform(action, context).or(next);
            }
        }
        self.publish(context);
        true
    }

    /// Opens the FIFO of `stdin-fifo`, once.
    pub(super) fn open_input(&mut self, context: &mut Context) {
        let at = *self.directory.service;
        if self.input.is_some() {
            return;
        }
        let Some(path) = self.files.line(c_path!(names::STDIN_FIFO)) else { return };
        let opened = path.c_str().ok_or(Errno::ENAMETOOLONG).and_then(|path| {
            let fifo = paths::open_at(at, path, paths::O_RDONLY | paths::O_NONBLOCK, 0)?;
            fifo.set_nonblocking(self.drains)?;
            Ok(fifo)
        });
        match opened {
            Ok(fifo) => self.input = Some(fifo),
            Err(errno) => {
                let pieces = [Words("unable to open "), Name(path.bytes()), Words(": "), Why(errno)];
                context.warn(self.shown.bytes(), &pieces);
            }
        }
    }

    /// Letters have come.
    pub fn read_control(&mut self, context: &mut Context) -> bool {
        let mut letters = [0; 64];
        let size = self.directory.control.read(&mut letters).unwrap_or(0);
        self.take_letters(letters.get(..size).unwrap_or_default(), context)
    }

    /// Does what letters that came together ask for.
    pub fn take_letters(&mut self, letters: &[u8], context: &mut Context) -> bool {
        letters.iter().enumerate().all(|(at, &letter)| match letter {
            REAPED => self.ended_by.is_none() || self.ended_elsewhere(context),
            // In runit's dialect `x` does that: the service would get a second TERM.
            DOWN if self.machine.settings().is_runit && letters.get(at + 1) == Some(&EXIT) => true,
            letter => self.handle(Event::Letter(letter), context),
        })
    }

    /// The service has written to its readiness pipe, or closed it.
    pub fn read_notify(&mut self, context: &mut Context) -> bool {
        let Some(notify) = &self.notify else { return true };
        let mut bytes = [0; 64];
        let size = match notify.read(&mut bytes) {
            Err(Errno::EAGAIN) => return true,
            answer => answer.unwrap_or(0),
        };
        if size == 0 {
            self.notify = None;
        }
        !bytes.iter().take(size).any(|&byte| byte == b'\n') || self.handle(Event::Ready, context)
    }

    pub(super) const fn index(&self) -> usize {
        self.index
    }
}

/// The last part of a path. A path that ends in a slash, which nobody's scanner passes, is taken whole.
fn last_part(path: &'static CStr) -> &'static CStr {
    let bytes = path.to_bytes_with_nul();
    let begin = bytes.iter().rposition(|&byte| byte == b'/').map_or(0, |slash| slash + 1);
    match bytes.get(begin..).map(CStr::from_bytes_with_nul) {
        Some(Ok(name)) if !name.is_empty() => name,
        _ => path,
    }
}

/// A logger is called `log` in every service; messages name the service too, by its path or else by the working directory that
/// the scanner starts it in.
fn shown(name: &CStr, path: &CStr) -> Text<64> {
    let mut shown = Text::new();
    if name == c_path!(names::LOG) {
        let mut buffer = [0; 512];
        let parent = match path.to_bytes().strip_suffix(b"/log") {
            Some(parent) => parent,
            None => {
                paths::read_link_at(crate::sys::descriptor::HERE, c"/proc/self/cwd", &mut buffer).unwrap_or_default()
            }
        };
        let parent = parent.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
        if !parent.is_empty() {
            shown.push_shown(parent);
            shown.push(b"/");
        }
    }
    shown.push_shown(name.to_bytes());
    shown
}
