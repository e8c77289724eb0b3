//! What is done when somebody has removed or replaced the FIFOs that supervise is reached by. It is never asked for by a poll:
//! svscan finds out when it scans, and sends ALRM.

use crate::paths::service::CONTROL;
use crate::status::SIZE;
use crate::sys::event::EPOLLIN;
use crate::sys::message::Piece::{Errno as Why, Text as Words};

use super::context::{Context, Source};
use super::directory::Fault;
use super::service::Service;

impl Service {
    /// Makes them anew, and the lock, the record and the socket of notifications where those are missing too.
    pub fn mend(&mut self, context: &mut Context) -> bool {
        // What was said before that counts.
        if !self.read_control(context) || !self.hear(context) {
            return false;
        }
        let token = Source::Control(self.index()).token();
        let watch = |errno| Fault { what: "unable to watch ", file: CONTROL, errno };
        let mended = self.directory.mend().and_then(|is_new| {
            let added = if is_new { context.epoll.add(*self.directory.control, EPOLLIN, token) } else { Ok(()) };
            added.map(|()| is_new).map_err(watch)
        });
        match mended {
            Ok(false) => (),
            Ok(true) => {
                let text = "made supervise/control and supervise/ok anew (they were removed or replaced)";
                context.warn(self.shown.bytes(), &[Words(text)]);
                self.published = [0; SIZE];
                self.publish(context);
                if self.ear.is_some() {
                    self.keep_ear(context);
                }
            }
            Err(Fault { what, file, errno }) => {
                context.warn(self.shown.bytes(), &[Words(what), Words(file), Words(": "), Why(errno)]);
            }
        }
        true
    }
}
