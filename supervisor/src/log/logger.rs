//! The logger's loop: wait, read a large chunk, give every line to every sink, flush.
//!
//! Everything that was read is written before the next wait, so that no line is ever held back. Memory is bounded: one
//! input buffer, one output buffer, both on the stack.

use super::input::{Input, Piece};
use super::orders::{Orders, RETRY};
use super::script::{MOST_SINKS, Script, Target};
use super::sink::{Context, Output, Sink, alert};
use crate::sys::descriptor::{Owned, STDIN};
use crate::sys::error::Errno;
use crate::sys::event::{EPOLLHUP, EPOLLIN, wait_several};
use crate::sys::files::O_NONBLOCK;
use crate::sys::message::Messages;
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
}

/// A sink and the number of its action.
#[derive(Debug)]
struct Place {
    action: usize,
    /// `None`: standard error.
    sink: Option<Sink>,
    /// The present line is selected.
    selected: bool,
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
            let sink = match target {
                Target::Alert => None,
                Target::Directory(path, limits) => Some(Sink::new(path, limits)),
            };
            *place = Some(Place { action, sink, selected: false });
        }
        let context = Context {
            blocks: settings.blocks,
            labels: script.labels(),
            orders: Orders::new()?,
            messages: Messages::new("svlog"),
            output: Output::new(),
        };
        Ok(Self { script, input: Input::new(settings.longest), places, context, ready: settings.ready, failed: false })
    }

    /// Runs until the end of the input or TERM; gives the exit code.
    pub fn run(&mut self) -> i32 {
        for sink in sinks(&mut self.places) {
            if let Err(super::directory::Trouble(what, errno)) = sink.open(&mut self.context) {
                let path = sink.path().to_bytes();
                self.context.messages.fatal(path, format_args!("unable to {what}: {errno}"));
                return 111;
            }
        }
        while self.turn() {}
        if self.context.orders.leave {
            self.finish_line();
        }
        self.write_lines(true);
        let lossy = sinks(&mut self.places).filter_map(|sink| (!sink.close(&mut self.context)).then_some(())).count();
        if lossy == 0 && !self.failed { 0 } else { 111 }
    }

    /// One wait and what it brings; false at the end.
    fn turn(&mut self) -> bool {
        self.announce();
        let troubled = sinks(&mut self.places).any(|sink| sink.is_troubled());
        let drains = STDIN.flags().is_ok_and(|flags| flags & O_NONBLOCK != 0);
        let limit = if drains { Some(0) } else { troubled.then_some(RETRY) };
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
            self.context.messages.warn(b"", format_args!("unable to announce readiness: {errno}"));
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
        self.context.messages.warn(b"", format_args!("unable to read standard input: {errno}"));
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
            if let Some(sink) = &mut place.sink {
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
    places.iter_mut().flatten().filter_map(|place| place.sink.as_mut())
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
    match &mut place.sink {
        _ if !place.selected => {}
        Some(sink) => sink.take(piece, label, context),
        None if piece.starts => alert(piece, label),
        None => {}
    }
}
