//! One end of the socket between engine and keeper: whole lines in both directions, never blocking unless told to.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;

use nix::poll::{PollFd, PollFlags, poll};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The end.
#[derive(Debug)]
pub(super) struct Channel {
    stream: UnixStream,
    incoming: Vec<u8>,
    outgoing: Vec<u8>,
    /// The other side is gone.
    is_closed: bool,
}

impl Channel {
    /// Both ends.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = UnixStream::pair()?;
        let end = |stream: UnixStream| -> io::Result<Self> {
            stream.set_nonblocking(true)?;
            Ok(Self { stream, incoming: Vec::new(), outgoing: Vec::new(), is_closed: false })
        };
        Ok((end(one)?, end(other)?))
    }

    /// Puts a message behind those that wait to be written.
    pub fn queue(&mut self, message: &impl Serialize) {
        if serde_json::to_writer(&mut self.outgoing, message).is_ok() {
            self.outgoing.push(b'\n');
        }
    }

    /// Bytes that wait to be written.
    pub fn backlog(&self) -> usize {
        self.outgoing.len()
    }

    /// Writes as much as goes without waiting. Answers whether that was everything.
    pub fn flush(&mut self) -> bool {
        while !self.outgoing.is_empty() && !self.is_closed {
            match self.stream.write(&self.outgoing) {
                Ok(count) => drop(self.outgoing.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return false,
                Err(_) => self.close(),
            }
        }
        true
    }

    /// Writes everything, reading meanwhile: so two sides that both have much to say do not wait for each other. False: the
    /// other side has neither read nor written anything for `patience` ms.
    pub fn flush_all(&mut self, patience: u16) -> bool {
        while !self.flush() {
            let wanted = PollFlags::POLLIN | PollFlags::POLLOUT;
            if poll(&mut [PollFd::new(self.stream.as_fd(), wanted)], patience) == Ok(0) {
                return false;
            }
            self.fill();
        }
        true
    }

    /// Every whole message that has come; whether more may come.
    pub fn read<T: DeserializeOwned>(&mut self) -> (Vec<T>, bool) {
        self.fill();
        let whole = self.incoming.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        let text: Vec<u8> = self.incoming.drain(..whole).collect();
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        (lines.filter_map(|line| serde_json::from_slice(line).ok()).collect(), !self.is_closed)
    }

    fn fill(&mut self) {
        let mut buffer = [0; 16384];
        while !self.is_closed {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.close(),
                Ok(count) => {
                    self.incoming.extend_from_slice(&buffer[..count]);
                    if count < buffer.len() {
                        return;
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(_) => self.close(),
            }
        }
    }

    fn close(&mut self) {
        self.is_closed = true;
        self.outgoing.clear();
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.stream.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Messages come whole and in order, however many; two full sockets do not wait for each other.
    #[test]
    fn both_ways_at_once() {
        let (mut one, mut other) = Channel::pair().unwrap();
        let count = 20_000u64;
        (0..count).for_each(|number| one.queue(&(number, "x".repeat(40))));
        (0..count).for_each(|number| other.queue(&(number, "y".repeat(40))));
        let thread = std::thread::spawn(move || {
            assert!(one.flush_all(60_000));
            collect(&mut one, count)
        });
        assert!(other.flush_all(60_000));
        let numbers: Vec<u64> = (0..count).collect();
        assert_eq!(collect(&mut other, count), numbers);
        assert_eq!(thread.join().unwrap(), numbers);
    }

    fn collect(channel: &mut Channel, count: u64) -> Vec<u64> {
        let mut seen = Vec::new();
        while (seen.len() as u64) < count {
            let (messages, _): (Vec<(u64, String)>, bool) = channel.read();
            seen.extend(messages.into_iter().map(|(number, _)| number));
        }
        seen
    }

    /// A side that takes nothing is not waited for for ever.
    #[test]
    fn a_deaf_side() {
        let (mut one, _other) = Channel::pair().unwrap();
        one.queue(&"x".repeat(1 << 22));
        assert!(!one.flush_all(10));
    }

    /// A side that is gone is told, and what was to be written to it is forgotten.
    #[test]
    fn hanging_up() {
        let (mut one, other) = Channel::pair().unwrap();
        drop(other);
        one.queue(&1);
        assert!(one.flush() && one.backlog() == 0);
        assert_eq!(one.read::<u64>(), (Vec::new(), false));
    }
}
