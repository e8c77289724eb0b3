//! A shell on the console: the last resort, or what somebody has asked for at the boot prompt.

use std::fs;
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

/// Where root's password is, in the second field.
const PASSWORDS: [&str; 2] = ["/etc/shadow", "/etc/passwd"];
/// Asks for it. Where root has none, or cannot log in, there would be nothing to ask for.
const LOGINS: [&str; 2] = ["/sbin/sulogin", "/usr/sbin/sulogin"];
/// What to try else, in order.
const SHELLS: [&str; 2] = ["/bin/sh", "/usr/bin/sh"];
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

/// A shell, and another one when it ends.
pub fn shell_for_ever() -> ! {
    loop {
        shell();
        std::thread::sleep(PAUSE);
    }
}

/// A shell, until it ends. Meanwhile we reap, as process 1 must.
pub fn shell() {
    if let Ok(Fork::Parent(pid)) = start() {
        reap_until(Pid::from_raw(pid.cast_signed()));
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
    let logins: &[&str] = if wants_password() { &LOGINS } else { &[] };
    for program in logins.iter().chain(&SHELLS).filter(|program| Path::new(program).exists()) {
        let mut command = Command::new(program);
        command.current_dir("/");
        // A session leader's first terminal becomes its controlling one, so job control works.
        if let Some([input, out, error]) = console::terminal() {
            command.stdin(input).stdout(out).stderr(error);
        }
        let _ = command.exec();
    }
    std::process::exit(127)
}

fn wants_password() -> bool {
    PASSWORDS
        .iter()
        .find_map(|file| fs::read(file).ok())
        .is_some_and(|text| has_password(&String::from_utf8_lossy(&text)))
}

/// Root has a password in this file: the field is not empty, and is no mark of an account that is locked.
fn has_password(text: &str) -> bool {
    let root = text.lines().find_map(|line| line.strip_prefix("root:"));
    let password = root.and_then(|fields| fields.split(':').next()).unwrap_or_default();
    !password.is_empty() && !password.starts_with(['!', '*'])
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

#[cfg(test)]
mod tests {
    use super::has_password;

    /// A locked account has no password that could be asked for; neither has one that is not there.
    #[test]
    fn passwords() {
        for (text, has) in [
            ("daemon:*:1::::::\nroot:$y$j9T$x:19700:0:99999:7:::\n", true),
            ("root:x:0:0:root:/root:/bin/sh\n", true),
            ("root:*:19700::::::\n", false),
            ("root:!$6$x:19700::::::\n", false),
            ("root::19700::::::\n", false),
            ("rooted:$6$x:1::::::\n", false),
            ("", false),
        ] {
            assert_eq!(has_password(text), has, "{text}");
        }
    }
}
