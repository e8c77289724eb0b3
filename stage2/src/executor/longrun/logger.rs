//! What becomes of a service's logger when its unit says something else about the log than before.
//!
//! The scanner gives a service its pipe when it meets its directory, and never again: whether there is a logger holds as
//! long as the service is supervised. What the logger does with the lines can change at any time.

use std::fs;
use std::io;

use supervisor::control::supervise;
use supervisor::paths::service::{LOG, RUN};

use crate::executor::Executor;
use crate::service::{ServiceDirectory, SupervisedService};

impl Executor {
    /// Puts a compiled directory where it belongs. A logger that is to log in another way begins anew; no line is lost, because
    /// the scanner holds the pipe.
    pub(super) fn put(
        &mut self,
        service: &SupervisedService,
        name: &str,
        mut compiled: ServiceDirectory,
    ) -> io::Result<()> {
        let logger = SupervisedService::new(service.directory().join(LOG));
        let program = || fs::read(logger.directory().join(RUN)).ok();
        let before = program();
        if service.is_supervised() && before.is_some() != compiled.has_logger() {
            match before {
                Some(_) => compiled.keep_logger(service.directory()),
                None => compiled.leave_logger_out(),
            }
            self.console.plain(&format!("stage2 {name}: warning: what \"log\" says now holds from the next boot on"));
        }
        compiled.install(service.directory())?;
        if before.is_some() && program() != before {
            let _ = logger.control(&[supervise::TERMINATE]);
        }
        Ok(())
    }
}
