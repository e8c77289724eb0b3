//! chpst: becomes another program with a changed process state.

use crate::client::account::Account;
use crate::client::environment_directory::{Style, Trouble, change};
use crate::client::error_text::error_text;
use crate::client::file_lock::{Step, lock};
use crate::client::group::Groups;
use crate::client::limit::{Amount, limit, resources};
use crate::client::variable::set_variable;
use crate::client::{chain, options};
use nix::errno::Errno;
use nix::unistd::{Gid, Uid, setgid, setgroups, setuid};
use std::ffi::{CStr, CString, OsString};
use std::os::unix::ffi::OsStrExt;
use supervisor::sys::priority;

/// Its name.
pub const NAME: &str = "chpst";
const USAGE: &[u8] = b"usage: chpst [-vVP012] [-u user[:group]] [-U user[:group]] [-b argv0] [-e dir] [-/ root] \
    [-n nice] [-l|-L lock] [-m n] [-d n] [-o n] [-p n] [-f n] [-c n] [-t n] prog\n";

/// What was asked for.
#[derive(Default)]
pub struct Asked<'a> {
    /// Whose the process becomes.
    pub user: Option<&'a CStr>,
    /// Whose numbers are UID and GID in the environment.
    pub environment_user: Option<&'a CStr>,
    /// A directory of variables.
    pub environment: Option<&'a CStr>,
    called: Option<&'a CStr>,
    root: Option<&'a CStr>,
    nice: i32,
    /// A file to be locked, and whether that may wait.
    pub lock: Option<(&'a CStr, bool)>,
    /// Without the lock, or the program, the exit code is 0.
    pub quiet: bool,
    /// Letters of resources with their amounts.
    pub limits: Vec<(u8, &'a CStr)>,
    /// A session of its own.
    pub session: bool,
    closes: Vec<i32>,
    is_helper: bool,
    verbose: bool,
}

/// Does what it is asked for; gives the exit code.
pub fn run(arguments: &[OsString]) -> i32 {
    let arguments: Vec<CString> = arguments.iter().cloned().map(chain::c_string).collect();
    let mut asked = Asked::default();
    let rest = options::parse(NAME, b"u:U:b:e:m:d:o:p:f:c:r:t:/:n:l:L:vVP012", &arguments, |letter, argument| {
        asked.take(letter, argument).is_some()
    });
    let Some(command) = rest.filter(|rest| !rest.is_empty()) else { return chain::say(100, &[USAGE]) };
    asked.become_program(command)
}

impl<'a> Asked<'a> {
    /// Nothing yet, by the name of a helper: names of accounts are nothing but that.
    pub fn of_helper() -> Self {
        Self { is_helper: true, ..Self::default() }
    }

    /// Becomes the command; returns, with the exit code, only when something failed.
    pub fn become_program(&self, command: &[CString]) -> i32 {
        match self.carry_out() {
            Ok(environment) => self.execute(command, &environment),
            Err(code) => code,
        }
    }

    /// Takes an option; `None` when it is wrong.
    fn take(&mut self, letter: u8, argument: &'a CStr) -> Option<()> {
        match letter {
            b'u' => self.user = Some(argument),
            b'U' => self.environment_user = Some(argument),
            b'b' => self.called = Some(argument),
            b'e' => self.environment = Some(argument),
            b'/' => self.root = Some(argument),
            b'n' => self.nice = argument.to_str().ok()?.parse().ok()?,
            b'l' | b'L' if self.lock.is_some() => return None,
            b'l' | b'L' => self.lock = Some((argument, letter == b'l')),
            b'P' => self.session = true,
            b'0'..=b'2' => self.closes.push(i32::from(letter - b'0')),
            b'V' => {
                chain::say(0, &[b"chpst (sunup) ", env!("CARGO_PKG_VERSION").as_bytes()]);
                return None;
            }
            b'v' => self.verbose = true,
            _ => {
                Amount::read(argument)?;
                self.limits.push((letter, argument));
            }
        }
        Some(())
    }

    /// Changes this process in runit's order; gives the environment. The error is the exit code of what was said.
    fn carry_out(&self) -> Result<Vec<CString>, i32> {
        let mut environment = chain::environment();
        if self.session {
            // A leader of a group has its own already.
            let _ = nix::unistd::setsid();
        }
        if let Some(directory) = self.environment {
            self.change_environment(&mut environment, directory)?;
        }
        self.move_root()?;
        self.be_nice()?;
        if let Some(text) = self.environment_user {
            let (account, _) = self.identity(text)?;
            for (variable, number) in [("GID", account.group), ("UID", account.user)] {
                set_variable(&mut environment, chain::c_string(format!("{variable}={number}").into()));
            }
        }
        self.change_user()?;
        self.take_lock()?;
        for descriptor in &self.closes {
            // One that is closed already is as wished.
            let _ = nix::unistd::close(*descriptor);
        }
        for (letter, amount) in &self.limits {
            for resource in resources(*letter) {
                limit(NAME, *resource, Amount::read(amount).unwrap_or(Amount::Hard))?;
            }
        }
        Ok(environment)
    }

    /// As envdir does it, but that a directory among the variables is skipped.
    fn change_environment(&self, environment: &mut Vec<CString>, directory: &CStr) -> Result<(), i32> {
        let path = directory.to_bytes();
        let style = Style { skips_directories: !self.is_helper, ..Style::DAEMONTOOLS };
        let skipped = change(environment, directory, &style).map_err(|Trouble(what, error)| {
            let (what, of) =
                what.strip_suffix(path).map_or((&what[..], &b""[..]), |what| (what.trim_ascii_end(), path));
            let colon: &[u8] = if of.is_empty() { b"" } else { b": " };
            chain::fatal(NAME, &[what, colon, of], error)
        })?;
        for name in skipped.iter().filter(|_| self.verbose) {
            let text = error_text(Errno::EISDIR);
            let warning: [&[u8]; 5] = [b"chpst: warning: unable to read ", path, b"/", name.as_bytes(), b": "];
            chain::say(0, &[&warning.concat(), text.as_bytes()]);
        }
        Ok(())
    }

    fn move_root(&self) -> Result<(), i32> {
        let Some(root) = self.root else { return Ok(()) };
        nix::unistd::chdir(root)
            .map_err(|error| chain::fatal(NAME, &[b"unable to change directory: ", root.to_bytes()], error))?;
        nix::unistd::chroot(".").map_err(|error| chain::fatal(NAME, &[b"unable to change root directory"], error))
    }

    fn be_nice(&self) -> Result<(), i32> {
        if self.nice == 0 {
            return Ok(());
        }
        let set = priority::set_nice(niceness().saturating_add(self.nice));
        set.map_err(|error| chain::fatal(NAME, &[b"unable to set nice level"], Errno::from_raw(error.into())))
    }

    fn change_user(&self) -> Result<(), i32> {
        let Some(text) = self.user else { return Ok(()) };
        let (account, groups) = self.identity(text)?;
        setgroups(&groups).map_err(|error| chain::fatal(NAME, &[b"unable to setgroups"], error))?;
        setgid(Gid::from_raw(account.group)).map_err(|error| chain::fatal(NAME, &[b"unable to setgid"], error))?;
        setuid(Uid::from_raw(account.user)).map_err(|error| chain::fatal(NAME, &[b"unable to setuid"], error))
    }

    /// Who is meant; the error is the exit code of what was said.
    fn identity(&self, text: &CStr) -> Result<(Account, Vec<Gid>), i32> {
        let say = |what: &[u8], text: &[u8]| chain::say(111, &[b"chpst: fatal: ", what, b": ", text]);
        let text = text.to_bytes();
        if self.is_helper {
            let account = Account::find(text).ok_or_else(|| say(b"unknown account", text))?;
            return Ok((account, vec![Gid::from_raw(account.group)]));
        }
        identity(text).ok_or_else(|| match text.strip_prefix(b":") {
            Some(numbers) => say(b"invalid uid/gids", numbers),
            None => say(b"unknown user/group", text),
        })
    }

    fn take_lock(&self) -> Result<(), i32> {
        let Some((file, waits)) = self.lock else { return Ok(()) };
        match lock(file, waits) {
            // The descriptor stays open on the way into the program.
            Ok(lock) => std::mem::forget(lock),
            Err(_) if self.quiet => return Err(0),
            Err((step, error)) => {
                let what: &[u8] = if step == Step::Open { b"unable to open lock: " } else { b"unable to lock: " };
                return Err(chain::fatal(NAME, &[what, file.to_bytes()], error));
            }
        }
        Ok(())
    }

    /// Becomes the command, under another name if one is given; returns, with the exit code, only when that failed.
    fn execute(&self, command: &[CString], environment: &[CString]) -> i32 {
        let Some((name, arguments)) = command.split_first() else { return 100 };
        let path = std::env::var_os("PATH").unwrap_or_else(|| "/bin:/usr/bin".into());
        let first = self.called.map_or_else(|| name.clone(), CStr::to_owned);
        let command: Vec<CString> = std::iter::once(first).chain(arguments.iter().cloned()).collect();
        let Err(error) = chain::search(name, path.as_bytes(), &command, environment);
        if self.quiet {
            return 0;
        }
        chain::say(111, &[b"chpst: fatal: unable to run: ", name.to_bytes(), b": ", error_text(error).as_bytes()])
    }
}

/// Our present nice value: field 19 of our line in /proc.
fn niceness() -> i32 {
    let line = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let field = line.rsplit(')').next().and_then(|rest| rest.split_whitespace().nth(16)?.parse().ok());
    field.unwrap_or(0)
}

/// `user[:group[:group…]]`, or `:` and numbers: the first group is the group, all of them are the groups.
fn identity(text: &[u8]) -> Option<(Account, Vec<Gid>)> {
    let (by_number, text) = match text {
        [b':', numbers @ ..] => (true, numbers),
        names => (false, names),
    };
    let number = |text: &[u8]| std::str::from_utf8(text).ok()?.parse::<u32>().ok();
    let mut parts = text.split(|&byte| byte == b':');
    let user = parts.next()?;
    let mut account = match by_number {
        true => number(user).map(|user| Account { user, group: user })?,
        false => Account::find(user)?,
    };
    let table = Groups::read();
    let mut groups = Vec::new();
    for part in parts {
        groups.push(if by_number { number(part)? } else { table.number(part)? });
    }
    account.group = groups.first().copied().unwrap_or(account.group);
    if groups.is_empty() {
        // Numbers have no first group that could be looked up.
        groups.push(Some(account.group).filter(|_| !by_number)?);
    }
    Some((account, groups.into_iter().map(Gid::from_raw).collect()))
}
