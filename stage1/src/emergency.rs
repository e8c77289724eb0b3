//! The last resort: a shell on the console.

use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::signal::SigSet;
use nix::sys::wait::waitpid;
use nix::unistd::{Pid, setsid};
use supervisor::sys::process::{Fork, fork};

use crate::boot::{self, Boot};
use crate::console;

/// What to try, in order. sulogin asks for root's password.
const SHELLS: [&[&str]; 4] = [&["/sbin/sulogin"], &["/usr/sbin/sulogin"], &["/bin/sh"], &["/usr/bin/sh"]];
/// Between two shells, so that one that cannot run does not fill the console.
const PAUSE: Duration = Duration::from_secs(1);
/// The system refused.
const SYSTEM: i32 = 111;

/// What is left when nothing can be supervised. Whoever started a command wants to know that it cannot run; on a machine
/// there is a shell.
pub fn last_resort(boot: &Boot) -> ! {
    if !boot.command.is_empty() && !boot::is_first() {
        std::process::exit(SYSTEM);
    }
    shell_for_ever()
}

/// A shell, and another one when it ends. Meanwhile we reap, as process 1 must.
pub fn shell_for_ever() -> ! {
    loop {
        if let Ok(Fork::Parent(pid)) = start() {
            reap_until(Pid::from_raw(pid.cast_signed()));
        }
        std::thread::sleep(PAUSE);
    }
}

/// Forks; the child becomes the shell and never returns.
fn start() -> supervisor::sys::error::Result<Fork> {
    let forked = fork()?;
    if forked == Fork::Child {
        become_shell();
    }
    Ok(forked)
}

fn become_shell() -> ! {
    let _ = setsid();
    let _ = SigSet::all().thread_unblock();
    for words in SHELLS.iter().filter(|words| words.first().is_some_and(|program| Path::new(program).exists())) {
        let Some((program, arguments)) = words.split_first() else { continue };
        let mut command = Command::new(program);
        command.args(arguments).current_dir("/");
        // A session leader's first terminal becomes its controlling one, so job control works.
        if let Some([input, out, error]) = console::terminal() {
            command.stdin(input).stdout(out).stderr(error);
        }
        let _ = command.exec();
    }
    std::process::exit(127)
}

fn reap_until(shell: Pid) {
    loop {
        match waitpid(None::<Pid>, None) {
            Ok(status) if status.pid() == Some(shell) => return,
            Ok(_) | Err(Errno::EINTR) => {}
            Err(_) => return,
        }
    }
}
