//! The variables that the program gets: ours, then the user's, then those of files, then single ones.

use std::ffi::CString;
use std::fs;
use std::io::ErrorKind;

use crate::account::Account;
use crate::client::chain;
use crate::failure::Failure;
use crate::wishes::{EnvFile, Wishes};

/// The whole environment.
pub fn make(wishes: &Wishes, account: Option<&Account>) -> Result<Vec<CString>, Failure> {
    let mut environment = chain::environment();
    if let Some(person) = account.and_then(|account| account.person.as_ref()) {
        let own = [("HOME", &person.home), ("LOGNAME", &person.name), ("SHELL", &person.shell), ("USER", &person.name)];
        for (name, value) in own.into_iter().filter(|(_, value)| !value.is_empty()) {
            set(&mut environment, chain::c_string(format!("{name}={value}").into()));
        }
    }
    for file in &wishes.env_files {
        read(file)?.into_iter().for_each(|entry| set(&mut environment, entry));
    }
    wishes.env.iter().for_each(|entry| set(&mut environment, entry.clone()));
    Ok(environment)
}

/// Puts `NAME=VALUE` in the place of the variable's earlier values.
fn set(environment: &mut Vec<CString>, entry: CString) {
    let bytes = entry.to_bytes();
    let name = bytes.split_inclusive(|byte| *byte == b'=').next().unwrap_or(bytes);
    environment.retain(|other| !other.to_bytes().starts_with(name));
    environment.push(entry);
}

fn read(file: &EnvFile) -> Result<Vec<CString>, Failure> {
    let what = || format!("read {}", file.path.display());
    let content = match fs::read(&file.path) {
        Err(error) if error.kind() == ErrorKind::NotFound && file.may_be_absent => return Ok(Vec::new()),
        content => content.map_err(|error| Failure::new(what(), error))?,
    };
    let lines = content.split(|byte| *byte == b'\n').enumerate().filter(|(_, line)| !is_note(line));
    lines.map(|(at, line)| assignment(line).ok_or_else(|| misread(&what(), at + 1))).collect()
}

fn misread(what: &str, line: usize) -> Failure {
    Failure::because(what, format!("line {line} is not NAME=VALUE"))
}

fn is_note(line: &[u8]) -> bool {
    matches!(line.trim_ascii().first(), None | Some(b'#' | b';'))
}

/// A line as `NAME=VALUE`. A value in quotes loses them; nothing in it is expanded.
fn assignment(line: &[u8]) -> Option<CString> {
    let at = line.iter().position(|byte| *byte == b'=')?;
    let (name, value) = (line[..at].trim_ascii(), line[at + 1..].trim_ascii());
    let is_name = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    if name.is_empty() || !name.iter().all(is_name) {
        return None;
    }
    let value = match value {
        [b'\'', inner @ .., b'\''] => Some(inner.to_vec()).filter(|inner| !inner.contains(&b'\'')),
        [b'"', inner @ .., b'"'] => unescape(inner),
        [b'\'' | b'"', ..] => None,
        plain => Some(plain.to_vec()),
    }?;
    CString::new([name, b"=", &value].concat()).ok()
}

/// The inside of double quotes, where a backslash makes the next one an ordinary character.
fn unescape(inner: &[u8]) -> Option<Vec<u8>> {
    let mut value = Vec::new();
    let mut bytes = inner.iter().copied();
    while let Some(byte) = bytes.next() {
        match byte {
            b'"' => return None,
            b'\\' => match bytes.next()? {
                next @ (b'"' | b'\\' | b'$' | b'`') => value.push(next),
                next => value.extend([b'\\', next]),
            },
            _ => value.push(byte),
        }
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a line means, and which mean nothing.
    #[test]
    fn lines() {
        for (line, expected) in [
            ("A=1", Some("A=1")),
            ("  A = b c  ", Some("A=b c")),
            ("A=", Some("A=")),
            ("A='it \"is\"'", Some("A=it \"is\"")),
            (r#"A="a \"b\" \\ \$HOME \n""#, Some(r#"A=a "b" \ $HOME \n"#)),
            ("A=b'c", Some("A=b'c")),
            ("A", None),
            ("=1", None),
            ("A B=1", None),
            ("A='b", None),
            ("A='b'c'", None),
            (r#"A="b\""#, None),
            (r#"A="b" "c""#, None),
        ] {
            assert_eq!(
                assignment(line.as_bytes()).as_deref(),
                expected.map(|text| CString::new(text).unwrap()).as_deref(),
                "{line}"
            );
        }
    }
}
