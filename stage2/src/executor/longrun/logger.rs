//! What becomes of a service's logger when its unit says something else about the log than before.
//!
//! The scanner gives a service its pipe when it meets its directory, and never again: whether there is a logger holds as
//! long as the service is supervised. What the logger does with the lines can change at any time.

use std::fs;
use std::io;

use supervisor::control::supervise;
use supervisor::paths::service::RUN;

use crate::executor::Executor;
use crate::service::{ServiceDirectory, SupervisedService};

impl Executor {
    /// Puts a compiled directory where it belongs. A logger that is to log in another way begins anew; no line is lost, because
    /// the scanner holds the pipe. Answers the process of the one that ends: what is said before that, it logs.
    pub(super) fn put(
        &mut self,
        service: &SupervisedService,
        name: &str,
        mut compiled: ServiceDirectory,
    ) -> io::Result<Option<u32>> {
        let logger = service.logger();
        let path = logger.directory().join(RUN);
        let target = || fs::read_link(&path).map(|target| target.into_os_string().into_encoded_bytes());
        let program = || target().or_else(|_| fs::read(&path)).ok();
        let before = program();
        if service.is_supervised() && before.is_some() != compiled.has_logger() {
            match before {
                Some(_) => compiled.keep_logger(service.directory()),
                None => compiled.leave_logger_out(),
            }
            self.console.plain(&format!("stage2 {name}: warning: what \"log\" says now holds from the next boot on"));
        }
        compiled.install(service.directory())?;
        if before.is_none() || program() == before {
            return Ok(None);
        }
        // One that is not there yet will begin with the new program.
        let process = logger.status().map(|status| status.pid).filter(|pid| *pid != 0);
        let is_told = logger.control(&[supervise::TERMINATE]).is_ok();
        Ok(process.filter(|_| is_told))
    }
}
