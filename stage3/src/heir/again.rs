//! A soft reboot's last act: process 1, which is this program for a moment, becomes stage 1 of the system that is
//! installed now.

use nix::mount::{MntFlags, umount2};
use nix::sys::signal::SigSet;
use std::ffi::CString;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use supervisor::paths::OOM_VARIABLE;
use supervisor::sys::priority::set_oom_score;

/// The word by which process 1's `finish` asks for it.
pub const WORD: &str = "become-stage-1";
/// What to become, in order: a machine without any must not be left without process 1.
const PROGRAMS: [&str; 4] = ["/sbin/init", "/usr/sbin/init", "/sbin/sulogin", "/bin/sh"];
/// The environment as the kernel makes it.
const ENVIRONMENT: [(&str, &str); 2] = [("HOME", "/"), ("TERM", "linux")];

/// What stage 1 made of itself is not for what it starts next time: it would take -1000 for what its caller wants.
fn give_back_oom_score() {
    let before = std::env::var_os(OOM_VARIABLE).and_then(|before| CString::new(before.into_encoded_bytes()).ok());
    let _ = before.map(|before| set_oom_score(&before));
}

/// Returns only when it is impossible, with the reason.
pub fn become_stage_one(run: &Path) -> String {
    if std::process::id() != 1 {
        return format!("unable to {WORD}: not process 1");
    }
    let _ = std::env::set_current_dir("/");
    give_back_oom_score();
    // A new run directory is made: what the old one holds is of a system that has stopped.
    let _ = umount2(run, MntFlags::MNT_DETACH);
    let _ = SigSet::all().thread_unblock();
    let mut reason = String::new();
    for program in PROGRAMS {
        let error = Command::new(program).env_clear().envs(ENVIRONMENT).exec();
        reason = format!("unable to run '{program}': {error}");
    }
    reason
}
