//! s6-setuidgid: becomes another program as the user of a name, or with the numbers `UID:GID`.

use super::become_program::become_command;
use super::say;
use crate::client::account::Account;
use crate::client::chain;
use crate::client::group::Groups;
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};
use std::ffi::{CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

/// Its name.
pub const NAME: &str = "s6-setuidgid";
/// 2.11 lets another of its programs speak here.
const USAGE: &str = "username prog...";

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let Some((name, command)) = arguments.split_first().filter(|(_, command)| !command.is_empty()) else {
        return say::usage(NAME, USAGE);
    };
    let (account, groups) = match numbers(name) {
        Some(account) => (account, Vec::new()),
        None if name.as_bytes().contains(&b':') => return say::usage(NAME, USAGE),
        None => match Account::find(name.as_bytes()) {
            Some(account) => (account, Groups::read().of(name.as_bytes(), account.group)),
            None => return say::fatal(1, NAME, "unknown user: ", name, ""),
        },
    };
    if let Err((what, error)) = change(account, &groups) {
        return say::failed(111, NAME, what, OsStr::new(""), error);
    }
    let command: Vec<CString> = command.iter().cloned().map(chain::c_string).collect();
    become_command(NAME, &command, &chain::environment())
}

/// `UID:GID`.
fn numbers(text: &OsStr) -> Option<Account> {
    let (user, group) = text.to_str()?.split_once(':')?;
    Some(Account { user: user.parse().ok()?, group: group.parse().ok()? })
}

/// Gives up what we are; the error says which step failed.
fn change(account: Account, groups: &[Gid]) -> Result<(), (&'static str, nix::errno::Errno)> {
    setgroups(groups).map_err(|error| ("unable to set supplementary group list", error))?;
    setgid(Gid::from_raw(account.group)).map_err(|error| ("unable to setgid", error))?;
    setuid(Uid::from_raw(account.user)).map_err(|error| ("unable to setuid", error))
}
