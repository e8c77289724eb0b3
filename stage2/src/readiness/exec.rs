//! A command that is asked whether a unit is ready: exit 0 says yes.

use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

/// The command, and its process while it runs. Dropping it kills the process and its group.
#[derive(Debug)]
pub(super) struct Asked {
    argv: Vec<String>,
    child: Option<Child>,
}

impl Asked {
    /// Asks nothing yet.
    pub fn new(argv: Vec<String>) -> Self {
        Self { argv, child: None }
    }

    /// The command runs.
    pub fn is_running(&self) -> bool {
        self.child.is_some()
    }

    /// Takes the answer if there is one, else asks if it is time. To be called on every SIGCHLD.
    pub fn ask(&mut self, is_due: bool) -> bool {
        if let Some(child) = &mut self.child {
            match child.try_wait() {
                Ok(None) => return false,
                Ok(Some(status)) if status.success() => {
                    self.child = None;
                    return true;
                }
                Ok(Some(_)) | Err(_) => self.child = None,
            }
            return false;
        }
        if is_due && let Some((program, arguments)) = self.argv.split_first() {
            let mut command = Command::new(program);
            command.args(arguments).process_group(0).current_dir("/");
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            self.child = command.spawn().ok();
        }
        false
    }
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            let _ = killpg(Pid::from_raw(child.id().cast_signed()), Signal::SIGKILL);
            let _ = child.wait();
        }
    }
}
