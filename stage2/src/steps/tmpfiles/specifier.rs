//! `%` specifiers in paths and arguments.

use std::fs;

use super::super::root::Root;

/// Replaces specifiers. Gives the unknown letter where there is one.
pub(super) fn expand(root: &Root, text: &str) -> Result<String, char> {
    let mut out = String::new();
    let mut characters = text.chars();
    while let Some(c) = characters.next() {
        if c != '%' {
            out.push(c);
            continue;
        }
        let letter = characters.next().unwrap_or(' ');
        out.push_str(&value(root, letter).ok_or(letter)?);
    }
    Ok(out)
}

fn value(root: &Root, letter: char) -> Option<String> {
    let fixed = match letter {
        '%' => "%",
        't' => "/run",
        'S' => "/var/lib",
        'C' => "/var/cache",
        'L' => "/var/log",
        'T' => "/tmp",
        'V' => "/var/tmp",
        'h' => "/root",
        'u' | 'g' => "root",
        'U' | 'G' => "0",
        'm' => return line(root, "/etc/machine-id").filter(|id| !id.is_empty()),
        'b' => return line(root, "/proc/sys/kernel/random/boot_id").map(|id| id.replace('-', "")),
        'v' => return line(root, "/proc/sys/kernel/osrelease"),
        'H' => return line(root, "/proc/sys/kernel/hostname"),
        'l' => {
            return line(root, "/proc/sys/kernel/hostname").map(|n| n.split('.').next().unwrap_or_default().to_owned());
        }
        'a' => std::env::consts::ARCH,
        _ => return None,
    };
    Some(fixed.to_owned())
}

fn line(root: &Root, path: &str) -> Option<String> {
    Some(fs::read_to_string(root.path(path)).ok()?.trim().to_owned())
}
