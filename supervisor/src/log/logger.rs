//! The logger's loop: wait, read a large chunk, give every line to every sink, flush.
//!
//! Everything that was read is written before the next wait, so that no line is ever held back. Memory is bounded: one
//! input buffer, one output buffer, both on the stack.

use super::directory::Trouble;
use super::input::{Input, Piece};
use super::orders::{Orders, RETRY};
use super::output::Output;
use super::script::{Dialect, MOST_SINKS, Script, Target};
use super::sink::{Context, Sink, alert};
use super::status_file::StatusFile;
use super::trouble::Say;
use crate::sys::descriptor::{Owned, STDIN};
use crate::sys::error::Errno;
use crate::sys::event::{EPOLLHUP, EPOLLIN, wait_several};
use crate::sys::exec::Environment;
use crate::sys::files::O_NONBLOCK;
use crate::sys::message::Piece::{Errno as Why, Text as Words};
use crate::sys::message::{Level, Messages};
use crate::sys::time;
use crate::tai::Tai64n;

/// How long TERM waits for the end of a line that has begun, in ns.
const PATIENCE: u64 = 2_000_000_000;

/// What the command line says besides the script.
#[derive(Debug)]
pub struct Settings {
    /// Wait on trouble, instead of dropping lines.
    pub blocks: bool,
    /// Gets a newline once every directory is open.
    pub ready: Option<Owned>,
    /// Lines longer than this many bytes are broken; 0: never.
    pub longest: usize,
    /// Whose ways it has.
    pub dialect: Dialect,
    /// The words for what does not work.
    pub say: Say,
    /// The program's name in messages.
    pub program: &'static str,
    /// What processors get.
    pub environment: Environment,
}

/// A sink and the number of its action.
#[derive(Debug)]
struct Place {
    action: usize,
    outlet: Outlet,
    /// The present line is selected.
    selected: bool,
}

/// Where the lines of a place go.
#[derive(Debug)]
enum Outlet {
    /// Standard error.
    Alert,
    Status(StatusFile),
    Directory(Sink),
}

/// A logger at work.
#[derive(Debug)]
pub struct Logger {
    script: Script,
    input: Input,
    places: [Option<Place>; MOST_SINKS],
    context: Context,
    ready: Option<Owned>,
    /// The input could not be read.
    failed: bool,
}

impl Logger {
    /// Prepares a logger; nothing is opened yet.
    pub fn new(script: Script, settings: Settings) -> Result<Self, Errno> {
        let mut places = [const { None }; MOST_SINKS];
        for (place, (action, target)) in places.iter_mut().zip(script.targets()) {
            let outlet = match target {
                Target::Alert => Outlet::Alert,
                Target::Status(path) => Outlet::Status(StatusFile::new(path)),
                Target::Directory(path, limits) => Outlet::Directory(Sink::new(path, limits)),
            };
            *place = Some(Place { action, outlet, selected: false });
        }
        let context = Context {
            blocks: settings.blocks,
            dialect: settings.dialect,
            environment: settings.environment,
            labels: script.labels(),
            orders: Orders::new()?,
            messages: Messages::new(settings.program),
            say: settings.say,
            output: Output::new(),
        };
        Ok(Self { script, input: Input::new(settings.longest), places, context, ready: settings.ready, failed: false })
    }

    /// Runs until the end of the input or TERM; gives the exit code.
    pub fn run(&mut self) -> i32 {
        if !self.open() {
            return 111;
        }
        while self.turn() {}
        if self.context.orders.leave {
            self.finish_line();
        }
        self.write_lines(true);
        let lossy = sinks(&mut self.places).filter_map(|sink| (!sink.close(&mut self.context)).then_some(())).count();
        if lossy == 0 && !self.failed { 0 } else { 111 }
    }

    /// Opens every place; false when one of them cannot be had.
    fn open(&mut self) -> bool {
        for place in self.places.iter_mut().flatten() {
            let (answer, path) = match &mut place.outlet {
                Outlet::Alert => continue,
                Outlet::Status(file) => (file.open(), file.path()),
                Outlet::Directory(sink) => {
                    let opened = sink.open(&mut self.context);
                    sink.flush(&mut self.context);
                    (opened, sink.path())
                }
            };
            if let Err(trouble) = answer {
                self.refuse(path.to_bytes(), trouble);
                return false;
            }
        }
        true
    }

    fn refuse(&mut self, path: &[u8], trouble: Trouble) {
        (self.context.say)(&mut self.context.messages, path, Level::Fatal, trouble, "");
    }

    /// Milliseconds until the first `current` is too old.
    fn patience(&mut self) -> Option<u64> {
        let first = sinks(&mut self.places).filter_map(|sink| sink.expires()).min()?;
        Some(first.saturating_sub(time::monotonic()).div_ceil(1_000_000))
    }

    /// Rotates what is too old.
    fn rotate_old(&mut self) {
        for sink in sinks(&mut self.places) {
            if sink.expires().is_some_and(|end| end <= time::monotonic()) {
                sink.rotate(&mut self.context);
            }
        }
    }

    /// One wait and what it brings; false at the end.
    fn turn(&mut self) -> bool {
        self.announce();
        let troubled = sinks(&mut self.places).any(|sink| sink.is_troubled());
        let drains = STDIN.flags().is_ok_and(|flags| flags & O_NONBLOCK != 0);
        let limit = if drains { Some(0) } else { self.patience().into_iter().chain(troubled.then_some(RETRY)).min() };
        let (signals, input) = match wait_several([self.context.orders.descriptor(), STDIN], limit) {
            Ok([signals, input]) => (signals, input),
            Err(errno) => return self.give_up(errno),
        };
        if signals != 0 {
            self.context.orders.read();
        }
        if core::mem::take(&mut self.context.orders.rotate) {
            sinks(&mut self.places).for_each(|sink| sink.rotate(&mut self.context));
        }
        if core::mem::take(&mut self.context.orders.child) {
            sinks(&mut self.places).for_each(|sink| sink.look_after_processor(&mut self.context));
        }
        self.rotate_old();
        if self.context.orders.leave && !is_hung_up() {
            return false;
        }
        if input != 0 || self.context.orders.leave {
            return self.read();
        }
        if troubled {
            sinks(&mut self.places).for_each(|sink| sink.flush(&mut self.context));
        }
        signals != 0 || !drains
    }

    /// Says on the readiness descriptor that every directory is open.
    fn announce(&mut self) {
        if self.ready.is_none() || !sinks(&mut self.places).all(|sink| sink.is_open()) {
            return;
        }
        if let Some(Err(errno)) = self.ready.take().map(|ready| ready.write_all(b"\n")) {
            let words = [Words("unable to announce readiness: "), Why(errno)];
            self.context.messages.tell(b"", Level::Warning, &words);
        }
    }

    /// Reads and writes a chunk; false at the end of the input.
    fn read(&mut self) -> bool {
        match STDIN.read(self.input.space()) {
            Ok(0) | Err(Errno::EAGAIN) => false,
            Ok(count) => {
                self.input.add(count, self.now());
                self.write_lines(false);
                true
            }
            Err(errno) => self.give_up(errno),
        }
    }

    fn give_up(&mut self, errno: Errno) -> bool {
        let words = [Words("unable to read standard input: "), Why(errno)];
        self.context.messages.tell(b"", Level::Warning, &words);
        self.failed = true;
        false
    }

    fn now(&self) -> Tai64n {
        if self.context.labels { time::label() } else { Tai64n::NEVER }
    }

    /// Reads on, byte by byte, to the end of a line that has begun: what follows it is the next logger's.
    fn finish_line(&mut self) {
        let until = time::monotonic() + PATIENCE;
        while self.input.has_partial_line() {
            let left = until.saturating_sub(time::monotonic()) / 1_000_000;
            match wait_several([STDIN], Some(left)) {
                Ok([input]) if input & EPOLLIN != 0 => {}
                _ => return,
            }
            let byte = self.input.space().get_mut(..1).map(|space| STDIN.read(space));
            let Some(Ok(1)) = byte else { return };
            self.input.add(1, self.now());
            self.write_lines(false);
        }
    }

    /// Gives every line that can be written to every place, one place after the other.
    fn write_lines(&mut self, ended: bool) {
        for place in self.places.iter_mut().flatten() {
            for piece in self.input.pieces(ended) {
                write_piece(place, &piece, &self.script, &mut self.context);
            }
            if let Outlet::Directory(sink) = &mut place.outlet {
                sink.flush(&mut self.context);
            }
        }
        self.input.consume(ended);
    }
}

/// True when nobody can write to the input any more: what is in it would be lost if it were not read now.
fn is_hung_up() -> bool {
    // Asked afresh: the answer that came with TERM may be older than the writers' end.
    wait_several([STDIN], Some(0)).is_ok_and(|[input]| input & EPOLLHUP != 0)
}

/// The sinks among the places.
fn sinks(places: &mut [Option<Place>]) -> impl Iterator<Item = &mut Sink> {
    places.iter_mut().flatten().filter_map(|place| match &mut place.outlet {
        Outlet::Directory(sink) => Some(sink),
        Outlet::Alert | Outlet::Status(_) => None,
    })
}

/// Gives a piece to a place if its line is selected there.
fn write_piece(place: &mut Place, piece: &Piece<'_>, script: &Script, context: &mut Context) {
    let mut label = [b' '; 26];
    let label: &[u8] = match context.labels {
        true => {
            label[..25].copy_from_slice(&piece.label.label());
            &label
        }
        false => b"",
    };
    if piece.starts {
        place.selected = script.selects(place.action, label, piece.bytes);
    }
    match &mut place.outlet {
        _ if !place.selected => {}
        Outlet::Directory(sink) => sink.take(piece, label, context),
        Outlet::Alert if piece.starts => alert(piece, label),
        Outlet::Status(file) if piece.starts => file.take(piece, label, context),
        Outlet::Alert | Outlet::Status(_) => {}
    }
}
