//! The command line.

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use nix::sys::resource::{RLIM_INFINITY, Resource};
use supervisor::sys::capability;

use crate::failure::Failure;
use crate::wishes::{EnvFile, Limit, Wishes};

/// The limits by their names.
const RESOURCES: [(&str, Resource); 16] = [
    ("as", Resource::RLIMIT_AS),
    ("core", Resource::RLIMIT_CORE),
    ("cpu", Resource::RLIMIT_CPU),
    ("data", Resource::RLIMIT_DATA),
    ("fsize", Resource::RLIMIT_FSIZE),
    ("locks", Resource::RLIMIT_LOCKS),
    ("memlock", Resource::RLIMIT_MEMLOCK),
    ("msgqueue", Resource::RLIMIT_MSGQUEUE),
    ("nice", Resource::RLIMIT_NICE),
    ("nofile", Resource::RLIMIT_NOFILE),
    ("nproc", Resource::RLIMIT_NPROC),
    ("rss", Resource::RLIMIT_RSS),
    ("rtprio", Resource::RLIMIT_RTPRIO),
    ("rttime", Resource::RLIMIT_RTTIME),
    ("sigpending", Resource::RLIMIT_SIGPENDING),
    ("stack", Resource::RLIMIT_STACK),
];

/// The options, understood, and the program with its arguments.
pub fn parse(arguments: &[CString]) -> Result<(Wishes, &[CString]), Failure> {
    let mut wishes = Wishes::default();
    let mut rest = arguments;
    while let Some((word, after)) = rest.split_first() {
        let Some(option) = word.to_bytes().strip_prefix(b"--") else { break };
        rest = after;
        if option.is_empty() {
            break;
        }
        let name = std::str::from_utf8(option).unwrap_or_default();
        if switch(&mut wishes, name) {
            continue;
        }
        let Some((value, after)) = rest.split_first() else {
            return Err(Failure::usage(format!("--{} is no option, or lacks its value", word_of(option))));
        };
        rest = after;
        take(&mut wishes, name, value)
            .ok_or_else(|| Failure::usage(format!("--{} {:?} makes no sense", word_of(option), value)))?;
    }
    if rest.is_empty() { Err(Failure::usage("no program (see confine --help)")) } else { Ok((wishes, rest)) }
}

fn word_of(option: &[u8]) -> String {
    String::from_utf8_lossy(option).into_owned()
}

/// An option without a value.
fn switch(wishes: &mut Wishes, name: &str) -> bool {
    match name {
        "private-tmp" => wishes.private_tmp = true,
        "no-new-privileges" => wishes.no_new_privileges = true,
        _ => return false,
    }
    true
}

/// An option with its value; `None`: there is no such option, or no such value.
fn take(wishes: &mut Wishes, name: &str, value: &CString) -> Option<()> {
    let bytes = value.to_bytes();
    let path = || Some(PathBuf::from(OsStr::from_bytes(bytes))).filter(|_| !bytes.is_empty());
    let text = || value.to_str().ok();
    match name {
        "env-file" => wishes.env_files.push(env_file(bytes)?),
        "env" => wishes.env.push(Some(value).filter(|_| is_assignment(bytes))?.clone()),
        "user" => wishes.user = Some(text().filter(|text| !text.is_empty())?.into()),
        "group" => wishes.group = Some(text().filter(|text| !text.is_empty())?.into()),
        "groups" => wishes.groups = Some(list(text()?)),
        "tty" => wishes.tty = Some(path()?),
        "umask" => wishes.umask = Some(u32::from_str_radix(text()?, 8).ok().filter(|mask| *mask <= 0o777)?),
        "nice" => wishes.nice = Some(number_within(text()?, 20, 19)?),
        "oom-score-adj" => wishes.oom_score_adj = Some(number_within(text()?, 1000, 1000)?),
        "limit" => wishes.limits.push(limit(text()?)?),
        "read-only" => wishes.read_only.push(path()?),
        "hide" => wishes.hide.push(path()?),
        "capabilities" => wishes.capabilities = Some(capabilities(text()?)?),
        "directory" => wishes.directory = Some(path()?.into_os_string()),
        _ => return None,
    }
    Some(())
}

fn env_file(bytes: &[u8]) -> Option<EnvFile> {
    let (path, may_be_absent) = bytes.strip_prefix(b"-").map_or((bytes, false), |path| (path, true));
    (!path.is_empty()).then(|| EnvFile { path: OsStr::from_bytes(path).into(), may_be_absent })
}

/// It has a name and a sign.
fn is_assignment(bytes: &[u8]) -> bool {
    bytes.iter().position(|byte| *byte == b'=').is_some_and(|at| at > 0)
}

/// The words between commas; of nothing, none.
fn list(text: &str) -> Vec<String> {
    text.split(',').filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn number_within(text: &str, below: i32, above: i32) -> Option<i32> {
    text.parse().ok().filter(|number| (-below..=above).contains(number))
}

fn limit(text: &str) -> Option<Limit> {
    let (name, bounds) = text.split_once('=')?;
    let (_, resource) = RESOURCES.into_iter().find(|(known, _)| *known == name)?;
    let (soft, hard) = bounds.split_once(':').unwrap_or((bounds, bounds));
    let (soft, hard) = (amount(soft)?, amount(hard)?);
    (soft <= hard).then(|| Limit { name: name.into(), resource, soft, hard })
}

fn amount(text: &str) -> Option<u64> {
    if text == "unlimited" {
        return Some(RLIM_INFINITY);
    }
    text.parse().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit()))
}

fn capabilities(text: &str) -> Option<u64> {
    list(text).iter().try_fold(0, |kept, name| capability::number(name).map(|number| kept | 1 << number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &[&str]) -> Result<(Wishes, Vec<String>), String> {
        let words: Vec<CString> = line.iter().map(|word| CString::new(*word).unwrap()).collect();
        let (wishes, command) = parse(&words).map_err(|failure| failure.text)?;
        Ok((wishes, command.iter().map(|word| word.to_str().unwrap().to_owned()).collect()))
    }

    /// Options end where the program begins, whose own options are its own.
    #[test]
    fn the_program() {
        let (wishes, command) = parsed(&["--private-tmp", "--umask", "077", "ls", "--hide", "x"]).unwrap();
        assert_eq!((wishes.private_tmp, wishes.umask, wishes.hide.len()), (true, Some(0o77), 0));
        assert_eq!(command, ["ls", "--hide", "x"]);
        assert_eq!(parsed(&["--", "--umask"]).unwrap().1, ["--umask"]);
        for none in [&["--private-tmp"][..], &[], &["--"]] {
            assert_eq!(parsed(none).unwrap_err(), "no program (see confine --help)");
        }
    }

    /// Every value that an option takes, and every one that it does not.
    #[test]
    fn values() {
        let limits = parsed(&["--limit", "nofile=10:unlimited", "--limit", "core=0", "x"]).unwrap().0.limits;
        let bounds: Vec<_> = limits.iter().map(|limit| (limit.name.as_str(), limit.soft, limit.hard)).collect();
        assert_eq!(bounds, [("nofile", 10, RLIM_INFINITY), ("core", 0, 0)]);
        let wishes = parsed(&["--capabilities", "cap_chown,CAP_KILL", "--groups", "", "--nice", "-20", "x"]).unwrap().0;
        assert_eq!((wishes.capabilities, wishes.groups, wishes.nice), (Some(0b10_0001), Some(Vec::new()), Some(-20)));
        let wishes = parsed(&["--capabilities", "", "--env-file", "-/x", "--env", "A=", "x"]).unwrap().0;
        assert_eq!(wishes.capabilities, Some(0));
        assert_eq!(wishes.env_files, [EnvFile { path: "/x".into(), may_be_absent: true }]);
        for (option, value) in [
            ("umask", "8"),
            ("umask", "1000"),
            ("nice", "20"),
            ("oom-score-adj", "-1001"),
            ("limit", "nofile"),
            ("limit", "files=1"),
            ("limit", "nofile=2:1"),
            ("limit", "nofile=+1"),
            ("capabilities", "CAP_NONE"),
            ("env", "A"),
            ("env", "=1"),
            ("user", ""),
            ("hide", ""),
            ("env-file", "-"),
            ("colour", "red"),
        ] {
            let failure = parsed(&[&format!("--{option}"), value, "x"]).unwrap_err();
            assert_eq!(failure, format!("--{option} {value:?} makes no sense"));
        }
        assert_eq!(parsed(&["--user"]).unwrap_err(), "--user is no option, or lacks its value");
    }
}
