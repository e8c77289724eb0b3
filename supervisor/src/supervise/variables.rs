//! The environment variables by which a service learns of supervise's services to it.
//!
//! The numbers of its own process are only known in the child, which completes the texts.

use crate::paths::service as names;
use crate::sys::environment::Extended;
use crate::sys::error::{Errno, Result};
use crate::sys::exec::Environment;
use crate::sys::files;
use crate::sys::process;
use crate::sys::text::Text;

/// Names of all of them; none is inherited from whoever started supervise.
pub const NAMES: [&[u8]; 6] =
    [b"NOTIFY_SOCKET", b"WATCHDOG_USEC", b"WATCHDOG_PID", b"LISTEN_FDS", b"LISTEN_PID", b"LISTEN_FDNAMES"];

/// Longest name of a socket in the kernel, its final zero included.
const SOCKET_NAME: usize = 108;

/// What is to be told.
#[derive(Debug)]
pub struct Variables {
    /// The service may send notifications.
    pub notifies: bool,
    /// Microseconds within which it must; 0: it need not.
    pub watchdog: u64,
    /// How many descriptors it gets from 3 on.
    pub descriptors: u64,
    /// Their names, `LISTEN_FDNAMES=` first and colons between; too many are not told.
    pub descriptor_names: Text<1024>,
    socket: Text<{ SOCKET_NAME + 14 }>,
    numbers: [Text<40>; 4],
    list: Extended,
}

impl Variables {
    /// Nothing is told.
    pub fn new() -> Self {
        let mut descriptor_names = Text::new();
        descriptor_names.push(b"LISTEN_FDNAMES=");
        Self {
            notifies: false,
            watchdog: 0,
            descriptors: 0,
            descriptor_names,
            socket: Text::new(),
            numbers: [Text::new(); 4],
            list: Extended::new(),
        }
    }

    /// In the child, whose working directory is the service directory: the whole environment.
    pub fn complete(&mut self, base: Environment) -> Result<Environment> {
        let pid = u64::from(process::own_pid());
        let texts: [(&[u8], u64); 4] = [
            (b"WATCHDOG_USEC=", self.watchdog),
            (b"WATCHDOG_PID=", pid),
            (b"LISTEN_FDS=", self.descriptors),
            (b"LISTEN_PID=", pid),
        ];
        for (text, (name, number)) in self.numbers.iter_mut().zip(texts) {
            text.push(name);
            text.push_number(number);
        }
        if self.notifies {
            let mut buffer = [0; SOCKET_NAME];
            self.socket.push(b"NOTIFY_SOCKET=");
            self.socket.push(files::working_directory(&mut buffer)?);
            self.socket.push(b"/");
            self.socket.push(names::NOTIFY_SOCKET.as_bytes());
        }
        let [usec, watched, count, listener] = &self.numbers;
        let (is_watched, has_descriptors) = (self.watchdog > 0, self.descriptors > 0);
        let has_names = has_descriptors && self.descriptor_names.c_str().is_some();
        let all = [
            (self.notifies, self.socket.c_str()),
            (is_watched, usec.c_str()),
            (is_watched, watched.c_str()),
            (has_descriptors, count.c_str()),
            (has_descriptors, listener.c_str()),
            (has_names, self.descriptor_names.c_str()),
        ];
        let mut extra = [c""; 6];
        let wanted = all.into_iter().filter(|(is_wanted, _)| *is_wanted);
        let mut count = 0;
        for (slot, (_, text)) in extra.iter_mut().zip(wanted) {
            *slot = text.ok_or(Errno::ENAMETOOLONG)?;
            count += 1;
        }
        self.list.fill(base, extra.get(..count).unwrap_or_default())
    }
}
