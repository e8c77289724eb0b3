//! Services that did not end when their supervise asked them to, so that it killed them at their deadline.
//!
//! Only those count that ran when the stop began: what was killed earlier is the operator's and not the stop's.

use crate::services::{self, Role, Service};
use std::fs;
use std::path::Path;
use supervisor::paths::service;
use supervisor::status::{Status, Want};
use supervisor::sys::signal::{self, SIGKILL};

/// The engine runs no work of its own: killing one that is stuck loses nothing.
const ENGINE: &str = "engine";

/// The services that ran when the stop began.
#[derive(Debug)]
pub struct Running(Vec<Service>);

impl Running {
    /// Looks which run now. Their directories are kept by their real names: the engine may take the link away.
    pub fn now(run: &Path) -> Self {
        let mut services = services::all(run);
        services.retain(|service| service.role == Role::Service && service.name != ENGINE);
        services.retain(|service| service.status().is_some_and(|status| status.pid != 0));
        for service in &mut services {
            if let Ok(directory) = fs::canonicalize(&service.directory) {
                service.directory = directory;
            }
        }
        services.sort_by(|one, other| one.name.cmp(&other.name));
        Self(services)
    }

    /// Names of those that only KILL has ended. Whose unit asks for KILL ended as it should.
    pub fn killed(&self) -> Vec<String> {
        let killed = self.0.iter().filter(|service| service.status().is_some_and(is_killed) && !wants_kill(service));
        killed.map(|service| service.name.clone()).collect()
    }
}

fn is_killed(status: Status) -> bool {
    status.want == Want::Down && status.pid == 0 && status.last_exit.signal() == Some(SIGKILL)
}

fn wants_kill(service: &Service) -> bool {
    let text = fs::read_to_string(service.directory.join(service::DOWN_SIGNAL)).unwrap_or_default();
    signal::parse(text.trim().as_bytes()) == Some(SIGKILL)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;
    use supervisor::paths::run;
    use supervisor::status::LastExit;

    /// What ran and was killed counts, even when its link is gone; what was down before, what ended by TERM and what is
    /// stopped by KILL does not.
    #[test]
    fn counts_the_killed() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir(root.join(run::SCAN)).unwrap();
        let write = |name: &str, pid: u32, exit: u16| {
            let status = Status { pid, want: Want::Down, last_exit: LastExit::Status(exit), ..Status::NEW };
            fs::write(root.join(run::SERVICE).join(name).join(service::STATUS), status.pack()).unwrap();
        };
        for (name, pid) in [("polite", 7), ("deaf", 7), ("earlier", 0), ("asks", 7), ("engine", 7)] {
            fs::create_dir_all(root.join(run::SERVICE).join(name).join(service::SUPERVISE)).unwrap();
            symlink(format!("../service/{name}"), root.join(run::SCAN).join(name)).unwrap();
            write(name, pid, 9);
        }
        fs::write(root.join(run::SERVICE).join("asks").join(service::DOWN_SIGNAL), "KILL\n").unwrap();
        let running = Running::now(root);
        assert_eq!(running.killed(), [""; 0]);
        for (name, exit) in [("polite", 15), ("deaf", 9), ("asks", 9), ("engine", 9)] {
            write(name, 0, exit);
            fs::remove_file(root.join(run::SCAN).join(name)).unwrap();
        }
        assert_eq!(running.killed(), ["deaf"]);
    }
}
